// Saves the boxes of one picture a moment after each change, one request at a time.

import { ask } from "./api.js";

/** Milliseconds after a change, within which further ones go along. */
const delay = 150;
/** Milliseconds after a failure. */
const pause = 3000;

export class BoxSaver {
  #path;
  #revision;
  #content;
  #onState;
  #isDirty = false;
  #timer = null;
  #sending = null;
  #state = "saved";

  /**
   * @param {string} path - of the picture's boxes
   * @param {number} revision - of the boxes that are changed
   * @param {() => {reviewed: boolean, boxes: object[]}} content - what the server is to have
   * @param {(state: "saved"|"saving"|"failed"|"conflict", answer: object|Error) => void} onState
   */
  constructor(path, revision, content, onState) {
    this.#path = path;
    this.#revision = revision;
    this.#content = content;
    this.#onState = onState;
  }

  get isSaved() {
    return this.#state === "saved" && !this.#isDirty;
  }

  /** To be called after each change. */
  changed() {
    this.#isDirty = true;
    if (this.#state === "conflict") return;
    this.#enter("saving");
    this.#wait(delay);
  }

  /**
   * Saves what is not saved yet.
   *
   * @returns {Promise<boolean>} whether everything is saved now
   */
  async flush() {
    if (this.#state === "conflict") return false;
    clearTimeout(this.#timer);
    while (this.#isDirty || this.#sending) {
      await (this.#sending ?? this.#send());
      if (this.#state === "failed" || this.#state === "conflict") break;
    }
    return this.isSaved;
  }

  /** Saves over what somebody else has done meanwhile. */
  async overwrite() {
    const { revision } = await ask(this.#path);
    this.#revision = revision;
    this.#isDirty = true;
    this.#enter("saving");
    return this.flush();
  }

  /** Sends what is left as the page goes. */
  leave() {
    if (!this.#isDirty || this.#sending || this.#state === "conflict") return;
    this.#send({ keepalive: true });
  }

  /** Nothing is sent any more. */
  end() {
    clearTimeout(this.#timer);
    this.#onState = () => {};
    this.#isDirty = false;
  }

  #wait(time) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), time);
  }

  #send(options = {}) {
    this.#isDirty = false;
    this.#enter("saving");
    const json = { revision: this.#revision, ...this.#content() };
    this.#sending = ask(this.#path, { method: "PUT", json, ...options })
      .then((answer) => {
        this.#revision = answer.revision;
        this.#enter(this.#isDirty ? "saving" : "saved", answer);
      })
      .catch((error) => this.#failed(error, json))
      .finally(() => (this.#sending = null));
    return this.#sending;
  }

  async #failed(error, sent) {
    if (error.code === "out_of_date" && (await this.#isKept(sent))) {
      return this.#enter(this.#isDirty ? "saving" : "saved");
    }
    this.#isDirty = true;
    if (error.code === "out_of_date") return this.#enter("conflict", error);
    this.#enter("failed", error);
    this.#wait(pause);
  }

  /** Whether the server has what was sent: an answer may have been lost on its way. */
  async #isKept({ reviewed, boxes }) {
    try {
      const there = await ask(this.#path);
      const isSame = same([there.state === "reviewed", there.boxes], [reviewed, boxes]);
      if (isSame) this.#revision = there.revision;
      return isSame;
    } catch {
      return false;
    }
  }

  #enter(state, answer = null) {
    this.#state = state;
    this.#onState(state, answer);
  }
}

const same = (...contents) => {
  const [one, other] = contents.map(([reviewed, boxes]) => {
    return JSON.stringify([reviewed, boxes.map(({ label, bbox, score }) => [label, bbox, score])]);
  });
  return one === other;
};
