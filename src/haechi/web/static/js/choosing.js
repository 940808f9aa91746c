// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Choosing files: they are fingerprinted one after another, with a way to stop, and each is listed as
 * soon as it is done. More may be chosen while the first are at work.
 */

import { list, sendable } from "./file_list.js";
import { fingerprintFiles } from "./fingerprint.js";
import { find, word } from "./page_words.js";
import { clearProblem, showProblem } from "./problem_box.js";

/** Larger files take a while; she is told so. */
const LONG_BYTES = 400 * 2 ** 20;

const input = /** @type {HTMLInputElement} */ (find("#files"));
const progress = /** @type {HTMLProgressElement} */ (find("#progress"));
const status = find("#status");
const mostFiles = Number(find("#case-form").dataset.mostFiles);

/** @type {Promise<void>} */
let working = Promise.resolve();
let stopper = new AbortController();
/** Files that were chosen and are not done yet. */
let openFiles = 0;
/** Stopped or failed: what waits to be sent is not sent before she asks again. */
let isHalted = false;

/** @returns {boolean} whether files are still being fingerprinted */
export function isAtWork() {
  return openFiles > 0;
}

/** @returns {Promise<boolean>} true when all files are done, false when she stopped or it failed */
export async function untilDone() {
  isHalted = false;
  while (openFiles > 0 && !isHalted) await working;
  return !isHalted;
}

input.addEventListener("change", takeChosen);
// On a slow line she may have chosen before this script was there.
if (input.files?.length) takeChosen();

function takeChosen() {
  const files = Array.from(input.files ?? []);
  input.value = "";
  clearProblem();
  if (files.length + openFiles + sendable().length > mostFiles) {
    showProblem({ code: "too_many_files" });
    return;
  }
  if (files.length === 0) return;
  if (openFiles === 0) stopper = new AbortController();
  openFiles += files.length;
  const { signal } = stopper;
  working = working.then(() => takeIn(files, signal)).catch(() => {
    isHalted = true;
    showProblem({ code: "no_fingerprints" });
  });
}

find("#stop").addEventListener("click", () => {
  isHalted = true;
  stopper.abort();
});

/** Fingerprints the files and lists them. @param {File[]} files @param {AbortSignal} signal */
async function takeIn(files, signal) {
  find("#working").hidden = false;
  progress.value = 0;
  find("#progress-label").textContent = word("working", { number: 1, count: files.length });
  status.textContent = files.some(({ size }) => size > LONG_BYTES) ? word("working_long") : "";
  try {
    await fingerprintFiles(files, {
      signal,
      onProgress({ index, count, overall }) {
        find("#progress-label").textContent = word("working", { number: index + 1, count });
        progress.value = overall;
      },
      onAnswer(answer) {
        if (answer.error !== "cancelled") list(answer, tellAfterTakingOff);
      },
    });
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
  if (!isAtWork()) tellHowMany(false);
  input.focus();
}
