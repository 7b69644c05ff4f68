// The form that says what to look for.

import { byID } from "./elements.js";
import { keep, recall } from "./memory.js";

const key = "glip-prompt";

const modes = {
  classes: { hint: "cat, remote control", help: "Names, with commas between them." },
  caption: {
    hint: "a woman in an orange suit next to a flag",
    help: "A sentence: its phrases are looked for, or those alone that you put in [brackets].",
  },
};

/** What is typed, in either mode; it is there again when the page is opened again. */
export class Prompt {
  #form = byID("ask");
  #text = byID("prompt");
  #texts = { classes: "", caption: "" };

  /** @param {() => void} onSubmit - called when the user wants an answer */
  constructor(onSubmit) {
    const kept = recall("localStorage", key) ?? {};
    for (const mode in modes) this.#texts[mode] = String(kept[mode] ?? "");
    this.set(kept.mode in modes ? kept.mode : "classes");
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      onSubmit();
    });
    this.#form.addEventListener("change", (event) => {
      if (event.target.name === "mode") this.set(event.target.value);
    });
    this.#text.addEventListener("input", () => {
      this.#texts[this.mode] = this.#text.value;
      this.#keep();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      onSubmit();
    });
  }

  /** `classes` or `caption`. */
  get mode() {
    return this.#form.elements.mode.value;
  }

  /** Changes to a mode, with what was typed there before unless there is another text. */
  set(mode, text = this.#texts[mode]) {
    this.#form.elements.mode.value = mode;
    this.#texts[mode] = text;
    this.#text.value = text;
    this.#text.placeholder = modes[mode].hint;
    byID("prompt-help").textContent = modes[mode].help;
    this.#keep();
  }

  get isEmpty() {
    return this.#text.value.trim() === "";
  }

  /** The names that are asked for; of a caption only the server knows the phrases. */
  get names() {
    if (this.mode === "caption") return [];
    return this.#text.value.split(/[,\n]/).map((name) => name.trim()).filter(Boolean);
  }

  /** The field of a request that says it. */
  get field() {
    return this.mode === "classes" ? { classes: this.names.join(", ") } : { caption: this.#text.value.trim() };
  }

  focus() {
    this.#text.focus();
  }

  #keep() {
    keep("localStorage", key, { mode: this.mode, ...this.#texts });
  }
}
