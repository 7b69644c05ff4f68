// The bearer token of a server that wants one. It lives as long as the tab.

import { element } from "./elements.js";
import { keep, recall } from "./memory.js";

const key = "glip-token";
let current = recall("sessionStorage", key);
let asking = null;

/** The token in use, or null. */
export function token() {
  return current;
}

/**
 * Asks for a token. Requests that fail at the same time ask once.
 *
 * @param {string} reason - why the one before was of no use, if there was one
 * @param {string|null} tried - the token that was refused
 * @returns {Promise<boolean>} whether there is another token now
 */
export function askForToken(reason, tried) {
  if (current !== tried) return Promise.resolve(current !== null);
  asking ??= show(reason).finally(() => (asking = null));
  return asking;
}

function show(reason) {
  const field = element("input", {
    type: "password", id: "token", autocomplete: "off", required: true, spellcheck: false,
  });
  const dialog = element("dialog", { ariaLabel: "Token" }, [
    element("form", { method: "dialog" }, [
      element("h2", {}, "This server wants a token"),
      element("p", { className: "error", role: "alert", hidden: !reason }, reason),
      element("label", { htmlFor: "token" }, "Token, as whoever runs the server gave it to you"),
      field,
      element("div", { className: "row" }, [
        element("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        element("button", { className: "main", value: "use" }, "Use this token"),
      ]),
    ]),
  ]);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const entered = field.value.trim();
      const isGiven = dialog.returnValue === "use" && entered !== "";
      if (isGiven) keep("sessionStorage", key, (current = entered));
      dialog.remove();
      resolve(isGiven);
    });
  });
}
