// Making parts of a document. Text is only ever set as text: nothing that comes from a user or a server is markup.

/**
 * A new element.
 *
 * @param {string} name
 * @param {object} properties - set on it; `role`, `data-…` and `aria-…` names in their HTML spelling are attributes
 * @param {string|(Node|string)[]} content
 */
export function element(name, properties = {}, content = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "role" || key.includes("-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

/** The element with an id; a page without it is a mistake of ours. */
export function byID(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element '${id}'.`);
  return found;
}

/**
 * The colour of a label, the same as the server draws with: hues a golden angle apart, in three lightnesses.
 *
 * @param {number} index - from 0
 * @returns {{color: string, onColor: string}} CSS colours of lines and plates, and of text on a plate
 */
export function labelColor(index) {
  const tier = index % 3;
  const [lightness, chroma] = [[66, 0.21], [82, 0.17], [52, 0.19]][tier];
  const hue = (0.5 + index * 137.507764) % 360;
  return {
    color: `oklch(${lightness}% ${chroma} ${hue.toFixed(2)})`, onColor: tier === 2 ? "#ffffff" : "#000000",
  };
}

/** A score as people read it. */
export function percent(score) {
  return `${Math.round(100 * score)} %`;
}
