// Messages of the page: waits with a countdown, problems with a retry, and news for screen readers.
import { isApiError, mayRetry, type ApiError, type Wait } from "projects-api-client";
import { element, find } from "./dom";

const notices = find("notices", HTMLElement);
const waiting = find("waiting", HTMLElement);
const problem = find("problem", HTMLElement);
let countdown: number | undefined;

/** Announces a success that is seen elsewhere on the page. */
export function announce(text: string): void {
  find("done", HTMLElement).textContent = text;
}

/** Shows that the client waits, with a countdown. Screen readers hear it once. */
export function showWait({ code, until }: Wait): void {
  const number = element("span", { ariaHidden: "true" });
  const show = () => {
    const left = Math.ceil((until.getTime() - Date.now()) / 1000);
    number.textContent = ` in ${left} s`;
    if (left <= 0) {
      clearInterval(countdown);
      waiting.replaceChildren();
    }
  };
  clearInterval(countdown);
  countdown = setInterval(show, 250);
  waiting.replaceChildren(`${reasonOf(code)} Trying again`, number);
  show();
  raise();
}

/** Removes the problem that is shown. */
export function clearProblem(): void {
  problem.replaceChildren();
}

/** Runs an action. If it fails, shows the problem and offers to run it again. */
export async function attempt(action: () => Promise<void>): Promise<void> {
  clearProblem();
  try {
    await action();
  } catch (error) {
    showProblem(error, () => void attempt(action));
  }
}

/** Shows why something failed, unless the page itself ended it. */
export function showProblem(error: unknown, retry: () => void): void {
  if (error instanceof DOMException && error.name === "AbortError") {
    return;
  }
  const dismiss = element("button", { onclick: clearProblem }, "Dismiss");
  const again = element("button", { onclick: retry }, "Try again");
  problem.replaceChildren(element("p", {}, explain(error)), ...(mayRetry(error) ? [again] : []), dismiss);
  raise();
}

/** Returns an error in words. */
export function explain(error: unknown): string {
  if (!isApiError(error)) {
    console.error(error);
    return "Something went wrong on this page.";
  }
  switch (error.code) {
    case "RATE_LIMITED":
      return `${reasonOf(error.code)} Try again at ${later(error)}.`;
    case "NETWORK_ERROR":
    case "SERVICE_UNAVAILABLE":
      return reasonOf(error.code);
    case "INTERNAL_ERROR":
      return `The server failed. If it happens again, report the request ${error.requestId}.`;
    default:
      return error.message;
  }
}

function reasonOf(code: Wait["code"]): string {
  switch (code) {
    case "RATE_LIMITED":
      return "Too many requests.";
    case "NETWORK_ERROR":
      return "The server can't be reached.";
    default:
      return "The service is busy.";
  }
}

function later({ retryAfter = 1 }: ApiError): string {
  return new Date(Date.now() + retryAfter * 1000).toLocaleTimeString("en");
}

// An open dialog covers the page and makes it inert, so the messages move into it, and back when it closes.
function raise(): void {
  const dialogs = document.querySelectorAll<HTMLElement>("dialog[open]");
  const top = dialogs[dialogs.length - 1] ?? document.body;
  if (notices.parentElement !== top) {
    top.append(notices);
  }
}
document.addEventListener("close", raise, true);
