// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * The worker that fingerprints one file at a time, apart from the page.
 *
 * In: `{id, file}`. Out: `{id, progress}` any number of times, then `{id, result}`, or
 * `{id, error}` when there is nothing to tell of the file. A picture without PDQ (`result.error`
 * says why) still has its digests. No file name comes in or goes out.
 */

import { digestBlob } from "./digests.js";
import { FingerprintError, codeOf } from "./failures.js";
import { PdqAccumulator } from "./pdq.js";
import { readPicture } from "./pixels.js";
import { SNIFF_BYTES, sniff } from "./sniff.js";

/** @typedef {import("./failures.js").FailureCode} FailureCode */
/** @typedef {{type: "pdq", value: string, quality: number}} PdqSignal */
/** @typedef {PdqSignal | {type: "md5" | "sha256", value: string}} Signal */
/** @typedef {{kind: "image" | "video", signals: Signal[], error?: FailureCode}} FileResult */

/** Of a picture's progress, what the digests stand for. */
const DIGEST_SHARE = 0.4;

/**
 * @param {Blob} file
 * @param {(fraction: number) => void} onProgress
 * @returns {Promise<FileResult>}
 */
async function fingerprint(file, onProgress) {
  if (file.size === 0) throw new FingerprintError("damaged_file");
  const found = sniff(await firstBytes(file));
  if (!found) throw new FingerprintError("unsupported_format");
  const share = found.kind === "image" ? DIGEST_SHARE : 1;
  const { md5, sha256 } = await digestBlob(file, { onProgress: (part) => onProgress(part * share) });
  /** @type {Signal[]} */
  const digests = [{ type: "md5", value: md5 }, { type: "sha256", value: sha256 }];
  if (found.kind === "video") return { kind: "video", signals: digests };
  try {
    const pdq = await readPicture(file, found.format, pdqSink, {
      onProgress: (part) => onProgress(share + part * (1 - share)),
    });
    return { kind: "image", signals: [{ type: "pdq", ...pdq.finish() }, ...digests] };
  } catch (error) {
    return { kind: "image", signals: digests, error: codeOf(error) };
  }
}

/** @param {number} width @param {number} height */
function pdqSink(width, height) {
  return new PdqAccumulator(width, height);
}

/** @param {Blob} file */
async function firstBytes(file) {
  try {
    return new Uint8Array(await file.slice(0, SNIFF_BYTES).arrayBuffer());
  } catch (cause) {
    throw new FingerprintError("damaged_file", { cause });
  }
}

self.addEventListener("message", async (event) => {
  const { id, file } = event.data;
  try {
    const result = await fingerprint(file, (progress) => self.postMessage({ id, progress }));
    self.postMessage({ id, result });
  } catch (error) {
    self.postMessage({ id, error: codeOf(error) });
  }
});
