// Taking files from the user, and sending them to a project, one after the other, so that they keep their order.

import { send } from "./api.js";

const readable = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"]);

/**
 * Adds pictures to a project.
 *
 * @param {string} path - of the project's pictures
 * @param {File[]} files - those that are no pictures are passed over
 * @param {(done: number, count: number) => void} onProgress
 * @returns {Promise<{name: string, reason: string}[]>} those that were refused
 */
export async function upload(path, files, onProgress) {
  const order = (a, b) => nameOf(a).localeCompare(nameOf(b), undefined, { numeric: true });
  const pictures = files.filter((file) => readable.has(file.type)).sort(order);
  const refused = [];
  if (pictures.length === 0 && files.length > 0) {
    refused.push({ name: "Nothing added", reason: "these are no JPEG, PNG, WebP, GIF or BMP files." });
  }
  for (const [done, file] of pictures.entries()) {
    onProgress(done, pictures.length);
    const reason = await add(path, file);
    if (reason) refused.push({ name: file.name, reason });
  }
  onProgress(pictures.length, pictures.length);
  return refused;
}

const nameOf = (file) => file.webkitRelativePath || file.name;

/** Why a file was refused; null if it was not. */
async function add(path, file) {
  for (;;) {
    const form = new FormData();
    form.append("pictures", file, file.name);
    try {
      const { results } = await (await send(path, { method: "POST", body: form })).json();
      return results[0].error?.message ?? null;
    } catch (error) {
      if (error.retryAfter === undefined) return `${file.name} cannot be read any more.`;
      if (error.status !== 429) return error.message;
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfter || 1)));
    }
  }
}

/**
 * Has something done with files that are chosen or dropped.
 *
 * @param {HTMLElement} area - where they can be dropped
 * @param {HTMLInputElement[]} fields - where they can be chosen
 * @param {(files: File[]) => void} action
 */
export function onFiles(area, fields, action) {
  for (const field of fields) {
    field.addEventListener("change", () => {
      const files = [...field.files];
      field.value = "";
      action(files);
    });
  }
  area.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  area.addEventListener("drop", async (event) => {
    event.preventDefault();
    action(await droppedFiles(event.dataTransfer));
  });
}

/** The files that were dropped, those in folders among them. */
async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  return (await Promise.all(entries.map(filesOf))).flat();
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    found.push(...(await Promise.all(some.map(filesOf))).flat());
  }
}
