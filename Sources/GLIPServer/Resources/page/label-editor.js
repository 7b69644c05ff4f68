// Editing the boxes of one picture, on a <picture-boxes> element.
//
// Every change of what the picture has (its boxes, and whether it is reviewed) is a step that can be undone. A box that
// is moved or named by hand loses its score: it is not the network's any more.
//
// Events: "edit" after each step, "select" when another box or none is selected.

import { labelColor } from "./elements.js";
import { BoxDragging } from "./label-dragging.js";
import { area, contains, moved, resized } from "./label-shapes.js";

/** Steps that can be undone. */
const mostSteps = 200;

export class BoxEditor extends EventTarget {
  #view;
  #dragging;
  #boxes = [];
  #reviewed = false;
  #isOpen = false;
  #done = [];
  #undone = [];
  #nextID = 1;
  #labels = [];
  #threshold = 0.5;

  /** What new boxes are called. */
  label = null;

  /** @param {PictureBoxes} view */
  constructor(view) {
    super();
    this.#view = view;
    this.#dragging = new BoxDragging(view, this);
    view.layer.addEventListener("focusin", (event) => {
      const id = Number(event.target.dataset.id);
      if (id && id !== this.selected) this.select(id);
    });
  }

  /**
   * Begins with what the server has.
   *
   * @param {{state: string, boxes: {label: string, bbox: number[], score?: number}[]}} answer
   */
  load({ state, boxes }) {
    this.#boxes = boxes.map(({ label, bbox: [x, y, width, height], score }) => {
      return { id: this.#nextID++, label, x, y, width, height, score };
    });
    this.#begin(state === "reviewed", true);
  }

  /** Shows no boxes, and takes no steps until others are loaded. */
  clear() {
    this.#boxes = [];
    this.#begin(false, false);
  }

  #begin(isReviewed, isOpen) {
    [this.#reviewed, this.#isOpen] = [isReviewed, isOpen];
    [this.#done, this.#undone] = [[], []];
    this.#dragging.cancel();
    this.select(null);
    this.#draw();
  }

  /** What the server is to have. */
  get content() {
    const boxes = this.#boxes.map(({ label, x, y, width, height, score }) => {
      // JSON has no member for what is undefined.
      return { label, bbox: [x, y, width, height], score };
    });
    return { reviewed: this.#reviewed, boxes };
  }

  /** The boxes that count: not the network's below the threshold, unless somebody has confirmed them. */
  get boxes() {
    return this.#boxes.filter(({ score }) => {
      return this.#reviewed || score === undefined || score > this.#threshold;
    });
  }

  get isReviewed() {
    return this.#reviewed;
  }

  get selected() {
    return this.#view.selected;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Whether dragging always draws, also where a box is. */
  get isDrawing() {
    return this.#dragging.isDrawing;
  }

  set isDrawing(isDrawing) {
    this.#dragging.isDrawing = isDrawing;
  }

  /** Size of the picture in its pixels. */
  get picture() {
    return { width: this.#view.pictureWidth, height: this.#view.pictureHeight };
  }

  set labels(labels) {
    this.#labels = labels;
    if (!labels.includes(this.label)) this.label = labels[0] ?? null;
    this.#draw();
  }

  set threshold(threshold) {
    this.#threshold = threshold;
    if (!this.boxes.some((box) => box.id === this.selected)) this.select(null);
    this.#draw();
  }

  box(id) {
    return this.#boxes.find((box) => box.id === id) ?? null;
  }

  colorOf(label) {
    return labelColor(Math.max(0, this.#labels.indexOf(label)));
  }

  // Selection

  /** @param {number|null} id */
  select(id) {
    if (id === this.#view.selected) return;
    this.#view.selected = id;
    this.#dragging.showHandles();
    this.dispatchEvent(new Event("select"));
  }

  /** Selects a box and puts the focus on it, so that it is read out. */
  focus(id) {
    this.select(id);
    this.#view.elementOf(id)?.focus({ preventScroll: true });
  }

  /** Selects the next box (1) or the one before (-1). */
  step(by) {
    const boxes = this.boxes;
    if (boxes.length === 0) return;
    const index = boxes.findIndex((box) => box.id === this.selected);
    const next = index < 0 ? (by > 0 ? 0 : boxes.length - 1) : (index + by + boxes.length) % boxes.length;
    this.focus(boxes[next].id);
  }

  /** Boxes at a place, the smallest first. */
  at(point) {
    return this.boxes.filter((box) => contains(box, point)).sort((a, b) => area(a) - area(b));
  }

  /** Gives up a drag, or else the selection. */
  escape() {
    if (this.#dragging.isActive) return this.#dragging.cancel();
    this.select(null);
    document.activeElement?.blur();
  }

  // Steps

  /** Adds a box, or asks for a label first where there is none. */
  add(rectangle) {
    if (!this.#isOpen) return;
    if (this.label === null) {
      this.dispatchEvent(new Event("need-label"));
      return;
    }
    const box = { ...rectangle, id: this.#nextID++, label: this.label };
    this.#step([...this.#boxes, box]);
    this.focus(box.id);
  }

  /** Adds a box in the middle, for those who do not drag. */
  addCentered() {
    const { width, height } = this.picture;
    this.add(moved({ x: width / 4, y: height / 4, width: width / 2, height: height / 2 }, 0, 0, this.picture));
  }

  nudge(dx, dy) {
    this.#changeSelected((box) => moved(box, dx, dy, this.picture));
  }

  stretch(dx, dy) {
    this.#changeSelected((box) => resized(box, "es", dx, dy, this.picture));
  }

  /** @param {{x: number, y: number, width: number, height: number}} rectangle */
  put(rectangle) {
    this.#changeSelected((box) => ({ ...box, ...rectangle }));
  }

  /** Names the selected box, and those that come. */
  name(label) {
    this.label = label;
    this.#changeSelected((box) => ({ ...box, label }));
  }

  remove() {
    const boxes = this.boxes;
    const index = boxes.findIndex((box) => box.id === this.selected);
    if (index < 0) return;
    this.#step(this.#boxes.filter((box) => box.id !== this.selected));
    const rest = this.boxes;
    if (rest.length > 0) this.focus(rest[Math.min(index, rest.length - 1)].id);
    else this.select(null);
  }

  /** Confirms the boxes that count, whose rest goes, or takes that back. */
  review(isReviewed) {
    if (isReviewed !== this.#reviewed) this.#step(isReviewed ? this.boxes : this.#boxes, isReviewed);
  }

  undo() {
    this.#go(this.#done, this.#undone);
  }

  redo() {
    this.#go(this.#undone, this.#done);
  }

  #changeSelected(change) {
    const before = this.box(this.selected);
    if (!before) return;
    const after = change(before);
    if (["label", "x", "y", "width", "height"].every((key) => before[key] === after[key])) return;
    this.#step(this.#boxes.map((box) => (box === before ? { ...after, score: undefined } : box)));
  }

  #step(boxes, reviewed = this.#reviewed) {
    if (!this.#isOpen) return;
    this.#done.push([this.#boxes, this.#reviewed]);
    if (this.#done.length > mostSteps) this.#done.shift();
    this.#undone = [];
    this.#set(boxes, reviewed);
  }

  #go(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push([this.#boxes, this.#reviewed]);
    this.#set(...state);
    if (!this.box(this.selected)) this.select(null);
  }

  #set(boxes, reviewed) {
    this.#boxes = boxes;
    this.#reviewed = reviewed;
    this.#draw();
    this.dispatchEvent(new Event("edit"));
  }

  #draw() {
    this.#view.boxes = this.boxes.map((box) => ({ ...box, ...this.colorOf(box.label) }));
    this.#dragging.showHandles();
  }
}
