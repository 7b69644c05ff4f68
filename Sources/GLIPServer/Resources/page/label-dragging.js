// Drawing, moving and resizing boxes with a mouse, a pen or a finger.

import { element } from "./elements.js";
import { between, moved, resized } from "./label-shapes.js";

/** Pixels of the screen below which a movement is a click. */
const slack = 4;
/** Pixels of the screen below which a box has no room for handles within. */
const small = 48;
const edges = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

export class BoxDragging {
  #view;
  #editor;
  #handles = edges.map((name) => {
    const made = element("div", { className: `handle ${name}`, ariaHidden: "true" });
    made.dataset.edges = name;
    return made;
  });
  #draft = element("div", { className: "draft", hidden: true });
  #drag = null;
  #isDrawing = false;

  /**
   * @param {PictureBoxes} view
   * @param {BoxEditor} editor - what is dragged becomes a step of
   */
  constructor(view, editor) {
    this.#view = view;
    this.#editor = editor;
    const layer = view.layer;
    layer.addEventListener("pointerdown", (event) => this.#begin(event));
    layer.addEventListener("pointermove", (event) => this.#move(event));
    layer.addEventListener("pointerup", (event) => this.#end(event));
    layer.addEventListener("pointercancel", () => this.cancel());
    // Neither text nor the picture is to be selected or dragged, and the focus goes where it is put here.
    layer.addEventListener("mousedown", (event) => event.preventDefault());
  }

  /** Whether dragging always draws, also where a box is, and with a finger. */
  get isDrawing() {
    return this.#isDrawing;
  }

  set isDrawing(isDrawing) {
    this.#isDrawing = isDrawing;
    this.#view.layer.classList.toggle("drawing", isDrawing);
  }

  /** Puts the handles around the selected box, or away. */
  showHandles() {
    const box = this.#editor.box(this.#editor.selected);
    if (box) this.#place(box);
    for (const handle of this.#handles) handle.hidden = !box;
    this.#view.layer.append(this.#draft, ...this.#handles);
  }

  /** Ends a drag without a step. */
  cancel() {
    if (!this.#drag) return;
    const { box } = this.#drag;
    this.#drag = null;
    this.#draft.hidden = true;
    if (box) {
      this.#view.put(box.id, box);
      this.#place(box);
    }
  }

  get isActive() {
    return this.#drag !== null;
  }

  #begin(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    const start = this.#view.place(event);
    const selected = this.#editor.box(this.#editor.selected);
    const under = this.#editor.at(start);
    const handle = event.target.dataset.edges;
    const isFinger = event.pointerType === "touch";
    if (handle) {
      this.#drag = { start, box: selected, edges: handle };
    } else if (this.#isDrawing) {
      this.#drag = { start };
    } else if (under.length > 0) {
      // The selected box is the one that is dragged, even from below others; a click goes on to the next.
      const box = under.includes(selected) ? selected : under[0];
      this.#editor.focus(box.id);
      // A finger that has not selected a box yet may want to scroll.
      if (isFinger && box !== selected) return;
      this.#drag = { start, box, under: box === selected ? under : [box] };
    } else {
      this.#editor.select(null);
      document.activeElement?.blur();
      if (isFinger) return;
      this.#drag = { start };
    }
    Object.assign(this.#drag, { x: event.clientX, y: event.clientY, isMoving: false });
    this.#view.layer.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    drag.isMoving ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) >= slack;
    if (!drag.isMoving) return;
    drag.result = this.#result(drag, this.#view.place(event));
    if (drag.box) {
      this.#view.put(drag.box.id, drag.result);
      this.#place(drag.result);
    } else {
      this.#draft.hidden = false;
      this.#lay(this.#draft, drag.result);
    }
  }

  #end() {
    const drag = this.#drag;
    if (!drag) return;
    this.#drag = null;
    this.#draft.hidden = true;
    if (drag.isMoving) {
      if (drag.box) this.#editor.put(drag.result);
      else this.#editor.add(drag.result);
    } else if (drag.under) {
      const index = drag.under.indexOf(drag.box);
      this.#editor.focus(drag.under[(index + 1) % drag.under.length].id);
    }
  }

  #result({ start, box, edges }, point) {
    const picture = this.#editor.picture;
    if (!box) return between(start, point, picture);
    const [dx, dy] = [point.x - start.x, point.y - start.y];
    const { x, y, width, height } = edges ? resized(box, edges, dx, dy, picture) : moved(box, dx, dy, picture);
    return { x, y, width, height };
  }

  #place({ x, y, width, height }) {
    const at = { w: x, e: x + width, n: y, s: y + height };
    const isSmall = Math.min(width, height) * this.#view.scale < small;
    for (const handle of this.#handles) {
      handle.classList.toggle("small", isSmall);
      const name = handle.dataset.edges;
      const across = name.includes("w") ? at.w : name.includes("e") ? at.e : x + width / 2;
      const down = name.includes("n") ? at.n : name.includes("s") ? at.s : y + height / 2;
      handle.style.left = `${(100 * across) / this.#view.pictureWidth}%`;
      handle.style.top = `${(100 * down) / this.#view.pictureHeight}%`;
    }
  }

  #lay(made, { x, y, width, height }) {
    const { pictureWidth, pictureHeight } = this.#view;
    made.style.left = `${(100 * x) / pictureWidth}%`;
    made.style.top = `${(100 * y) / pictureHeight}%`;
    made.style.width = `${(100 * width) / pictureWidth}%`;
    made.style.height = `${(100 * height) / pictureHeight}%`;
  }
}
