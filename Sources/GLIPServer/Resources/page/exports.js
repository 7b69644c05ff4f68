// What was found, in forms that can be taken elsewhere.

import { element, labelColor, percent } from "./elements.js";

/** The server's answer as text. */
export function json(result) {
  return JSON.stringify(result, null, 2) + "\n";
}

/** Detections of one picture as a data set in COCO's format. */
export function coco(result, name) {
  const categories = new Map(result.detections.map((one) => [one.category_id, one.label]));
  return json({
    info: { description: `What ${result.model} found when asked for: ${result.prompt}` },
    images: [{ id: 1, file_name: name, width: result.width, height: result.height }],
    categories: [...categories].sort(([a], [b]) => a - b).map(([id, label]) => ({ id, name: label })),
    annotations: result.detections.map(({ category_id, bbox, score }, index) => ({
      id: index + 1, image_id: 1, category_id, bbox, area: bbox[2] * bbox[3], iscrowd: 0, score,
    })),
  });
}

/**
 * The picture with its boxes, in its own size, as a PNG file.
 *
 * @param {Blob} picture
 */
export async function annotated(picture, result) {
  const image = await createImageBitmap(picture);
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const line = Math.max(2, Math.round(Math.min(image.width, image.height) / 200));
  const size = Math.max(12, 6 * line);
  context.font = `${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  // The surest lies on top.
  for (const { bbox, label, score, category_id } of [...result.detections].reverse()) {
    const { color, onColor } = labelColor(category_id - 1);
    const [x, y, width, height] = bbox;
    context.lineWidth = line + 2;
    context.strokeStyle = "rgb(0 0 0 / 55%)";
    context.strokeRect(x, y, width, height);
    context.lineWidth = line;
    context.strokeStyle = color;
    context.strokeRect(x, y, width, height);
    const text = `${label} ${percent(score)}`;
    const [plateWidth, plateHeight] = [context.measureText(text).width + size * 0.7, size * 1.35];
    const left = Math.max(0, Math.min(x - line / 2, image.width - plateWidth));
    const top = y >= plateHeight ? y - plateHeight : Math.max(0, y);
    context.fillStyle = color;
    context.fillRect(left, top, plateWidth, plateHeight);
    context.fillStyle = onColor;
    context.fillText(text, left + size * 0.35, top + plateHeight / 2);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

/** Hands a file to the browser, to be saved. */
export function save(name, content, type = "application/json") {
  const address = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: address, download: name }).click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
