// Forms: the fields are sent as they are, and the API's issues appear at the fields that they name.
import { isApiError, type Issue } from "projects-api-client";
import { clearProblem, showProblem } from "./notices";

/** Words for a field. */
type Marked = Pick<Issue, "path" | "message">;

/** Sends a form when it is submitted, one submission at a time. */
export function onSubmit(form: HTMLFormElement, send: (fields: Record<string, string>) => Promise<void>): void {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") {
      return;
    }
    form.ariaBusy = "true";
    clearProblem();
    showIssues(form, []);
    try {
      await send(Object.fromEntries(new FormData(form)) as Record<string, string>);
    } catch (error) {
      const issues = issuesOf(error);
      showIssues(form, issues);
      if (issues.length === 0) {
        showProblem(error, () => form.requestSubmit());
      }
    } finally {
      form.ariaBusy = "false";
    }
  });
}

/** Shows each issue at its field and moves the focus to the first one. */
export function showIssues(form: HTMLFormElement, issues: Marked[]): void {
  const invalid: HTMLElement[] = [];
  for (const line of form.querySelectorAll<HTMLElement>(".issue")) {
    const field = form.elements.namedItem(line.dataset["for"] ?? "") as HTMLInputElement;
    const issue = issues.find(({ path }) => path[0] === field.name);
    line.id = `${form.id}-${field.name}-issue`;
    line.textContent = issue?.message ?? "";
    field.setAttribute("aria-describedby", line.id);
    field.ariaInvalid = String(issue !== undefined);
    if (issue) {
      invalid.push(field);
    }
  }
  invalid[0]?.focus();
}

function issuesOf(error: unknown): Marked[] {
  if (isApiError(error) && error.code === "VALIDATION_ERROR") {
    return error.issues;
  }
  // A name that is taken is a conflict, and concerns a field too.
  if (isApiError(error) && error.code === "CONFLICT" && error.field === "name") {
    return [{ path: [error.field], message: error.message }];
  }
  return [];
}
