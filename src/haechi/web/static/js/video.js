// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * vPDQ on the device: the PDQ of a video's frames, about one a second, as `media` and `signals` make
 * it. One frame is in memory at a time, and none is ever shown.
 */

import { FingerprintError, codeOf } from "./failures.js";
import { Player } from "./player.js";

/** @typedef {import("./failures.js").FailureCode} FailureCode */
/** @typedef {import("./pdq.js").PdqHash} PdqHash */
/** @typedef {import("./player.js").Shot} Shot */
/** @typedef {{atS: number, hash: PdqHash}} HashedFrame */

/**
 * The signal's hexadecimal digits, null when not one frame could be read; and why there is none, or
 * why it does not reach to the end of the video.
 * @typedef {{value: string | null, error: FailureCode | null}} VideoFingerprint
 */

/** Three hours at one frame a second. */
export const MOST_FRAMES = 10_800;

/** One frame in a value: 32 bytes PDQ, 1 byte quality, 4 bytes milliseconds, big-endian. */
export const FRAME_BYTES = 37;

const PDQ_BYTES = 32;
/** A file may claim any length; beyond this one nothing is looked for. */
const LONGEST_S = 86_400;
const MILLISECOND_S = 0.001;
/** Beyond this a frame does not tell how many there are in a second. */
const LONGEST_FRAME_S = 0.2;
/** Frames closer than this, in shares of the spacing, are one too many. */
const CLOSE = 0.4;

/**
 * Fingerprints a video.
 * @param {Blob} file
 * @param {(frame: Shot["frame"]) => Promise<PdqHash>} hashFrame takes over the frame and closes it
 * @param {{onProgress?: (fraction: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<VideoFingerprint>} after `signal` is aborted with the error `cancelled` and no
 *   value. It never rejects.
 */
export async function vpdqOf(file, hashFrame, { onProgress, signal } = {}) {
  /** @type {HashedFrame[]} */
  const frames = [];
  const player = new Player(file, signal);
  try {
    const lengthS = await player.open();
    for await (const { frame, atS } of sampled(player, Math.min(lengthS, LONGEST_S))) {
      frames.push({ atS, hash: await hashFrame(frame) });
      if (signal?.aborted) throw new FingerprintError("cancelled");
      onProgress?.(Math.min(1, atS / lengthS) || 0);
      if (frames.length > MOST_FRAMES) throw new FingerprintError("too_large");
    }
    return { value: valueOf(frames), error: frames.length > 0 ? null : "damaged_file" };
  } catch (error) {
    const code = codeOf(error);
    return { value: code === "cancelled" ? null : valueOf(frames), error: code };
  } finally {
    player.close();
  }
}

/**
 * The frames that are kept of a video, in order. As in the reference, every so many-th one: so many
 * as whole ones fit into a second. A browser does not count frames; how long the first one lasts says
 * where the others lie.
 * @param {Player} player
 * @param {number} lengthS
 * @returns {AsyncGenerator<Shot>}
 */
async function* sampled(player, lengthS) {
  const first = await player.shotAt(0);
  const spacingS = spacingOf(first.lastsS);
  const middleS = usualLength(first.lastsS) / 2;
  let lastS = first.atS;
  yield first;
  for (let nextS = lastS + spacingS + middleS; nextS < lengthS; ) {
    const shot = await player.shotAt(nextS);
    const isLate = shot.lastsS !== null && nextS - shot.atS > shot.lastsS + MILLISECOND_S;
    if (isLate || shot.atS - lastS < CLOSE * spacingS) {
      // There is no frame at this moment, or it is still the one before.
      shot.frame.close();
      nextS += spacingS;
    } else {
      lastS = shot.atS;
      nextS = lastS + spacingS + middleS;
      yield shot;
    }
  }
}

/** @param {number | null} lastsS */
function usualLength(lastsS) {
  return lastsS !== null && lastsS <= LONGEST_FRAME_S ? lastsS : 0;
}

/** How far apart the kept frames lie, in seconds. @param {number | null} lastsS what a frame lasts */
function spacingOf(lastsS) {
  const usualS = usualLength(lastsS);
  const isRounded = Math.abs(usualS / MILLISECOND_S - Math.round(usualS / MILLISECOND_S)) < 1e-6;
  // Times rounded to milliseconds do not tell 29.97 frames a second from 30.
  if (usualS === 0 || isRounded) return 1;
  return Math.floor(1 / usualS + 1e-3) * usualS;
}

/** The value of a `vpdq`. @param {HashedFrame[]} frames @returns {string | null} */
function valueOf(frames) {
  const kept = frames.slice(0, MOST_FRAMES);
  let lastMs = -1;
  const records = kept.map(({ atS, hash }) => {
    lastMs = Math.max(Math.round((atS - kept[0].atS) * 1000), lastMs + 1);
    const tail = new DataView(new ArrayBuffer(FRAME_BYTES - PDQ_BYTES));
    tail.setUint8(0, hash.quality);
    tail.setUint32(1, lastMs);
    const digits = Array.from(new Uint8Array(tail.buffer), (byte) => byte.toString(16).padStart(2, "0"));
    return hash.value + digits.join("");
  });
  return records.join("") || null;
}

/**
 * The frames of a `vpdq` value, in order.
 * @param {string} value
 * @returns {PdqHash[]}
 */
export function framesOf(value) {
  const digits = FRAME_BYTES * 2;
  return Array.from({ length: Math.floor(value.length / digits) }, (_, number) => {
    const record = value.slice(number * digits, (number + 1) * digits);
    const quality = Number.parseInt(record.slice(PDQ_BYTES * 2, PDQ_BYTES * 2 + 2), 16);
    return { value: record.slice(0, PDQ_BYTES * 2), quality };
  });
}
