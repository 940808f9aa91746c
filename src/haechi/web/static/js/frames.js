// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * The PDQ of one frame of a video. It is made of the brightness that the video itself stores, where the
 * browser gives that: the same that `media` takes, and as stored, so that a phone's note on
 * turning changes nothing.
 */

import { canvasTellsTheTruth, readBitmap } from "./canvas.js";
import { FingerprintError } from "./failures.js";
import { PdqAccumulator } from "./pdq.js";
import { readFrame } from "./webcodecs.js";

/** @typedef {import("./pdq.js").PdqHash} PdqHash */

/** Brightness first, in a plane of its own, one byte each. */
const BRIGHTNESS_APART = new Set(["I420", "I420A", "I422", "I422A", "I444", "I444A", "NV12"]);

/** What a stored brightness of 16–235 stands for on the scale of 0–255, for every byte. */
const STRETCHED = Float64Array.from({ length: 256 }, (_, stored) =>
  Math.min(255, Math.max(0, Math.round((stored - 16) * (255 / 219)))),
);
const AS_STORED = Float64Array.from({ length: 256 }, (_, stored) => stored);

let buffer = new Uint8Array(0);

/**
 * The PDQ of a frame, which is closed afterwards.
 * @param {VideoFrame | ImageBitmap} frame
 * @returns {Promise<PdqHash>}
 * @throws {FingerprintError} `blocked_by_browser`
 */
export async function hashFrame(frame) {
  try {
    if (frame instanceof ImageBitmap) return hashBitmap(frame);
    try {
      return await hashVideoFrame(frame);
    } catch {
      // Frames that stay in the graphics card can be drawn, but not be copied.
      return hashBitmap(await createImageBitmap(frame));
    }
  } finally {
    frame.close();
  }
}

/** @param {VideoFrame} frame @returns {Promise<PdqHash>} */
async function hashVideoFrame(frame) {
  if (!BRIGHTNESS_APART.has(frame.format ?? "")) return (await readFrame(frame, sinkFor)).finish();
  const size = frame.allocationSize();
  if (buffer.length < size) buffer = new Uint8Array(size);
  const [{ offset, stride }] = await frame.copyTo(buffer);
  const { width, height } = frame.visibleRect ?? { width: frame.codedWidth, height: frame.codedHeight };
  const scale = frame.colorSpace.fullRange ? AS_STORED : STRETCHED;
  const pdq = sinkFor(width, height);
  const row = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    const at = offset + y * stride;
    for (let x = 0; x < width; x++) row[x] = scale[buffer[at + x]];
    pdq.addRow(row);
  }
  return pdq.finish();
}

/** @param {ImageBitmap} bitmap @returns {PdqHash} */
function hashBitmap(bitmap) {
  if (!canvasTellsTheTruth()) throw new FingerprintError("blocked_by_browser");
  try {
    return readBitmap(bitmap, sinkFor).finish();
  } finally {
    bitmap.close();
  }
}

/** @param {number} width @param {number} height */
function sinkFor(width, height) {
  return new PdqAccumulator(width, height);
}
