// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Fingerprints files on this device. This is what a page imports; files never leave the browser.
 */

import { FingerprintError } from "./failures.js";
import { vpdqOf } from "./video.js";

/** @typedef {import("./failures.js").FailureCode} FailureCode */
/** @typedef {import("./worker.js").Signal} Signal */

/**
 * The answer for one file. `kind` is null when the file is neither a picture nor a video we know.
 * With an `error` there may still be digests, never a `pdq`; and the `vpdq` of a video up to where it
 * could be read.
 * @typedef {{kind: "image" | "video" | null, signals: Signal[], error: FailureCode | null}} Fingerprint
 */

/**
 * How far we are: the file at hand (0 first) of how many, how much of it is done, and of all of
 * them by size; both from 0 to 1 and never falling.
 * @typedef {{index: number, count: number, fraction: number, overall: number}} Progress
 */

/**
 * Fingerprints files one after another in a worker of their own.
 * @param {Iterable<File | Blob>} files
 * @param {{
 *   onProgress?: (progress: Progress) => void, onAnswer?: (answer: Fingerprint) => void,
 *   signal?: AbortSignal,
 * }} [options] `onAnswer` is called with each answer as soon as it is there
 * @returns {Promise<Fingerprint[]>} one answer a file, in order; after `signal` is aborted those
 *   still open have the error `cancelled`. It never rejects for a file's sake.
 */
export async function fingerprintFiles(files, { onProgress, onAnswer, signal } = {}) {
  const queue = Array.from(files);
  const report = progressReporter(queue, onProgress);
  /** @type {Fingerprint[]} */
  const answers = [];
  const answerWith = (/** @type {Fingerprint} */ answer) => {
    answers.push(answer);
    onAnswer?.(answer);
  };
  /** @type {Worker | null} */
  let worker = null;
  try {
    for (const [index, file] of queue.entries()) {
      if (signal?.aborted) {
        answerWith(failed("cancelled"));
        continue;
      }
      worker ??= new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
      const answer = await fingerprint(worker, file, (fraction) => report(index, fraction), signal);
      answerWith(answer);
      if (answer.error === "cancelled" || answer.error === "failed") {
        worker.terminate();
        worker = null;
      } else {
        report(index, 1);
      }
    }
  } finally {
    worker?.terminate();
  }
  return answers;
}

/**
 * The fingerprints of one file. A video's frames are read here, since only a page has a player, and
 * hashed by the worker.
 * @param {Worker} worker
 * @param {Blob} file
 * @param {(fraction: number) => void} report
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Fingerprint>}
 */
async function fingerprint(worker, file, report, signal) {
  let done = 0;
  const onProgress = (/** @type {number} */ fraction) => report((done = fraction));
  const { result, error } = await ask(worker, { file }, { onProgress, signal });
  if (!result) return failed(error ?? "failed");
  if (result.kind === "image") return { error: null, ...result };
  const hashFrame = async (/** @type {VideoFrame | ImageBitmap} */ frame) => {
    const answer = await ask(worker, { frame }, { transfer: [frame], signal });
    if (answer.result) return answer.result;
    throw new FingerprintError(answer.error ?? "failed");
  };
  const video = await vpdqOf(file, hashFrame, {
    onProgress: (part) => report(done + part * (1 - done)),
    signal,
  });
  if (video.error === "cancelled") return failed("cancelled");
  const signals = video.value ? [{ type: "vpdq", value: video.value }, ...result.signals] : result.signals;
  return { kind: "video", signals, error: video.error };
}

let questions = 0;

/**
 * One question to the worker, and its answer.
 * @param {Worker} worker
 * @param {{file: Blob} | {frame: VideoFrame | ImageBitmap}} question
 * @param {{
 *   transfer?: Transferable[], onProgress?: (fraction: number) => void, signal?: AbortSignal,
 * }} options
 * @returns {Promise<{result?: any, error?: FailureCode}>}
 */
function ask(worker, question, { transfer = [], onProgress, signal }) {
  const id = ++questions;
  return new Promise((resolve) => {
    const listening = new AbortController();
    const until = { signal: listening.signal };
    const answer = (/** @type {{result?: any, error?: FailureCode}} */ value) => {
      listening.abort();
      resolve(value);
    };
    worker.addEventListener("message", ({ data }) => {
      if (data.id !== id) return;
      if (data.result || data.error) answer(data);
      else onProgress?.(data.progress);
    }, until);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      answer({ error: "failed" });
    }, until);
    worker.addEventListener("messageerror", () => answer({ error: "failed" }), until);
    signal?.addEventListener("abort", () => answer({ error: "cancelled" }), until);
    worker.postMessage({ id, ...question }, transfer);
  });
}

/** @param {FailureCode} error @returns {Fingerprint} */
function failed(error) {
  return { kind: null, signals: [], error };
}

/**
 * Reports that never fall back, weighted by the size of the files.
 * @param {Blob[]} files
 * @param {((progress: Progress) => void) | undefined} onProgress
 * @returns {(index: number, fraction: number) => void}
 */
function progressReporter(files, onProgress) {
  const total = files.reduce((sum, file) => sum + file.size, 0) || 1;
  let [last, highest, before] = [0, 0, 0];
  return (index, fraction) => {
    while (last < index) {
      before += files[last++].size;
      highest = 0;
    }
    highest = Math.max(highest, fraction);
    const overall = (before + highest * files[index].size) / total;
    onProgress?.({ index, count: files.length, fraction: highest, overall });
  };
}
