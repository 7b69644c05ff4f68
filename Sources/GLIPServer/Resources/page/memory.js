// What a page keeps in the browser. Where the browser keeps nothing, pages work without.

/**
 * @param {"localStorage"|"sessionStorage"} storage - for good, or as long as the tab lives
 * @param {string} key
 * @returns what was kept, or null
 */
export function recall(storage, key) {
  try {
    return JSON.parse(globalThis[storage].getItem(key));
  } catch {
    return null;
  }
}

/** Keeps a value that JSON can hold. */
export function keep(storage, key, value) {
  try {
    globalThis[storage].setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or not allowed.
  }
}
