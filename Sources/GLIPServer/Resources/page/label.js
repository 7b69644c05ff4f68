// The page that labels pictures. Its address says what is shown: "#/3/12" is picture 12 of project 3.

import { byID } from "./elements.js";
import { ProjectView } from "./label-project.js";
import { setUpProjects, showProjects } from "./label-projects.js";

function showError(error) {
  const place = byID("error");
  place.hidden = error === null;
  place.textContent = error?.message ?? "";
}

const view = new ProjectView(showError);
setUpProjects(showError);

async function route() {
  const [project, picture] = location.hash.split("/").slice(1).map((text) => Number(text) || null);
  showError(null);
  try {
    if (project) {
      await view.open(project, picture ?? null);
    } else {
      if (!(await view.close())) return location.replace(view.address);
      await showProjects();
      byID("where").textContent = "The network proposes boxes, you correct them.";
      document.title = "Label · GLIP";
    }
    byID("project").hidden = !project;
    byID("projects").hidden = Boolean(project);
    byID("to-projects").hidden = !project;
  } catch (error) {
    showError(error);
  }
}

addEventListener("hashchange", route);
await route();
