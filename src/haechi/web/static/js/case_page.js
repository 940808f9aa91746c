// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Opening a case with files: fingerprints are made here, in a worker, and only they are sent. A file
 * is shown as its number and the pattern of its fingerprint: never as a picture, never by its name.
 * Without files the form goes its own way, as without scripts. All words come from the page.
 */

import { fingerprintFiles } from "./fingerprint.js";
import { createPattern } from "./pattern.js";
import { enlivenReceipt } from "./receipt.js";

/** @typedef {import("./fingerprint.js").Fingerprint} Fingerprint */
/** @typedef {import("./worker.js").Signal} Signal */
/** @typedef {{kind: "image" | "video" | null, signals: Signal[], line: HTMLElement}} Chosen */

/** A PDQ value of lower quality comes from a nearly flat picture and is not matched (values.py). */
const TRUSTED_QUALITY = 50;

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

const words = /** @type {HTMLTemplateElement} */ (find("#words"));
const form = /** @type {HTMLFormElement} */ (find("#case-form"));
const input = /** @type {HTMLInputElement} */ (find("#files"));
const status = find("#status");
const mostFiles = Number(form.dataset.mostFiles);

/** @type {Chosen[]} */
let chosen = [];
/** @type {Promise<void>} */
let working = Promise.resolve();
let stopper = new AbortController();
let isSending = false;
/** Files that were chosen and are not listed yet. */
let openFiles = 0;
/** Stopped or failed: what waits to be sent is not sent before she asks again. */
let isHalted = false;

/** A sentence of the page, its placeholders filled. @param {string} name @param {Record<string, string | number>} [values] */
function word(name, values = {}) {
  return fromTemplate(`[data-word="${name}"]`).replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

/** @param {string} selector */
function fromTemplate(selector) {
  return words.content.querySelector(selector)?.textContent ?? "";
}

/** @param {string} id @returns {DocumentFragment} */
function clone(id) {
  return document.importNode(/** @type {HTMLTemplateElement} */ (find(`#${id}`)).content, true);
}

input.addEventListener("change", () => {
  const files = Array.from(input.files ?? []);
  input.value = "";
  clearProblem();
  if (files.length + openFiles + usable().length > mostFiles) {
    showProblem(fromTemplate('[data-error="too_many_files"]'));
    return;
  }
  if (files.length === 0) return;
  if (openFiles === 0) stopper = new AbortController();
  openFiles += files.length;
  const { signal } = stopper;
  working = working.then(() => takeIn(files, signal)).catch(() => {
    isHalted = true;
    showProblem(fromTemplate('[data-error="no_fingerprints"]'));
  });
});

find("#stop").addEventListener("click", () => {
  isHalted = true;
  stopper.abort();
});

form.addEventListener("submit", async (event) => {
  if (isSending) return event.preventDefault();
  if (chosen.length === 0 && openFiles === 0) return;
  event.preventDefault();
  isSending = true;
  isHalted = false;
  try {
    // More files may be chosen while the first ones are at work.
    while (openFiles > 0 && !isHalted) await working;
    if (isHalted) return;
    if (usable().length > 0) await send();
    else form.submit();
  } finally {
    isSending = false;
  }
});

/** Fingerprints the files and lists them. @param {File[]} files @param {AbortSignal} signal */
async function takeIn(files, signal) {
  find("#working").hidden = false;
  status.textContent = "";
  try {
    const answers = await fingerprintFiles(files, {
      signal,
      onProgress({ index, count, overall }) {
        find("#progress-label").textContent = word("working", { number: index + 1, count });
        /** @type {HTMLProgressElement} */ (find("#progress")).value = overall;
      },
    });
    for (const answer of answers) {
      if (answer.error !== "cancelled") list(answer);
    }
  } finally {
    openFiles -= files.length;
    find("#working").hidden = true;
  }
  tellHowMany(signal.aborted);
}

/** @param {boolean} wasStopped */
function tellHowMany(wasStopped) {
  const count = usable().length;
  status.textContent = count > 0 ? word("done", { count }) : wasStopped ? word("stopped") : "";
}

/** What can be sent. */
function usable() {
  return chosen.filter((one) => one.kind !== null && one.signals.length > 0);
}

/** One line for one file. @param {Fingerprint} answer */
function list(answer) {
  const line = /** @type {HTMLElement} */ (clone("file-line").firstElementChild);
  const one = { kind: answer.kind, signals: answer.signals, line };
  chosen.push(one);
  part(line, "status").textContent = word(statusOf(answer));
  const pdq = answer.signals.find((signal) => signal.type === "pdq");
  if (pdq) line.querySelector(".pattern-place")?.append(createPattern(pdq.value, word("pattern")));
  part(line, "take-off").addEventListener("click", () => takeOff(one));
  find("#chosen").append(line);
  number();
}

/** @param {Chosen} one */
function takeOff(one) {
  chosen = chosen.filter((other) => other !== one);
  one.line.remove();
  number();
  tellHowMany(false);
  input.focus();
}

/** Names the lines `Photo 1`, `Video 1`, …; the names that the case will show. */
function number() {
  const counts = { photo: 0, video: 0, file: 0 };
  for (const { kind, line } of chosen) {
    const key = kind === "image" ? "photo" : kind === "video" ? "video" : "file";
    const name = word(key, { number: ++counts[key] });
    part(line, "name").textContent = name;
    part(line, "take-off").textContent = word("take_off");
    part(line, "take-off").setAttribute("aria-label", word("take_off_named", { name }));
  }
}

/** @param {Element} line @param {string} name @returns {HTMLElement} */
function part(line, name) {
  return /** @type {HTMLElement} */ (line.querySelector(`[data-${name}]`));
}

/** The word for what can be recognised by this answer. @param {Fingerprint} answer */
function statusOf({ kind, signals, error }) {
  if (kind === null || signals.length === 0) {
    return error === "unsupported_format" ? "not_media" : "not_read";
  }
  if (kind === "video") return "video_exact";
  const pdq = signals.find((signal) => signal.type === "pdq");
  if (pdq) return pdq.quality < TRUSTED_QUALITY ? "plain_exact" : "ready";
  return error === "blocked_by_browser" ? "blocked_exact" : "unread_exact";
}

/** Sends the fingerprints, and nothing else of the files. */
async function send() {
  clearProblem();
  status.textContent = word("sending");
  try {
    const answer = await fetch("/v1/cases", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(report()),
    });
    const body = await answer.json();
    if (answer.ok) showOpened(body);
    else showProblem(problemOf(body.error), body.error.field);
  } catch {
    showProblem(fromTemplate('[data-error="no_answer"]'));
  }
}

/** The body of `POST /v1/cases`. */
function report() {
  const typed = new FormData(form);
  const seen = Object.fromEntries(
    ["url", "place", "note"].map((name) => [name, String(typed.get(name) ?? "").trim()]),
  );
  return {
    language: form.dataset.language,
    items: usable().map(({ kind, signals }) => ({ kind, signals })),
    sightings: Object.values(seen).some(Boolean) ? [seen] : [],
  };
}

/** @param {{code: string, field?: string}} error */
function problemOf({ code, field }) {
  const sentence = fromTemplate(`[data-error="${field}"]`) || fromTemplate(`[data-error="${code}"]`);
  return sentence || fromTemplate('[data-error="other"]');
}

/** @param {string} sentence @param {string} [field] */
function showProblem(sentence, field) {
  clearProblem();
  status.textContent = "";
  const box = clone("problem-box");
  const text = box.querySelector("p");
  if (text) text.textContent = sentence;
  find("#problem-place").append(box);
  const wrong = field ? document.getElementById(field) : null;
  wrong?.setAttribute("aria-invalid", "true");
  (wrong ?? find("#problem")).focus();
}

function clearProblem() {
  document.querySelector("#problem")?.remove();
  for (const wrong of form.querySelectorAll("[aria-invalid]")) wrong.removeAttribute("aria-invalid");
}

/**
 * Number, passphrase and receipt, in the place of the form.
 * @param {{case_number: string, passphrase: string,
 *   receipt: {statement: {items: unknown[], sightings: number}}}} opened
 */
function showOpened(opened) {
  const page = clone("opened");
  const put = (/** @type {string} */ selector, /** @type {string} */ text) => {
    const element = page.querySelector(selector);
    if (element) element.textContent = text;
  };
  put("[data-number]", opened.case_number);
  put("[data-passphrase]", opened.passphrase);
  put("#receipt", JSON.stringify(opened.receipt, null, 2));
  const { items, sightings } = opened.receipt.statement;
  for (const [name, count] of Object.entries({ items: items.length, places: sightings })) {
    for (const part of page.querySelectorAll(`[data-when="${name}"]`)) {
      part.toggleAttribute("hidden", count === 0);
    }
  }
  const main = find("#main");
  main.dataset.inCase = "";
  main.replaceChildren(page);
  // Another language is another page: the passphrase would be lost.
  document.querySelector(".masthead nav")?.remove();
  enlivenReceipt(main);
  document.title = word("title");
  /** @type {HTMLElement} */ (main.querySelector("[data-heading]")).focus();
  window.scrollTo(0, 0);
}
