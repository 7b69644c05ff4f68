// The list of a project's pictures, with small images that are fetched as they come into view.

import { ask, send } from "./api.js";
import { element } from "./elements.js";

const states = { new: "new", detected: "boxes of the network", reviewed: "reviewed" };
const marks = { new: "", detected: "●", reviewed: "✓" };
/** Pictures of one list. */
const part = 500;

export class PictureStrip extends EventTarget {
  #list;
  #path;
  #entries = new Map();
  #current = null;
  #seen = new IntersectionObserver((entries) => this.#come(entries), { rootMargin: "200px" });

  /**
   * @param {HTMLElement} list - where the pictures are shown
   * @param {string} path - of the project's pictures; "open" events carry the id of the one that is chosen
   */
  constructor(list, path) {
    super();
    this.#list = list;
    this.#path = path;
    list.replaceChildren();
  }

  /** All pictures, in their order. */
  get pictures() {
    return [...this.#entries.values()].map((entry) => entry.picture);
  }

  picture(id) {
    return this.#entries.get(id)?.picture ?? null;
  }

  get current() {
    return this.#current;
  }

  set current(id) {
    this.#entries.get(this.#current)?.button.removeAttribute("aria-current");
    this.#current = id;
    const button = this.#entries.get(id)?.button;
    button?.setAttribute("aria-current", "true");
    button?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** The id of the picture after (1) or before (-1) the current one that fits; null where there is none. */
  neighbour(by, fits = () => true) {
    const pictures = this.pictures;
    const index = pictures.findIndex((picture) => picture.id === this.#current);
    for (let next = index + by; next >= 0 && next < pictures.length; next += by) {
      if (fits(pictures[next])) return pictures[next].id;
    }
    return null;
  }

  /** Fetches the list again. */
  async refresh() {
    const there = new Set();
    for (let after = 0; after !== undefined; ) {
      const answer = await ask(`${this.#path}?after=${after}&limit=${part}`);
      for (const picture of answer.pictures) {
        there.add(picture.id);
        this.put(picture);
      }
      after = answer.next;
    }
    for (const id of this.#entries.keys()) if (!there.has(id)) this.#remove(id);
    this.dispatchEvent(new Event("change"));
  }

  /** Shows a picture, or what has become of it. */
  put(picture) {
    const entry = this.#entries.get(picture.id) ?? this.#add(picture);
    entry.picture = picture;
    entry.button.dataset.state = picture.state;
    entry.mark.textContent = marks[picture.state];
    const boxes = picture.boxes === 1 ? "1 box" : `${picture.boxes} boxes`;
    entry.button.ariaLabel = `${picture.name}: ${states[picture.state]}, ${boxes}`;
  }

  /** To be called when the list is not shown any more. */
  end() {
    this.#seen.disconnect();
    for (const id of [...this.#entries.keys()]) this.#remove(id);
  }

  #add(picture) {
    const image = element("img", { alt: "", width: 96, height: 72, draggable: false });
    const mark = element("span", { className: "mark", ariaHidden: "true" });
    const button = element("button", { type: "button", title: picture.name }, [image, mark]);
    button.addEventListener("click", () => {
      this.dispatchEvent(new CustomEvent("open", { detail: picture.id }));
    });
    const item = element("li", {}, [button]);
    const entry = { picture, item, button, mark, image };
    button.dataset.id = picture.id;
    this.#entries.set(picture.id, entry);
    this.#list.append(item);
    this.#seen.observe(button);
    return entry;
  }

  #remove(id) {
    const entry = this.#entries.get(id);
    this.#seen.unobserve(entry.button);
    if (entry.image.src) URL.revokeObjectURL(entry.image.src);
    entry.item.remove();
    this.#entries.delete(id);
  }

  #come(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#seen.unobserve(target);
      this.#load(Number(target.dataset.id));
    }
  }

  async #load(id) {
    try {
      const answer = await send(`${this.#path}/${id}/thumbnail`, { cache: "default" });
      const address = URL.createObjectURL(await answer.blob());
      const entry = this.#entries.get(id);
      if (entry) entry.image.src = address;
      else URL.revokeObjectURL(address);
    } catch {
      // The picture's name is there without it.
    }
  }
}
