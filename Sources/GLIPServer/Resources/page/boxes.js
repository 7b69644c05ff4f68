// <picture-boxes>: a picture, or what a camera sees, with boxes on it, fitted into the width there is.
//
//   await view.show(blob, "photo.jpg");            // or view.play(stream)
//   view.boxes = [{ id, x, y, width, height, label, score, color, onColor }];   // in pixels of the picture
//   view.active = new Set([id]);                   // emphasised, such as under the pointer
//   view.selected = id;                            // or null
//   view.addEventListener("box-active", (event) => event.detail);   // id under pointer or focus, or null
//   view.addEventListener("box-select", (event) => event.detail);   // id that was clicked, or null beside all
//
// Boxes are buttons, of which one is reached with Tab and the others from there with the arrow keys; a listener that
// calls preventDefault() on `keydown` before it gets here (in the capture phase) takes these keys for itself.

import { element, percent } from "./elements.js";

/** If tags would cover more than this share of the picture, only those of boxes in question are shown. */
const mostCovered = 0.1;
/** About what a tag takes, in square pixels of the screen. */
const tagArea = 80 * 20;

export class PictureBoxes extends HTMLElement {
  #frame = element("div", { className: "frame" });
  #layer = element("div", { className: "layer", role: "group" });
  #picture = null;
  #address = null;
  #boxes = [];
  #elements = new Map();
  #active = new Set();
  #selected = null;

  /** Width and height of what is shown, in pixels of the picture; 0 where nothing is. */
  pictureWidth = 0;
  pictureHeight = 0;

  connectedCallback() {
    if (this.#frame.parentNode) return;
    this.append(this.#frame);
    const layer = this.#layer;
    layer.addEventListener("pointerover", (event) => this.#report(event.target));
    layer.addEventListener("pointerleave", () => this.#report(null));
    layer.addEventListener("focusin", (event) => this.#report(event.target));
    layer.addEventListener("focusout", () => this.#report(null));
    layer.addEventListener("click", (event) => {
      this.#send("box-select", this.#idOf(event.target));
    });
    layer.addEventListener("keydown", (event) => this.#move(event));
  }

  /**
   * Shows a picture.
   *
   * @param {Blob} blob
   * @param {string} name - said to those who do not see it
   * @throws an `EncodingError` if the browser cannot read it
   */
  async show(blob, name) {
    const address = URL.createObjectURL(blob);
    const image = element("img", { src: address, alt: name, draggable: false });
    try {
      await image.decode();
    } catch (error) {
      URL.revokeObjectURL(address);
      throw error;
    }
    this.#replace(image, image.naturalWidth, image.naturalHeight);
    this.#address = address;
  }

  /**
   * Shows what a camera sees.
   *
   * @param {MediaStream} stream
   * @returns {Promise<HTMLVideoElement>} once it runs
   */
  async play(stream) {
    const video = element("video", { srcObject: stream, muted: true, playsInline: true, ariaLabel: "Camera" });
    await video.play();
    this.#replace(video, video.videoWidth, video.videoHeight);
    // A phone is turned.
    video.addEventListener("resize", () => {
      if (this.#picture === video) this.#fit(video.videoWidth, video.videoHeight);
    });
    return video;
  }

  /** Shows nothing. */
  clear() {
    this.#replace(null, 0, 0);
  }

  /** What is shown: an image, a video, or null. */
  get picture() {
    return this.#picture;
  }

  /** What boxes are drawn in, and where further things can be put: as large as the picture. */
  get layer() {
    return this.#layer;
  }

  /** Pixels of the screen for one of the picture. */
  get scale() {
    return this.pictureWidth ? this.#frame.clientWidth / this.pictureWidth : 1;
  }

  /** The place in the picture of a pointer, in its pixels; it may lie outside. */
  place(event) {
    const area = this.#layer.getBoundingClientRect();
    return {
      x: ((event.clientX - area.left) / area.width) * this.pictureWidth,
      y: ((event.clientY - area.top) / area.height) * this.pictureHeight,
    };
  }

  get boxes() {
    return this.#boxes;
  }

  set boxes(boxes) {
    const focused = this.#idOf(document.activeElement);
    this.#boxes = boxes;
    this.#elements = new Map();
    // Small boxes lie over large ones: both can be pointed at.
    const order = [...boxes].sort((a, b) => b.width * b.height - a.width * a.height);
    this.#layer.replaceChildren(...order.map((box) => this.#make(box)));
    const area = this.#frame.clientWidth * this.#frame.clientHeight;
    this.#layer.classList.toggle("many", boxes.length * tagArea > mostCovered * area);
    this.#layer.ariaLabel =
      boxes.length === 1 ? "1 box" : `${boxes.length} boxes; arrow keys go from one to the next`;
    this.#rove(this.#elements.has(focused) ? focused : this.#selected);
    if (this.#elements.has(focused)) this.#elements.get(focused).focus();
    this.#mark();
  }

  get active() {
    return this.#active;
  }

  set active(ids) {
    this.#active = new Set(ids);
    this.#mark();
  }

  get selected() {
    return this.#selected;
  }

  set selected(id) {
    this.#selected = id;
    this.#mark();
  }

  /** The element of a box. */
  elementOf(id) {
    return this.#elements.get(id) ?? null;
  }

  /** Moves a box on the screen only, as while it is dragged. */
  put(id, { x, y, width, height }) {
    const style = this.#elements.get(id)?.style;
    if (!style) return;
    style.left = `${(100 * x) / this.pictureWidth}%`;
    style.top = `${(100 * y) / this.pictureHeight}%`;
    style.width = `${(100 * width) / this.pictureWidth}%`;
    style.height = `${(100 * height) / this.pictureHeight}%`;
  }

  #replace(picture, width, height) {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = null;
    this.#picture = picture;
    this.#frame.replaceChildren(...(picture ? [picture, this.#layer] : []));
    this.#fit(width, height);
  }

  #fit(width, height) {
    this.pictureWidth = width;
    this.pictureHeight = height;
    this.#frame.style.setProperty("--ratio", width && height ? width / height : 1);
    this.boxes = [];
  }

  #make(box) {
    const score = box.score == null ? "" : ` ${percent(box.score)}`;
    const made = element(
      "button",
      { type: "button", className: "box", tabIndex: -1, ariaLabel: box.label + score },
      [element("span", { className: "tag", ariaHidden: "true" }, box.label + score)],
    );
    made.dataset.id = box.id;
    made.style.setProperty("--color", box.color);
    made.style.setProperty("--on-color", box.onColor);
    // Tags stay inside the picture.
    made.classList.toggle("tag-below", box.y * this.scale < 20);
    made.classList.toggle("tag-left", box.x + box.width / 2 > 0.75 * this.pictureWidth);
    this.#elements.set(box.id, made);
    this.put(box.id, box);
    return made;
  }

  #mark() {
    this.#layer.classList.toggle("some-active", this.#active.size > 0);
    for (const [id, made] of this.#elements) {
      made.classList.toggle("active", this.#active.has(id));
      made.classList.toggle("selected", id === this.#selected);
    }
  }

  #idOf(target) {
    const made = target?.closest?.(".box");
    if (!made || !this.#layer.contains(made)) return null;
    return this.#boxes.find((box) => String(box.id) === made.dataset.id)?.id ?? null;
  }

  #report(target) {
    this.#send("box-active", this.#idOf(target));
  }

  #send(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }

  /** Makes one box the one that Tab reaches. */
  #rove(id) {
    const first = this.#elements.get(id) ?? this.#elements.get(this.#boxes[0]?.id);
    for (const made of this.#elements.values()) made.tabIndex = made === first ? 0 : -1;
  }

  #move(event) {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const id = this.#idOf(event.target);
    if (event.defaultPrevented || id === null || !(event.key in steps)) return;
    event.preventDefault();
    const index = this.#boxes.findIndex((box) => box.id === id) + steps[event.key];
    const next = this.#boxes[(index + this.#boxes.length) % this.#boxes.length].id;
    this.#rove(next);
    this.#elements.get(next).focus();
  }
}

customElements.define("picture-boxes", PictureBoxes);
