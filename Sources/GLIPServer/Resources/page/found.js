// What was found: boxes on the picture, words of the prompt and a list of labels, tied to each other.

import { byID, element, labelColor, percent } from "./elements.js";

/**
 * Shows the server's answers, and knows what the threshold and the labels leave of them.
 *
 * A box, a word and a label can be pointed at with the pointer or the focus, which lasts as long as that does, and a
 * box or a word can be held by a click or a tap; the other two then show what belongs to it.
 */
export class Found {
  #view;
  #result = null;
  /** What is known of labels, by their `category_id`: name, span, whether it is shown, and its elements. */
  #labels = new Map();
  #pointed = null;
  #held = null;

  /** @param {PictureBoxes} view */
  constructor(view) {
    this.#view = view;
    this.panel = byID("found");
    this.slider = byID("threshold");
    this.slider.addEventListener("input", () => this.#draw());
    view.addEventListener("box-active", (event) => this.#point(this.#ofBox(event.detail)));
    view.addEventListener("box-select", (event) => this.#hold(this.#ofBox(event.detail)));
  }

  get threshold() {
    return Number(this.slider.value);
  }

  set threshold(value) {
    this.slider.value = value;
    this.#draw();
  }

  /** Detections below this are not worth asking for. */
  get leastThreshold() {
    return Number(this.slider.min);
  }

  /** The server's answer with those detections only that are shown; null where there is none. */
  get shown() {
    if (!this.#result) return null;
    const detections = this.#result.detections.filter(
      (one) => one.score > this.threshold && this.#labels.get(one.category_id).isShown,
    );
    return { ...this.#result, detections };
  }

  /**
   * Shows an answer in place of the one before. Labels that were hidden stay so while the prompt is the same.
   *
   * @param result - an answer of `/v1/detect`
   * @param {string[]} names - those that were asked for, if they are known
   */
  show(result, names) {
    if (result.prompt !== this.#result?.prompt) this.clear();
    this.#result = result;
    const known = this.#labels.size;
    names.forEach((name, index) => this.#learn(index + 1, name, null));
    for (const { category_id, label, span } of result.detections) this.#learn(category_id, label, span);
    const isNew = this.#labels.size > known || !byID("words").hasChildNodes();
    if (isNew || [...this.#labels.values()].some((label) => label.span && !label.word)) this.#writeWords();
    this.panel.hidden = false;
    this.#held = this.#held?.box == null ? this.#held : null;
    this.#draw();
  }

  clear() {
    this.#result = null;
    this.#labels = new Map();
    this.#pointed = this.#held = null;
    byID("words").replaceChildren();
    byID("labels").replaceChildren();
    this.panel.hidden = true;
    this.#view.boxes = [];
  }

  /** The labels of the boxes that are shown, and of how many: "cat ×2, cup". */
  get summary() {
    const counts = new Map();
    for (const { label } of this.shown.detections) counts.set(label, (counts.get(label) ?? 0) + 1);
    return [...counts].map(([label, count]) => (count > 1 ? `${label} ×${count}` : label)).join(", ");
  }

  #learn(id, name, span) {
    const known = this.#labels.get(id);
    if (known) {
      known.span ??= span;
      return;
    }
    const label = { id, name, span, isShown: true, word: null, ...labelColor(id - 1) };
    label.box = element("input", { type: "checkbox", checked: true, onchange: () => {
      label.isShown = label.box.checked;
      this.#draw();
    } });
    label.number = element("span", { className: "number" });
    label.row = element("label", {}, [
      label.box, element("span", { className: "dot" }), element("span", { className: "name" }, name), label.number,
    ]);
    label.row.style.setProperty("--color", label.color);
    this.#tie(label.row, id);
    this.#labels.set(id, label);
    const rows = [...this.#labels.values()].sort((a, b) => a.id - b.id);
    const next = rows[rows.indexOf(label) + 1]?.row.parentNode ?? null;
    byID("labels").insertBefore(element("li", {}, [label.row]), next);
  }

  /** The prompt, its labels as buttons. */
  #writeWords() {
    // Spans count Unicode scalars, of which a string of JavaScript may take two units.
    const scalars = [...this.#result.prompt];
    const focused = [...this.#labels.values()].find((label) => label.word === document.activeElement);
    const parts = [];
    let end = 0;
    const spans = [...this.#labels.values()].filter((label) => label.span);
    for (const label of spans.sort((a, b) => a.span[0] - b.span[0])) {
      if (label.span[0] < end) continue;
      parts.push(scalars.slice(end, label.span[0]).join(""));
      end = label.span[1];
      label.word = element(
        "button", { type: "button", ariaPressed: "false", onclick: () => this.#hold({ label: label.id }) },
        scalars.slice(...label.span).join(""));
      label.word.style.setProperty("--color", label.color);
      label.word.style.setProperty("--on-color", label.onColor);
      this.#tie(label.word, label.id);
      parts.push(label.word);
    }
    byID("words").replaceChildren(...parts, scalars.slice(end).join(""));
    focused?.word.focus();
  }

  // Pointing and holding: {label: category_id} and, of a box, {box: its number} beside it.

  #tie(part, id) {
    part.addEventListener("pointerenter", () => this.#point({ label: id }));
    part.addEventListener("pointerleave", () => this.#point(null));
    part.addEventListener("focusin", () => this.#point({ label: id }));
    part.addEventListener("focusout", () => this.#point(null));
  }

  #ofBox(box) {
    return box === null ? null : { box, label: this.#result.detections[box].category_id };
  }

  #point(place) {
    this.#pointed = place;
    this.#mark();
  }

  #hold(place) {
    const isSame = place && this.#held?.label === place.label && this.#held?.box === place.box;
    this.#held = isSame ? null : place;
    this.#mark();
  }

  #mark() {
    const place = this.#pointed ?? this.#held;
    const ids = this.#view.boxes.map((box) => box.id);
    this.#view.selected = this.#held?.box ?? null;
    this.#view.active = !place ? []
      : place.box != null ? [place.box]
      : ids.filter((id) => this.#result.detections[id].category_id === place.label);
    for (const label of this.#labels.values()) {
      label.row.classList.toggle("active", place?.label === label.id);
      label.word?.classList.toggle("active", place?.label === label.id);
      if (label.word) label.word.ariaPressed = String(this.#held?.label === label.id && this.#held.box == null);
    }
  }

  #draw() {
    byID("threshold-value").value = percent(this.threshold);
    this.slider.setAttribute("aria-valuetext", percent(this.threshold));
    if (!this.#result) return;
    const { detections, width, height } = this.#result;
    const shown = new Set(this.shown.detections);
    // A camera's frames may be smaller than what is seen of it.
    const [scaleX, scaleY] = [this.#view.pictureWidth / width, this.#view.pictureHeight / height];
    this.#view.boxes = detections.flatMap((one, id) => {
      if (!shown.has(one)) return [];
      const [x, y, boxWidth, boxHeight] = one.bbox;
      const { color, onColor } = this.#labels.get(one.category_id);
      return [{
        id, x: x * scaleX, y: y * scaleY, width: boxWidth * scaleX, height: boxHeight * scaleY,
        label: one.label, score: one.score, color, onColor,
      }];
    });
    for (const label of this.#labels.values()) {
      const own = detections.filter((one) => one.category_id === label.id);
      const above = own.filter((one) => one.score > this.threshold).length;
      label.number.textContent = own.length ? `${above} of ${own.length}, best ${percent(own[0].score)}` : "none";
      label.row.classList.toggle("none", above === 0);
    }
    byID("count").textContent = `${shown.size} of ${detections.length} boxes shown.`;
    if (this.#held?.box != null && !this.#view.elementOf(this.#held.box)) this.#held = null;
    if (this.#pointed?.box != null && !this.#view.elementOf(this.#pointed.box)) this.#pointed = null;
    this.#mark();
  }
}
