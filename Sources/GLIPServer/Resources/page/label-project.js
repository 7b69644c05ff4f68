// One project: its pictures, the one that is open, and what is done with it.

import "./boxes.js";
import { ask, send } from "./api.js";
import { byID, element } from "./elements.js";
import { BoxEditor } from "./label-editor.js";
import { setUpKeys } from "./label-keys.js";
import { LabelPanel } from "./label-panel.js";
import { BoxSaver } from "./label-saver.js";
import { PictureStrip } from "./label-strip.js";
import { sure } from "./label-sure.js";
import { onFiles, upload } from "./label-upload.js";

const savedTexts = { saved: "Saved", saving: "Saving…", failed: "Not saved", conflict: "Not saved" };

export class ProjectView {
  #onError;
  #project = null;
  #strip = null;
  #saver = null;
  #view = byID("view");
  #editor = new BoxEditor(this.#view);
  #panel = new LabelPanel(this.#editor, this);
  #opening = 0;
  #changes = 0;

  /** @param {(error: Error|null) => void} onError */
  constructor(onError) {
    this.#onError = onError;
    const editor = this.#editor;
    editor.addEventListener("edit", () => {
      this.#saver?.changed();
      this.#showTools();
    });
    editor.addEventListener("select", () => this.#showTools());
    setUpKeys(editor, {
      isShown: () => this.#strip?.current != null,
      name: (index) => this.#panel.name(index),
      open: (by) => this.#openNeighbour(by),
      review: () => this.#review(),
      draw: (isDrawing) => this.#setDrawing(isDrawing),
      help: () => byID("keys-dialog").showModal(),
    });
    this.#setUpTools();
    onFiles(byID("project"), ["files", "folder"].map(byID), (files) => this.#add(files).catch(onError));
    addEventListener("beforeunload", (event) => {
      if (this.#saver && !this.#saver.isSaved) event.preventDefault();
    });
    addEventListener("pagehide", () => this.#saver?.leave());
  }

  get project() {
    return this.#project;
  }

  get path() {
    return `v1/projects/${this.#project.id}`;
  }

  /**
   * Shows a project.
   *
   * @param {number} id
   * @param {number|null} picture - the one to open; otherwise the first that is not reviewed
   */
  async open(id, picture) {
    if (this.#project?.id !== id) {
      if (!(await this.close())) return this.#go(this.#strip.current, true);
      this.project = await ask(`v1/projects/${id}`);
      this.#strip = new PictureStrip(byID("pictures"), `${this.path}/pictures`);
      this.#strip.addEventListener("open", (event) => this.#go(event.detail));
      this.#strip.addEventListener("change", () => this.#showCounts());
      await this.#strip.refresh();
      this.#panel.watch();
    }
    const first = this.#strip.pictures.find(({ state }) => state !== "reviewed") ?? this.#strip.pictures[0];
    if (picture === null && first) this.#go(first.id, true);
    else await this.#openPicture(picture);
  }

  /**
   * Shows none.
   *
   * @returns {Promise<boolean>} false if something cannot be saved: then the project stays
   */
  async close() {
    if (this.#saver && !(await this.#saver.flush())) return false;
    this.#saver?.end();
    this.#editor.clear();
    this.#panel.end();
    this.#strip?.end();
    [this.#saver, this.#strip, this.#project] = [null, null, null];
    return true;
  }

  /** What the page's address says of what is shown. */
  get address() {
    return `#/${this.#project.id}/${this.#strip.current ?? ""}`;
  }

  /** What the server says of the project now. */
  set project(project) {
    this.#project = project;
    byID("where").textContent = project.name;
    document.title = `${project.name} · Label · GLIP`;
    this.#editor.threshold = project.threshold;
    this.#editor.labels = project.labels;
    this.#panel.show();
  }

  /** Changes the project's settings. An answer that comes after a later change was begun says nothing new. */
  async change(json) {
    const change = ++this.#changes;
    const project = await ask(this.path, { method: "PATCH", json });
    if (change === this.#changes && project.id === this.#project?.id) this.project = project;
  }

  /** The network has gone on: lists again, and shows its boxes if nobody has begun to correct the picture. */
  async refresh() {
    const strip = this.#strip;
    const before = strip.picture(strip.current)?.revision;
    const { path } = this;
    const change = this.#changes;
    await strip.refresh();
    const project = await ask(path);
    if (strip !== this.#strip) return;
    if (change === this.#changes) this.project = project;
    const after = strip.picture(strip.current);
    const isUntouched = () => this.#saver?.isSaved && !this.#editor.canUndo;
    if (after && after.revision !== before && isUntouched()) await this.#load(after.id, isUntouched);
  }

  report(error) {
    this.#onError(error);
  }

  // The picture

  #go(picture, isReplacing = false) {
    const hash = `#/${this.#project.id}/${picture}`;
    if (isReplacing) location.replace(hash);
    else location.hash = hash;
  }

  #openNeighbour(by, fits) {
    const next = this.#strip.neighbour(by, fits);
    if (next !== null) this.#go(next);
    return next !== null;
  }

  async #openPicture(id) {
    if (id === this.#strip.current && this.#saver) return;
    if (this.#saver && !(await this.#saver.flush())) return this.#go(this.#strip.current, true);
    const picture = this.#strip.picture(id);
    byID("empty").hidden = picture !== null;
    byID("tools").hidden = this.#view.hidden = picture === null;
    byID("picture-name").textContent = picture?.name ?? "No picture";
    this.#strip.current = picture?.id ?? null;
    this.#saver?.end();
    this.#saver = null;
    this.#editor.clear();
    byID("saved").textContent = "";
    byID("conflict").hidden = true;
    if (!picture) return this.#showTools();
    const opening = ++this.#opening;
    const path = `${this.path}/pictures/${id}`;
    const answer = await send(path, { cache: "default" });
    const blob = await answer.blob();
    if (opening !== this.#opening) return;
    await this.#view.show(blob, picture.name);
    if (opening === this.#opening) await this.#load(id);
  }

  /** Fetches the boxes and begins with them, if they are still wanted when they come. */
  async #load(id, isWanted = () => true) {
    const path = `${this.path}/pictures/${id}/boxes`;
    const answer = await ask(path);
    if (id !== this.#strip?.current || !isWanted()) return;
    this.#saver?.end();
    this.#saver = new BoxSaver(path, answer.revision, () => this.#editor.content, (state, detail) => {
      this.#showSaved(id, state, detail);
    });
    this.#editor.load(answer);
    byID("conflict").hidden = true;
    byID("saved").textContent = "";
    this.#showTools();
  }

  #showSaved(id, state, detail) {
    const saved = byID("saved");
    saved.textContent = savedTexts[state] + (state === "failed" ? `: ${detail.message}` : "");
    saved.classList.toggle("error", state === "failed" || state === "conflict");
    byID("conflict").hidden = state !== "conflict";
    if (state !== "saved") return;
    const picture = this.#strip.picture(id);
    if (!picture || !detail) return;
    this.#strip.put({ ...picture, state: detail.state, revision: detail.revision, boxes: detail.boxes.length });
    const labels = detail.boxes.map((box) => box.label);
    if (labels.some((label) => !this.#project.labels.includes(label))) this.refresh().catch(this.#onError);
    this.#showCounts();
  }

  #review() {
    const isReviewed = !this.#editor.isReviewed;
    this.#editor.review(isReviewed);
    if (isReviewed) this.#openNeighbour(1, ({ state }) => state !== "reviewed") || this.#openNeighbour(1);
  }

  #setDrawing(isDrawing) {
    this.#editor.isDrawing = isDrawing;
    byID("draw").ariaPressed = String(isDrawing);
  }

  // What is around it

  #showCounts() {
    const pictures = this.#strip.pictures;
    const reviewed = pictures.filter(({ state }) => state === "reviewed").length;
    byID("strip-count").textContent = pictures.length ? `${reviewed} of ${pictures.length} reviewed` : "";
    byID("reviewed-share").value = pictures.length ? reviewed / pictures.length : 0;
    this.#showTools();
  }

  #showTools() {
    const editor = this.#editor;
    const isOpen = this.#strip?.current != null;
    byID("delete").disabled = editor.selected === null;
    byID("undo").disabled = !editor.canUndo;
    byID("redo").disabled = !editor.canRedo;
    byID("review").ariaPressed = String(editor.isReviewed);
    byID("review").textContent = editor.isReviewed ? "✓ Reviewed" : "Reviewed";
    byID("previous").disabled = !isOpen || this.#strip.neighbour(-1) === null;
    byID("next").disabled = !isOpen || this.#strip.neighbour(1) === null;
    byID("remove-picture").disabled = !isOpen;
    this.#panel.showBoxes();
  }

  #setUpTools() {
    const actions = {
      draw: () => this.#setDrawing(!this.#editor.isDrawing),
      delete: () => this.#editor.remove(),
      undo: () => this.#editor.undo(),
      redo: () => this.#editor.redo(),
      previous: () => this.#openNeighbour(-1),
      next: () => this.#openNeighbour(1),
      review: () => this.#review(),
      keys: () => byID("keys-dialog").showModal(),
      "keep-mine": () => this.#saver.overwrite(),
      "take-theirs": () => this.#load(this.#strip.current),
      "remove-picture": () => this.#removePicture(),
    };
    for (const [id, action] of Object.entries(actions)) {
      byID(id).addEventListener("click", async () => {
        try {
          await action();
        } catch (error) {
          this.#onError(error);
        }
      });
    }
  }

  async #removePicture() {
    const picture = this.#strip.picture(this.#strip.current);
    if (!picture || !(await sure(`Remove ${picture.name} and its boxes for good?`, "Remove"))) return;
    const next = this.#strip.neighbour(1) ?? this.#strip.neighbour(-1);
    this.#saver?.end();
    this.#saver = null;
    await ask(`${this.path}/pictures/${picture.id}`, { method: "DELETE" });
    await this.#strip.refresh();
    this.#panel.watch();
    if (next !== null) this.#go(next, true);
    else await this.#openPicture(null);
  }

  // Files

  async #add(files) {
    const strip = this.#strip;
    const refused = await upload(`${this.path}/pictures`, files, (done, count) => {
      byID("upload").textContent = done < count ? `${done} of ${count} added` : "";
    });
    const texts = refused.map(({ name, reason }) => `${name}: ${reason}`);
    byID("refused").replaceChildren(...texts.slice(0, 5).map((text) => element("li", {}, text)));
    if (strip !== this.#strip) return;
    await strip.refresh();
    this.#panel.watch();
    if (strip.current === null && strip.pictures.length > 0) this.#go(strip.pictures[0].id, true);
  }
}
