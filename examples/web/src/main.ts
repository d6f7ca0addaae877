// The page: signs in, then shows the projects of the organization that is chosen.
import "./style.css";
import { element, find } from "./dom";
import { showProjects } from "./projects";
import { signOut, signedIn } from "./session";

const organization = find("organization", HTMLSelectElement);
const { user, organizations } = await signedIn();

find("user", HTMLElement).textContent = user;
organization.append(...organizations.map((name) => element("option", { value: name }, name)));
organization.onchange = () => showProjects(organization.value);
find("sign-out", HTMLButtonElement).onclick = signOut;
await showProjects(organization.value);
