// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * The worker that fingerprints one file at a time, apart from the page.
 *
 * In: `{id, file}`. Out: `{id, progress}` any number of times, then `{id, result}`, or
 * `{id, error}` when there is nothing to tell of the file. A picture without PDQ (`result.error`
 * says why) still has its digests. Of a video only the digests are made here at once: a worker
 * cannot play it. Its frames come one by one, `{id, frame}`, and each is answered the same way, with
 * its PDQ as the result. No file name comes in or goes out.
 */

import { digestBlob } from "./digests.js";
import { FingerprintError, codeOf } from "./failures.js";
import { hashFrame } from "./frames.js";
import { PictureFingerprint } from "./picture.js";
import { readPicture } from "./pixels.js";
import { SNIFF_BYTES, sniff } from "./sniff.js";

/** @typedef {import("./failures.js").FailureCode} FailureCode */
/** @typedef {import("./picture.js").PdqSignal} PdqSignal */
/** @typedef {import("./picture.js").RpdqSignal} RpdqSignal */
/** @typedef {PdqSignal | RpdqSignal | {type: "vpdq" | "md5" | "sha256", value: string}} Signal */
/** @typedef {{kind: "image" | "video", signals: Signal[], error?: FailureCode}} FileResult */

/** A larger file is refused: a phone would be at it for too long. */
const LARGEST_FILE_BYTES = 4e9;

/** Of a file's progress, what the digests stand for. */
const DIGEST_SHARES = { image: 0.4, video: 0.2 };

/**
 * @param {Blob} file
 * @param {(fraction: number) => void} onProgress
 * @returns {Promise<FileResult>}
 */
async function fingerprint(file, onProgress) {
  if (file.size === 0) throw new FingerprintError("damaged_file");
  const found = sniff(await firstBytes(file));
  if (!found) throw new FingerprintError("unsupported_format");
  if (file.size > LARGEST_FILE_BYTES) throw new FingerprintError("too_large");
  const share = DIGEST_SHARES[found.kind];
  const { md5, sha256 } = await digestBlob(file, { onProgress: (part) => onProgress(part * share) });
  /** @type {Signal[]} */
  const digests = [{ type: "md5", value: md5 }, { type: "sha256", value: sha256 }];
  if (found.kind === "video") return { kind: "video", signals: digests };
  try {
    const picture = await readPicture(file, found.format, pictureSink, {
      onProgress: (part) => onProgress(share + part * (1 - share)),
    });
    return { kind: "image", signals: [...picture.finish(), ...digests] };
  } catch (error) {
    return { kind: "image", signals: digests, error: codeOf(error) };
  }
}

/** @param {number} width @param {number} height */
function pictureSink(width, height) {
  return new PictureFingerprint(width, height);
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
  const { id, file, frame } = event.data;
  const onProgress = (/** @type {number} */ progress) => self.postMessage({ id, progress });
  try {
    const result = frame ? await hashFrame(frame) : await fingerprint(file, onProgress);
    self.postMessage({ id, result });
  } catch (error) {
    self.postMessage({ id, error: codeOf(error) });
  }
});
