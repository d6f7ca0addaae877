// Sign-in for development: a pasted token. Replace it by your identity provider's library, and keep `token`.
//
// The token is in sessionStorage: it survives a reload, is forgotten with the tab and isn't seen by other tabs.
// localStorage would keep it on disk, for every later page of this origin.
import { ProjectsApi, isApiError } from "projects-api-client";
import { find } from "./dom";
import { onSubmit, showIssues } from "./forms";
import { explain } from "./notices";

export const baseUrl: string = import.meta.env["VITE_API"] ?? "http://127.0.0.1:3000";

/** User and organizations of a token. */
export interface Session {
  token: string;
  user: string;
  organizations: string[];
}

const KEY = "token";
const dialog = find("sign-in", HTMLDialogElement);
const form = find("sign-in-form", HTMLFormElement);
let session = parse(sessionStorage.getItem(KEY) ?? "");

/** Returns the session, after the sign-in if there is none. */
export async function signedIn(): Promise<Session> {
  return session ?? ask("");
}

/**
 * Returns the token of a call. When the API refuses it, the page asks for another one and the call goes on with it, so
 * that nothing is lost.
 */
export async function token({ expired }: { expired: boolean }): Promise<string> {
  return (expired ? await ask("Your session has ended. Sign in again to continue.") : await signedIn()).token;
}

/** Forgets the token and everything on the page. */
export function signOut(): void {
  sessionStorage.removeItem(KEY);
  location.reload();
}

function ask(reason: string): Promise<Session> {
  find("sign-in-reason", HTMLElement).textContent = reason;
  form.reset();
  showIssues(form, []);
  dialog.showModal();
  return new Promise((resolve) => (accept = resolve));
}

let accept: (session: Session) => void;

onSubmit(form, async (fields) => {
  const next = parse(fields["token"]?.trim() ?? "");
  const refusal = next ? await refusalOf(next) : "This is not a token with a user and an organization.";
  if (!next || refusal) {
    showIssues(form, [{ path: ["token"], message: refusal }]);
    return;
  }
  const stranger = session && (session.user !== next.user || `${session.organizations}` !== `${next.organizations}`);
  session = next;
  sessionStorage.setItem(KEY, next.token);
  if (stranger) {
    location.reload();
    return;
  }
  dialog.close();
  accept(next);
});

/** Returns why the API refuses a token, or nothing. */
async function refusalOf({ token, organizations: [organization = ""] }: Session): Promise<string> {
  try {
    await new ProjectsApi({ baseUrl, token, retry: { attempts: 1 } }).listProjects(organization, { limit: 1 });
  } catch (error) {
    if (isApiError(error) && error.code === "UNAUTHORIZED") {
      return "The API doesn't accept this token. It may have expired.";
    }
    // Over the limit is signed in.
    return isApiError(error) && error.code === "RATE_LIMITED" ? "" : explain(error);
  }
  return "";
}

/** Reads the claims, which only the API verifies. */
function parse(token: string): Session | undefined {
  try {
    const payload = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(payload, (character) => character.charCodeAt(0));
    const { sub: user, organizations: ids = [] } = JSON.parse(new TextDecoder().decode(bytes));
    const organizations = [ids].flat().map(String);
    return typeof user === "string" && organizations.length > 0 ? { token, user, organizations } : undefined;
  } catch {
    return undefined;
  }
}

// For browsers that don't know `closedby`.
dialog.addEventListener("cancel", (event) => event.preventDefault());
find("local-page", HTMLAnchorElement).href = baseUrl;
