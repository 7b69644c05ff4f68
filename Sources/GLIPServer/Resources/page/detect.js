// The page at /: a picture, or what a camera sees, a prompt, and what the network finds.

import { ask, detect } from "./api.js";
import "./boxes.js";
import { Camera } from "./camera.js";
import { byID } from "./elements.js";
import { annotated, coco, json, save } from "./exports.js";
import { Found } from "./found.js";
import { keep, recall } from "./memory.js";
import { Prompt } from "./prompt.js";
import { watchSources } from "./sources.js";

const view = byID("view");
const found = new Found(view);
const prompt = new Prompt(submit);

/** The picture that is asked about and its name; null where there is none. */
let picture = null;
let name = "";
/** Ends what runs, if something does: a request, or the camera. */
let running = null;
/** What the camera's frames are asked, while it is on. */
let liveQuestion = null;

// What the page says

function say(message) {
  byID("status").textContent = message;
}

function complain(message) {
  byID("error").textContent = message;
  byID("error").hidden = !message;
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** The picture takes the place of the invitation to bring one, or the other way round. */
function showPicture(isThere) {
  byID("empty").hidden = isThere;
  view.hidden = !isThere;
  byID("export").hidden = true;
  found.clear();
  say("");
}

function showResult(result, names, time) {
  found.show(result, names);
  byID("export").hidden = false;
  say(`${found.summary || "Nothing"} in ${duration(time)}.`);
}

// What runs

/** Ends what runs, and begins something that can be ended. */
function begin() {
  running?.abort();
  running = new AbortController();
  complain("");
  setBusy(false);
  return running;
}

function setBusy(isBusy) {
  byID("stage").ariaBusy = String(isBusy);
  byID("stop").hidden = !isBusy;
}

/** What is asked; null, with a word to the user, where that is nothing. */
function question() {
  if (prompt.isEmpty) {
    complain("Say what to look for.");
    prompt.focus();
    return null;
  }
  complain("");
  // The threshold then acts on what is there already.
  return { names: prompt.names, fields: { ...prompt.field, threshold: found.leastThreshold } };
}

function submit() {
  if (!liveQuestion) return detectPicture();
  // What the camera sees is asked this from now on.
  liveQuestion = question() ?? liveQuestion;
}

async function detectPicture() {
  if (!picture) return complain("Choose a picture first.");
  const asked = question();
  if (!asked) return;
  const { signal } = begin();
  setBusy(true);
  say("Looking…");
  const start = performance.now();
  try {
    const result = await detect(picture, asked.fields, { signal });
    showResult(result, asked.names, performance.now() - start);
  } catch (error) {
    if (signal.aborted) return;
    say("");
    complain(error.message);
  }
  if (!signal.aborted) setBusy(false);
}

async function takePicture(file, example) {
  const { signal } = begin();
  try {
    await view.show(file, file.name);
  } catch {
    return complain("The browser cannot read this picture.");
  }
  if (signal.aborted) return;
  [picture, name] = [file, file.name];
  showPicture(true);
  if (example) prompt.set(example.mode, example.prompt);
  if (prompt.isEmpty) prompt.focus();
  else await detectPicture();
}

// The camera: a frame after the other, each as soon as the one before is answered

async function watchCamera() {
  liveQuestion = question();
  if (!liveQuestion) return;
  const control = begin();
  const camera = await openCamera(control);
  if (!camera) return;
  let last = null;
  picture = null;
  setLive(true);
  try {
    await camera.show(view);
    showPicture(true);
    while (!control.signal.aborted) last = (await watchFrame(camera, control.signal)) ?? last;
  } catch (error) {
    if (!control.signal.aborted) complain(error.message);
  }
  camera.close();
  setLive(false);
  // Another picture may have taken its place already.
  if (running !== control) return;
  if (!last) {
    view.clear();
    return showPicture(false);
  }
  [picture, name] = [last.frame, "camera.jpg"];
  await view.show(picture, "What the camera saw");
  found.show(last.result, last.names);
}

/** The camera; null, with a word to the user, where there is none, or where it is not wanted any more. */
async function openCamera(control) {
  try {
    const camera = await Camera.open(() => control.abort());
    if (!control.signal.aborted) return camera;
    camera.close();
  } catch (error) {
    if (!control.signal.aborted) complain(error.message);
  }
  liveQuestion = null;
  return null;
}

/** Asks about what the camera sees now. */
async function watchFrame(camera, signal) {
  await visible();
  const frame = await camera.frame();
  const { names, fields } = liveQuestion;
  const start = performance.now();
  try {
    const result = await detect(frame, fields, { signal });
    showResult(result, names, performance.now() - start);
    return { frame, result, names };
  } catch (error) {
    if (error.status !== 429 && error.status !== 503) throw error;
    say("The server is busy.");
    await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfter || 1)));
    return null;
  }
}

function setLive(isLive) {
  if (!isLive) liveQuestion = null;
  byID("camera").classList.toggle("live", isLive);
  byID("camera").textContent = isLive ? "Stop camera" : "Camera";
  // What changes several times a second is not read out.
  byID("status").ariaLive = isLive ? "off" : "polite";
}

/** Waits until somebody can see the page. */
async function visible() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

// Exports

/** The name of a file that goes with the picture. */
function fileName(ending) {
  return name.replace(/\.[^.]*$/, "") + ending;
}

async function copy() {
  const note = byID("export-note");
  try {
    await navigator.clipboard.writeText(json(found.shown));
    note.textContent = "Copied.";
  } catch {
    note.textContent = "The browser does not let this page copy; save it instead.";
  }
}

async function savePicture() {
  try {
    save(fileName("-boxes.png"), await annotated(picture, found.shown), "image/png");
  } catch {
    byID("export-note").textContent = "The browser cannot draw a picture of this size.";
  }
}

// The beginning

async function start() {
  const kept = recall("localStorage", "glip-threshold");
  if (kept !== null) found.threshold = kept;
  found.slider.addEventListener("input", () => keep("localStorage", "glip-threshold", found.threshold));
  byID("stop").addEventListener("click", () => {
    begin();
    say("Stopped.");
  });
  byID("camera").addEventListener("click", () => (liveQuestion ? running.abort() : watchCamera()));
  byID("copy").addEventListener("click", copy);
  byID("save-json").addEventListener("click", () => save(fileName(".json"), json(found.shown)));
  byID("save-coco").addEventListener("click", () => save(fileName("-coco.json"), coco(found.shown, name)));
  byID("save-picture").addEventListener("click", savePicture);
  watchSources(takePicture, complain);
  try {
    const [model] = (await ask("v1/models")).models;
    byID("model").textContent =
      `The network is ${model.name}, ${model.precision} on ${model.device}. ` +
      "Pictures go to this server and are not kept.";
    if (kept === null) found.threshold = model.threshold;
  } catch (error) {
    complain(error.message);
  }
}

start();
