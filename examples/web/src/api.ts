// The client, once for the whole page.
import { ProjectsApi } from "projects-api-client";
import { showWait } from "./notices";
import { baseUrl, token } from "./session";

export const api = new ProjectsApi({ baseUrl, token, onWait: showWait });
