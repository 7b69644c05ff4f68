// The keyboard of the labelling view.

/**
 * @param {BoxEditor} editor
 * @param {{isShown: () => boolean, name: (index: number) => void, open: (by: number) => void, review: () => void,
 *   draw: (isDrawing: boolean) => void, help: () => void}} actions
 */
export function setUpKeys(editor, actions) {
  const plain = {
    n: () => actions.open(1),
    p: () => actions.open(-1),
    j: () => editor.step(1),
    k: () => editor.step(-1),
    a: () => editor.addCentered(),
    b: () => actions.draw(!editor.isDrawing),
    "?": () => actions.help(),
    Enter: () => actions.review(),
    Delete: () => editor.remove(),
    Backspace: () => editor.remove(),
    Escape: () => {
      actions.draw(false);
      editor.escape();
    },
  };
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function actionOf(event) {
    const { key, shiftKey, altKey } = event;
    const isControl = event.ctrlKey || event.metaKey;
    if (altKey) return null;
    if (key in arrows) {
      const [dx, dy] = arrows[key].map((side) => side * (shiftKey ? 10 : 1));
      if (editor.selected !== null) return () => (isControl ? editor.stretch(dx, dy) : editor.nudge(dx, dy));
      return isControl || dx === 0 ? null : () => actions.open(Math.sign(dx));
    }
    if (isControl) {
      if (key.toLowerCase() === "z") return () => (shiftKey ? editor.redo() : editor.undo());
      return key.toLowerCase() === "y" ? () => editor.redo() : null;
    }
    if (/^[1-9]$/.test(key)) return () => actions.name(Number(key) - 1);
    return plain[key.length === 1 ? key.toLowerCase() : key] ?? null;
  }

  // Before the boxes get them: there, arrows go from one to the next.
  document.addEventListener(
    "keydown",
    (event) => {
      if (!actions.isShown() || isTaken(event)) return;
      const action = actionOf(event);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      action();
    },
    { capture: true },
  );
}

/** Whether a key means something to the element that has the focus. */
function isTaken({ target, key }) {
  if (document.querySelector("dialog[open]")) return true;
  if (!(target instanceof Element)) return false;
  if (target.matches("textarea, select, input:not([type=checkbox], [type=file])")) return true;
  return (key === "Enter" || key === " ") && target.matches("button:not(.box), a, summary, input");
}
