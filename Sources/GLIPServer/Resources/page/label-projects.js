// The list of projects, and the form that begins one.

import { ask } from "./api.js";
import { byID, element } from "./elements.js";

/** The names in a text, each once. */
export function namesIn(text, separator = /[,\n]/) {
  const names = text.split(separator).map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}

/** @param {(error: Error) => void} onError */
export function setUpProjects(onError) {
  const form = byID("new-project");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const json = { name: byID("new-name").value, labels: namesIn(byID("new-labels").value) };
    const caption = byID("new-caption").value.trim();
    if (caption) json.caption = caption;
    try {
      const project = await ask("v1/projects", { method: "POST", json });
      form.reset();
      location.hash = `#/${project.id}`;
    } catch (error) {
      onError(error);
    }
  });
}

/** Fetches the projects and shows them. */
export async function showProjects() {
  const { projects } = await ask("v1/projects");
  byID("no-projects").hidden = projects.length > 0;
  byID("project-list").replaceChildren(...projects.map(item));
}

function item(project) {
  const { new: untouched, detected, reviewed } = project.pictures;
  const count = untouched + detected + reviewed;
  const text = count === 0 ? "no pictures yet" : `${reviewed} of ${count} reviewed`;
  return element("li", {}, [
    element("a", { href: `#/${project.id}` }, [
      element("strong", {}, project.name), " ",
      element("span", { className: "note" }, text),
      element("progress", { max: Math.max(count, 1), value: reviewed, ariaHidden: "true" }),
    ]),
    element("p", { className: "note" }, project.caption ?? project.labels.join(", ")),
  ]);
}
