// Requests to the server that sent this page.

import { askForToken, token } from "./token.js";

/** An answer that is no success: the server's sentence, its code, and the HTTP status (0 where none came). */
export class ServerError extends Error {
  constructor(message, code, status, retryAfter = 0) {
    super(message);
    this.name = "ServerError";
    Object.assign(this, { code, status, retryAfter });
  }
}

/**
 * Sends a request; where the server wants a token, asks for one and sends it again.
 *
 * @param {string} path - below the server's root, such as `v1/models`
 * @param {RequestInit & {json?: any}} options - as for `fetch`; `json` is sent as the body
 * @returns {Promise<Response>} a success
 * @throws {ServerError} or an `AbortError`
 */
export async function send(path, { json, ...options } = {}) {
  // Addresses are relative to this file, so that a proxy may put the server below any path.
  const address = new URL(`../${path}`, import.meta.url);
  for (;;) {
    const headers = new Headers(options.headers);
    const sent = token();
    if (sent) headers.set("Authorization", `Bearer ${sent}`);
    const body = json === undefined ? options.body : JSON.stringify(json);
    if (json !== undefined) headers.set("Content-Type", "application/json");
    const response = await reach(address, { ...options, headers, body });
    if (response.ok) return response;
    const error = await errorOf(response);
    if (response.status !== 401) throw error;
    if (!(await askForToken(sent ? "The server does not know this token." : "", sent))) throw error;
  }
}

/** Sends a request and reads the JSON of its answer. */
export async function ask(path, options) {
  return (await send(path, options)).json();
}

/**
 * Finds things on a picture.
 *
 * @param {Blob} picture
 * @param {{classes?: string, caption?: string, prompt?: string, threshold?: number}} fields
 * @returns the server's answer: `{model, prompt, width, height, detections: [{label, category_id, span, score, bbox}]}`
 */
export function detect(picture, fields, options = {}) {
  const form = new FormData();
  form.append("picture", picture, "picture");
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return ask("v1/detect", { ...options, method: "POST", body: form });
}

async function reach(address, options) {
  try {
    return await fetch(address, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError("The server cannot be reached.", "unreachable", 0);
  }
}

async function errorOf(response) {
  const retry = Number(response.headers.get("Retry-After")) || 0;
  try {
    const { error } = await response.json();
    return new ServerError(error.message, error.code, response.status, retry);
  } catch {
    const message = `The server answered with status ${response.status}.`;
    return new ServerError(message, "failed", response.status, retry);
  }
}
