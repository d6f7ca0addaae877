// The API's reference with requests to this stack, by Swagger UI.
import { find, request } from "./dom.js";

// Parameter that the first organization of the user fills in.
const ORGANIZATION = "orgId";

const nothing = () => null;
// The session takes the place of Swagger UI's own dialog, and this stack is the only server.
const Reduced = {
  components: { authorizeOperationBtn: nothing, SchemesContainer: nothing, ServersContainer: nothing },
};

// Renders the description with the user's token and organization. Returns the API's title and version.
export async function load({ token, organizations }) {
  try {
    const spec = await request("/openapi.json");
    preset(spec, organizations[0]);
    const ui = SwaggerUIBundle({
      spec,
      domNode: find("reference"),
      presets: [SwaggerUIBundle.presets.apis, () => Reduced],
      tryItOutEnabled: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: -1,
      validatorUrl: null,
      onComplete: () => token && authorize(ui, spec, token),
    });
    find("reference-error").textContent = "";
    return spec.info;
  } catch (error) {
    find("reference-error").textContent = error.message;
    return undefined;
  }
}

function preset(spec, organization) {
  const items = Object.values(spec.paths ?? {}).flatMap((item) => [item, ...Object.values(item)]);
  const shared = Object.values(spec.components?.parameters ?? {});
  for (const parameter of [...shared, ...items.flatMap((item) => item.parameters ?? [])]) {
    if (organization && parameter.name === ORGANIZATION) {
      parameter.example = organization;
    }
  }
}

// Requests carry the cookie anyway. With the token, the `curl` lines that Swagger UI shows work too.
function authorize(ui, spec, token) {
  const schemes = Object.entries(spec.components?.securitySchemes ?? {});
  const [bearer] = schemes.find(([, { type, scheme }]) => type === "http" && scheme === "bearer") ?? [];
  if (bearer) {
    ui.preauthorizeApiKey(bearer, token);
  }
}
