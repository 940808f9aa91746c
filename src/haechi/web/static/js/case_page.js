// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Opening a case with files: fingerprints are made here, in a worker, and only they are sent. A file
 * is shown as its number and the pattern of its fingerprint: never as a picture, never by its name.
 * Without files the form goes its own way, as without scripts. All words come from the page.
 */

import { isEmpty, list, sendable } from "./file_list.js";
import { fingerprintFiles } from "./fingerprint.js";
import { clone, find, problemWord, word } from "./page_words.js";
import { enlivenReceipt } from "./receipt.js";

const form = /** @type {HTMLFormElement} */ (find("#case-form"));
const input = /** @type {HTMLInputElement} */ (find("#files"));
const status = find("#status");
const mostFiles = Number(form.dataset.mostFiles);

/** @type {Promise<void>} */
let working = Promise.resolve();
let stopper = new AbortController();
let isSending = false;
/** Files that were chosen and are not listed yet. */
let openFiles = 0;
/** Stopped or failed: what waits to be sent is not sent before she asks again. */
let isHalted = false;

input.addEventListener("change", () => {
  const files = Array.from(input.files ?? []);
  input.value = "";
  clearProblem();
  if (files.length + openFiles + sendable().length > mostFiles) {
    showProblem(problemWord("too_many_files"));
    return;
  }
  if (files.length === 0) return;
  if (openFiles === 0) stopper = new AbortController();
  openFiles += files.length;
  const { signal } = stopper;
  working = working.then(() => takeIn(files, signal)).catch(() => {
    isHalted = true;
    showProblem(problemWord("no_fingerprints"));
  });
});

find("#stop").addEventListener("click", () => {
  isHalted = true;
  stopper.abort();
});

form.addEventListener("submit", async (event) => {
  if (isSending) return event.preventDefault();
  if (isEmpty() && openFiles === 0) return;
  event.preventDefault();
  isSending = true;
  isHalted = false;
  try {
    // More files may be chosen while the first ones are at work.
    while (openFiles > 0 && !isHalted) await working;
    if (isHalted) return;
    if (sendable().length > 0) await send();
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
      if (answer.error !== "cancelled") list(answer, tellAfterTakingOff);
    }
  } finally {
    openFiles -= files.length;
    find("#working").hidden = true;
  }
  tellHowMany(signal.aborted);
}

/** @param {boolean} wasStopped */
function tellHowMany(wasStopped) {
  const count = sendable().length;
  status.textContent = count > 0 ? word("done", { count }) : wasStopped ? word("stopped") : "";
}

function tellAfterTakingOff() {
  tellHowMany(false);
  input.focus();
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
    showProblem(problemWord("no_answer"));
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
    items: sendable(),
    sightings: Object.values(seen).some(Boolean) ? [seen] : [],
  };
}

/** @param {{code: string, field?: string}} error */
function problemOf({ code, field }) {
  return problemWord(field) || problemWord(code) || problemWord("other");
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
