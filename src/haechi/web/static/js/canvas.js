// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Pixels by way of a canvas, which every browser has: the picture is decoded whole by the browser,
 * then drawn and read a strip at a time.
 *
 * A canvas keeps colours multiplied by alpha, so what lies under transparent places is lost here.
 */

import { FingerprintError } from "./failures.js";

const STRIP_PIXELS = 1 << 18;
const PROBE_TOLERANCE = 4;

/**
 * Where pixels go, four bytes each, some rows at a time: `PdqAccumulator` is one.
 * @typedef {{offset?: number, stride?: number, isBgr?: boolean}} Layout
 * @typedef {{addRgba(pixels: Uint8Array | Uint8ClampedArray, rows: number, layout?: Layout): void}} PixelSink
 */

/**
 * How: the size to decode at, if not the full one; what to tell; when to stop.
 * @typedef {{
 *   resizeTo?: {width: number, height: number},
 *   onProgress?: (fraction: number) => void,
 *   signal?: AbortSignal,
 * }} ReadOptions
 */

/**
 * Decodes a picture and hands its rows on, top to bottom, as they are stored.
 * @template {PixelSink} S
 * @param {Blob} file with no note on turning
 * @param {(width: number, height: number) => S} sinkFor called once, when the size is known
 * @param {ReadOptions} [options]
 * @returns {Promise<S>}
 * @throws {FingerprintError} `blocked_by_browser`, `cancelled`
 * @throws {DOMException} the browser cannot decode the file
 */
export async function readByCanvas(file, sinkFor, { resizeTo, onProgress, signal } = {}) {
  if (!canvasTellsTheTruth()) throw new FingerprintError("blocked_by_browser");
  const bitmap = await createImageBitmap(file, bitmapOptions(resizeTo));
  try {
    return readBitmap(bitmap, sinkFor, { onProgress, signal });
  } finally {
    bitmap.close();
  }
}

/**
 * Hands the rows of a decoded picture on, top to bottom; the picture stays open.
 * @template {PixelSink} S
 * @param {ImageBitmap} bitmap
 * @param {(width: number, height: number) => S} sinkFor called once
 * @param {ReadOptions} [options] without a size
 * @returns {S}
 * @throws {FingerprintError} `blocked_by_browser`, `cancelled`
 */
export function readBitmap(bitmap, sinkFor, { onProgress, signal } = {}) {
  const { width, height } = bitmap;
  const sink = sinkFor(width, height);
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const context = readableContext(width, rows);
  for (let y = 0; y < height; y += rows) {
    if (signal?.aborted) throw new FingerprintError("cancelled");
    const count = Math.min(rows, height - y);
    context.drawImage(bitmap, 0, -y);
    sink.addRgba(context.getImageData(0, 0, width, count).data, count);
    onProgress?.((y + count) / height);
  }
  return sink;
}

/**
 * No turning, no colour management, no alpha applied: what the file says, as far as browsers obey.
 * @param {{width: number, height: number} | undefined} size
 * @returns {ImageBitmapOptions}
 */
function bitmapOptions(size) {
  /** @type {ImageBitmapOptions} */
  const options = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  if (!size) return options;
  return { ...options, resizeWidth: size.width, resizeHeight: size.height, resizeQuality: "high" };
}

/** @param {number} width @param {number} height @returns {OffscreenCanvasRenderingContext2D} */
function readableContext(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new FingerprintError("blocked_by_browser");
  context.globalCompositeOperation = "copy";
  return context;
}

/**
 * Whether a canvas gives back what was drawn. Browsers that hide their user from trackers answer
 * with noise or with white; a fingerprint of that would protect nobody.
 * @returns {boolean}
 */
export function canvasTellsTheTruth() {
  if (typeof OffscreenCanvas !== "function") return false;
  const colours = [[0, 0, 0], [255, 0, 0], [0, 96, 255], [200, 200, 64]];
  const context = readableContext(colours.length, 1);
  context.globalCompositeOperation = "source-over";
  colours.forEach((colour, x) => {
    context.fillStyle = `rgb(${colour.join(" ")})`;
    context.fillRect(x, 0, 1, 1);
  });
  const seen = context.getImageData(0, 0, colours.length, 1).data;
  return colours.every((colour, x) =>
    colour.every((value, i) => Math.abs(value - seen[x * 4 + i]) <= PROBE_TOLERANCE),
  );
}
