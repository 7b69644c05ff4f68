import { byID } from "./elements.js";

/** Asks before something cannot be undone. */
export function sure(question, action) {
  const dialog = byID("sure-dialog");
  byID("sure-text").textContent = question;
  byID("sure-yes").textContent = action;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
