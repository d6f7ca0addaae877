// The API's reference with requests to this stack, by Swagger UI.
import { find, request } from "./dom.js";

// Parameter that the first organization of the user fills in.
const ORGANIZATION = "orgId";

// The session, and Swagger UI with its description as soon as they are loaded.
let session, shown;

// Renders the description. Returns the API's title and version; `undefined` if there is no description.
export async function load() {
  try {
    const spec = await request("/openapi.json");
    const ui = SwaggerUIBundle({
      spec,
      domNode: find("reference"),
      tryItOutEnabled: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: -1,
      validatorUrl: null,
      onComplete() {
        shown = { ui, spec };
        applySession();
      },
      responseInterceptor(response) {
        fill(idsAt(response.headers?.location));
        return response;
      },
    });
    return spec.info;
  } catch (error) {
    find("reference-error").textContent = error.message;
    return undefined;
  }
}

export function use(next) {
  session = next;
  applySession();
}

// Fills in token and organization. Requests carry the cookie anyway, but with the token, the `curl` lines that Swagger UI
// shows work too.
function applySession() {
  if (!shown || !session) {
    return;
  }
  const { ui, spec } = shown;
  const schemes = Object.entries(spec.components?.securitySchemes ?? {});
  const [bearer] = schemes.find(([, { type, scheme }]) => type === "http" && scheme === "bearer") ?? [];
  if (bearer && session.token) {
    ui.preauthorizeApiKey(bearer, session.token);
  } else if (ui.authSelectors.authorized()?.has(bearer)) {
    ui.authActions.logout([bearer]);
  }
  fill({ [ORGANIZATION]: session.organizations[0] });
}

// Fills in these path parameters of all operations.
function fill(values) {
  const { ui, spec } = shown;
  for (const [path, item] of Object.entries(spec.paths ?? {})) {
    for (const [name, value] of Object.entries(values)) {
      if (value && path.includes(`{${name}}`)) {
        Object.keys(item).forEach((method) => ui.specActions.changeParam([path, method], name, "path", value, false));
      }
    }
  }
}

// Returns the path parameters in the `Location` of a new resource: the ids that further requests need.
function idsAt(location) {
  const parts = location?.split("/") ?? [];
  const templates = Object.keys(shown.spec.paths ?? {}).map((path) => path.split("/"));
  const isName = (part) => part.startsWith("{");
  const fits = (template) =>
    template.length === parts.length && template.every((part, at) => isName(part) || part === parts[at]);
  const names = templates.find(fits)?.map((part, at) => [part, decodeURIComponent(parts[at])]) ?? [];
  return Object.fromEntries(names.filter(([part]) => isName(part)).map(([part, value]) => [part.slice(1, -1), value]));
}
