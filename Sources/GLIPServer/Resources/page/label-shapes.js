// Rectangles {x, y, width, height} within a picture of {width, height}, all in its pixels.

/** Sides of a box are no shorter, unless the picture is. */
const least = 2;

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
/** Hundredths of a pixel, which is finer than anybody draws. */
const round = (value) => Math.round(100 * value) / 100;

/** The rectangle between two points, cut to the picture. */
export function between(a, b, picture) {
  const [x0, x1] = [a.x, b.x].map((x) => clamp(x, 0, picture.width)).sort((a, b) => a - b);
  const [y0, y1] = [a.y, b.y].map((y) => clamp(y, 0, picture.height)).sort((a, b) => a - b);
  return inside({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, picture);
}

/** Moved, but not out of the picture. */
export function moved(box, dx, dy, picture) {
  return inside({ ...box, x: box.x + dx, y: box.y + dy }, picture);
}

/**
 * With some edges moved.
 *
 * @param {string} edges - letters of compass points: "e", "nw"
 */
export function resized(box, edges, dx, dy, picture) {
  let { x: left, y: top } = box;
  let [right, bottom] = [left + box.width, top + box.height];
  const [across, down] = [Math.min(least, picture.width), Math.min(least, picture.height)];
  if (edges.includes("w")) left = clamp(left + dx, 0, right - across);
  if (edges.includes("e")) right = clamp(right + dx, left + across, picture.width);
  if (edges.includes("n")) top = clamp(top + dy, 0, bottom - down);
  if (edges.includes("s")) bottom = clamp(bottom + dy, top + down, picture.height);
  return inside({ ...box, x: left, y: top, width: right - left, height: bottom - top }, picture);
}

export function contains(box, point) {
  return (
    point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y && point.y <= box.y + box.height
  );
}

export const area = (box) => box.width * box.height;

function inside(box, picture) {
  const width = round(clamp(box.width, Math.min(least, picture.width), picture.width));
  const height = round(clamp(box.height, Math.min(least, picture.height), picture.height));
  return {
    ...box, width, height,
    x: round(clamp(box.x, 0, picture.width - width)), y: round(clamp(box.y, 0, picture.height - height)),
  };
}
