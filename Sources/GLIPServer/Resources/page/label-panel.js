// What stands beside the picture: labels, the list of boxes, the network, export, settings.

import { ask, send } from "./api.js";
import { byID, element, percent } from "./elements.js";
import { save } from "./exports.js";
import { namesIn } from "./label-projects.js";
import { sure } from "./label-sure.js";

/** Milliseconds between two questions how far the network is. */
const interval = 700;

export class LabelPanel {
  #editor;
  #view;
  #timer = null;
  #labels = [];

  /**
   * @param {BoxEditor} editor
   * @param {ProjectView} view
   */
  constructor(editor, view) {
    this.#editor = editor;
    this.#view = view;
    editor.addEventListener("need-label", () => byID("new-label").focus());
    const on = (id, type, action) => {
      byID(id).addEventListener(type, async (event) => {
        if (type === "submit") event.preventDefault();
        try {
          await action(event);
        } catch (error) {
          view.report(error);
        }
      });
    };
    on("add-label", "submit", () => this.#addLabel());
    on("threshold", "input", () => this.#showThreshold());
    on("threshold", "change", () => view.change({ threshold: Number(byID("threshold").value) }));
    on("detect", "click", () => this.#detect(false));
    on("again", "click", () => this.#detect(true));
    on("stop", "click", () => ask(`${view.path}/detect`, { method: "DELETE" }));
    on("export-coco", "click", () => this.#export("coco", "json"));
    on("export-yolo", "click", () => this.#export("yolo", "zip"));
    on("settings", "click", () => this.#showSettings());
    on("cancel-settings", "click", () => byID("settings-dialog").close());
    on("delete-project", "click", () => this.#deleteProject());
    byID("settings-form").addEventListener("submit", (event) => this.#saveSettings(event));
  }

  /** Shows what the project says. */
  show() {
    const { labels, threshold } = this.#view.project;
    this.#labels = labels;
    // Not from under the fingers of somebody who is just setting it.
    if (!byID("threshold").matches(":active")) {
      byID("threshold").value = threshold;
      byID("threshold-value").textContent = percent(threshold);
    }
    this.showBoxes();
  }

  /** Names the selected box by the label's number. */
  name(index) {
    const label = this.#labels[index];
    if (label === undefined) return;
    this.#editor.name(label);
    this.showBoxes();
  }

  showBoxes() {
    const editor = this.#editor;
    const selected = editor.box(editor.selected);
    const current = selected?.label ?? editor.label;
    replace(byID("labels"), this.#labels.map((label, index) => this.#chip(label, index, label === current)));
    const boxes = editor.boxes;
    byID("no-boxes").hidden = boxes.length > 0;
    replace(byID("boxes"), boxes.map((box) => this.#row(box, box === selected)));
  }

  #chip(label, index, isCurrent) {
    const number = index < 9 ? [element("kbd", {}, `${index + 1}`)] : [];
    return this.#item(label, isCurrent, [this.#dot(label), label, ...number], () => this.name(index));
  }

  #row(box, isSelected) {
    const origin = box.score === undefined ? "by hand" : percent(box.score);
    const score = element("span", { className: "note" }, origin);
    return this.#item(`${box.id}`, isSelected, [this.#dot(box.label), box.label, " ", score], () => {
      this.#editor.focus(box.id);
    });
  }

  #item(key, isPressed, content, action) {
    const button = element("button", { type: "button", ariaPressed: String(isPressed) }, content);
    button.addEventListener("click", action);
    button.dataset.key = key;
    return element("li", {}, [button]);
  }

  #dot(label) {
    const dot = element("span", { className: "dot" });
    dot.style.setProperty("--color", this.#editor.colorOf(label).color);
    return dot;
  }

  async #addLabel() {
    const field = byID("new-label");
    const label = field.value.trim();
    if (label === "") return;
    if (!this.#labels.includes(label)) await this.#view.change({ labels: [...this.#labels, label] });
    field.value = "";
    this.name(this.#labels.indexOf(label));
  }

  #showThreshold() {
    const threshold = Number(byID("threshold").value);
    byID("threshold-value").textContent = percent(threshold);
    this.#editor.threshold = threshold;
    this.showBoxes();
  }

  // The network

  async #detect(again) {
    this.#showProgress(await ask(`${this.#view.path}/detect`, { method: "POST", json: { again } }));
    this.watch();
  }

  /** Shows how far the network is until it is done. */
  watch() {
    this.end();
    const { project } = this.#view;
    let [known, wasRunning] = [0, false];
    const look = async () => {
      try {
        const state = await ask(`v1/projects/${project.id}/detect`);
        if (this.#view.project?.id !== project.id) return;
        if (state.done !== known || (wasRunning && !state.running)) {
          // What was done before this page came is in its list.
          if (wasRunning || state.running) await this.#view.refresh();
          known = state.done;
        }
        // Only now: who reads that all is done finds it done.
        this.#showProgress(state);
        wasRunning = state.running;
        if (state.running) this.#timer = setTimeout(look, interval);
      } catch (error) {
        this.#view.report(error);
      }
    };
    look();
  }

  /** Stops looking. */
  end() {
    clearTimeout(this.#timer);
  }

  #showProgress({ running, done, left, failed, message }) {
    byID("stop").hidden = !running;
    byID("detect").disabled = running || left === 0;
    byID("again").disabled = running;
    const waiting = left === 0 ? "No new pictures" : left === 1 ? "1 new picture" : `${left} new pictures`;
    const text = running ? `${done} of ${done + left} pictures` : waiting;
    byID("progress").textContent = failed > 0 ? `${text}; ${failed} failed: ${message}` : text;
  }

  // Export and settings

  async #export(format, suffix) {
    const reviewed = byID("only-reviewed").checked;
    const answer = await send(`${this.#view.path}/export?format=${format}&reviewed=${reviewed}`);
    const name = this.#view.project.name.replace(/[^\p{L}\p{N}-]+/gu, "-");
    save(`${name}-${format}.${suffix}`, await answer.blob(), answer.headers.get("Content-Type"));
  }

  #showSettings() {
    const { name, labels, caption } = this.#view.project;
    byID("set-name").value = name;
    byID("set-labels").value = labels.join("\n");
    byID("set-caption").value = caption ?? "";
    byID("settings-error").hidden = true;
    byID("settings-dialog").showModal();
  }

  async #saveSettings(event) {
    event.preventDefault();
    try {
      await this.#view.change({
        name: byID("set-name").value,
        labels: namesIn(byID("set-labels").value, "\n"),
        caption: byID("set-caption").value,
      });
      byID("settings-dialog").close();
    } catch (error) {
      byID("settings-error").textContent = error.message;
      byID("settings-error").hidden = false;
    }
  }

  async #deleteProject() {
    byID("settings-dialog").close();
    const { name } = this.#view.project;
    if (!(await sure(`Delete ${name} with its pictures and boxes for good?`, "Delete"))) return;
    const { path } = this.#view;
    await this.#view.close();
    await ask(path, { method: "DELETE" });
    location.hash = "";
  }
}

/** Replaces a list's items, and keeps the focus where it was. */
function replace(list, items) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...items);
  if (key !== null) [...list.querySelectorAll("button")].find((button) => button.dataset.key === key)?.focus();
}
