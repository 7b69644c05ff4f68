// Where pictures come from: a file that is chosen, dropped or pasted, or an example.

import { byID, element } from "./elements.js";

const examples = [
  {
    file: "scene.jpg",
    name: "Drawings",
    mode: "caption",
    prompt: "[a llama] above [a grey heart] and [a curling stone]",
  },
  { file: "coffee.jpg", name: "Coffee", mode: "classes", prompt: "cup, spoon, table" },
  { file: "astronaut.jpg", name: "Astronaut", mode: "caption", prompt: "[a woman] in [an orange suit] next to [a flag]" },
  { file: "chelsea.jpg", name: "Cat", mode: "classes", prompt: "cat, eye, ear" },
];

/**
 * Waits for pictures.
 *
 * @param {(file: File, asked?: {mode: string, prompt: string}) => void} take - gets each, and of an example what it
 *   is asked
 * @param {(message: string) => void} refuse - gets a sentence where something else is brought
 */
export function watchSources(take, refuse) {
  const takeFirst = (files) => {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    if (pictures.length) take(pictures[0]);
    else refuse("This is no picture.");
  };
  const chooser = byID("file");
  chooser.addEventListener("change", () => {
    if (chooser.files.length) takeFirst(chooser.files);
    // The same file can be chosen again.
    chooser.value = "";
  });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    takeFirst(event.clipboardData.files);
  });
  watchDrops(takeFirst);
  byID("examples").append(...examples.map((example) => button(example, take, refuse)));
}

function watchDrops(takeFirst) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (isDragging) => document.body.classList.toggle("dragging", isDragging);
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(true);
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
  });
  addEventListener("drop", (event) => {
    mark(false);
    if (!holdsFiles(event)) return;
    event.preventDefault();
    takeFirst(event.dataTransfer.files);
  });
}

function button({ file, name, mode, prompt }, take, refuse) {
  const address = new URL(file, import.meta.url).href;
  const choose = async () => {
    try {
      const picture = await (await fetch(address)).blob();
      take(new File([picture], file, { type: picture.type }), { mode, prompt });
    } catch {
      refuse("The server cannot be reached.");
    }
  };
  return element("button", { type: "button", ariaLabel: `Example: ${name}`, title: name, onclick: choose }, [
    element("img", { src: address, alt: "" }),
  ]);
}
