// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Pixels by way of WebCodecs' ImageDecoder, where the browser has it (Chromium, Firefox): raw
 * orientation, colours untouched by alpha, and large JPEGs decoded at reduced size, which a canvas
 * cannot do.
 */

import { FingerprintError } from "./failures.js";

/** @typedef {import("./canvas.js").PixelSink} PixelSink */
/** @typedef {import("./canvas.js").ReadOptions} ReadOptions */
/** @typedef {{x: number, y: number, width: number, height: number}} Rect */

const STRIP_PIXELS = 1 << 18;
/** These are taken as they are; anything else the browser converts. */
const PACKED_FORMATS = new Set(["RGBA", "RGBX", "BGRA", "BGRX"]);

/**
 * Whether this browser can decode the type this way.
 * @param {string} type a MIME type
 * @returns {Promise<boolean>}
 */
export async function hasImageDecoder(type) {
  return typeof ImageDecoder === "function" && (await ImageDecoder.isTypeSupported(type));
}

/**
 * Decodes a picture (the first frame, if it moves) and hands its rows on, top to bottom.
 * @template {PixelSink} S
 * @param {Blob} file
 * @param {string} type its MIME type
 * @param {(width: number, height: number) => S} sinkFor called once, when the size is known
 * @param {ReadOptions} [options]
 *   the decoder may take `resizeTo` as a hint or not at all
 * @returns {Promise<S>}
 * @throws {FingerprintError} `cancelled`
 * @throws {DOMException} the browser cannot decode the file
 */
export async function readByDecoder(file, type, sinkFor, { resizeTo, onProgress, signal } = {}) {
  const decoder = new ImageDecoder({
    type,
    data: await file.arrayBuffer(),
    colorSpaceConversion: "none",
    preferAnimation: false,
    ...(resizeTo && { desiredWidth: resizeTo.width, desiredHeight: resizeTo.height }),
  });
  try {
    const { image } = await decoder.decode({ frameIndex: 0, completeFramesOnly: true });
    try {
      return await readFrame(image, sinkFor, { onProgress, signal });
    } finally {
      image.close();
    }
  } finally {
    decoder.close();
  }
}

/**
 * Hands the rows of a decoded frame on, top to bottom; the frame stays open.
 * @template {PixelSink} S
 * @param {VideoFrame} frame
 * @param {(width: number, height: number) => S} sinkFor called once
 * @param {ReadOptions} [options] without a size
 * @returns {Promise<S>}
 * @throws {FingerprintError} `cancelled`
 * @throws {DOMException} the browser does not give its pixels
 */
export async function readFrame(frame, sinkFor, { onProgress, signal } = {}) {
  const whole = { x: 0, y: 0, width: frame.codedWidth, height: frame.codedHeight };
  const { x, y, width, height } = frame.visibleRect ?? whole;
  const sink = sinkFor(width, height);
  const addRows = rowAdder(frame, sink);
  // Planes with halved colour are copied in pairs of rows.
  const rows = Math.max(2, 2 * Math.floor(STRIP_PIXELS / width / 2));
  for (let top = 0; top < height; top += rows) {
    if (signal?.aborted) throw new FingerprintError("cancelled");
    const count = Math.min(rows, height - top);
    await addRows({ x, y: y + top, width, height: count });
    onProgress?.((top + count) / height);
  }
  return sink;
}

/**
 * How rows of this frame are copied out and handed on. Brightness that stands apart (YUV) is not
 * taken as it is: in strong colours it differs from that of red, green and blue by 12 bits of PDQ.
 * @param {VideoFrame} frame
 * @param {PixelSink} sink
 * @returns {(rect: Rect) => Promise<void>}
 */
function rowAdder(frame, sink) {
  const format = frame.format ?? "";
  const isPacked = PACKED_FORMATS.has(format);
  let buffer = new Uint8Array(0);
  return async (rect) => {
    /** @type {VideoFrameCopyToOptions} */
    const options = isPacked ? { rect } : { rect, format: "RGBA" };
    const size = frame.allocationSize(options);
    if (buffer.length < size) buffer = new Uint8Array(size);
    const [{ offset, stride }] = await frame.copyTo(buffer, options);
    sink.addRgba(buffer, rect.height, { offset, stride, isBgr: format.startsWith("BGR") });
  };
}
