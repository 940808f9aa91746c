// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * A picture file's pixels, as stored (not turned) and with alpha ignored, within what a phone can
 * take. Nothing here keeps a picture: rows go to a sink and are gone.
 *
 * Two ways lead there, and each is tried when the other fails. The canvas comes first: measured
 * against Pillow it gives the same PDQ to the bit, in every format. The decoder comes first where
 * the canvas is weak: for a picture with alpha, since a canvas loses the colours under transparent
 * places, and for a large one, since the decoder can read a JPEG at reduced size.
 */

import { canvasTellsTheTruth, readByCanvas } from "./canvas.js";
import { FingerprintError } from "./failures.js";
import { readHeader, withoutTurning } from "./header.js";
import { hasImageDecoder, readByDecoder } from "./webcodecs.js";

/** @typedef {import("./canvas.js").PixelSink} PixelSink */
/** @typedef {import("./header.js").PictureHeader} PictureHeader */
/** @typedef {import("./sniff.js").PictureFormat} PictureFormat */
/** @typedef {"canvas" | "decoder"} Way */

/** A larger picture file is refused: it is held in memory while it is decoded. */
export const LARGEST_FILE_BYTES = 64 * 2 ** 20;

/** A picture of more pixels is refused: decoded it would take 400 MB. */
export const LARGEST_PIXELS = 100e6;

/** A picture of more pixels is brought down to this many, if the browser can, to save memory. */
export const FULL_SIZE_PIXELS = 16e6;

/** Formats that every browser decodes: if one of these fails, the file is at fault. */
const UNIVERSAL_FORMATS = new Set(["jpeg", "png", "gif", "webp"]);

/**
 * Hands a picture's rows to a sink.
 * @template {PixelSink} S
 * @param {Blob} file
 * @param {PictureFormat} format as `sniff` told it
 * @param {(width: number, height: number) => S} sinkFor makes a sink for a picture of this size;
 *   called again if a second way of decoding is tried
 * @param {{onProgress?: (fraction: number) => void, signal?: AbortSignal, ways?: Way[]}} [options]
 *   `ways` overrides which ways are tried, in which order
 * @returns {Promise<S>} the sink that has all rows
 * @throws {FingerprintError} any of the codes
 */
export async function readPicture(file, format, sinkFor, { onProgress, signal, ways } = {}) {
  const header = await checkedHeader(file, format);
  const type = `image/${format}`;
  const hasDecoder = await hasImageDecoder(type);
  const options = { onProgress, signal, resizeTo: reducedSize(header) };
  /** @type {unknown} */
  let failure;
  for (const way of ways ?? orderOfWays(header, options.resizeTo !== undefined)) {
    if (signal?.aborted) throw new FingerprintError("cancelled");
    if (way === "decoder" && !hasDecoder) continue;
    try {
      if (way === "decoder") return await readByDecoder(file, type, sinkFor, options);
      return await readByCanvas(header ? withoutTurning(file, header) : file, sinkFor, options);
    } catch (error) {
      if (error instanceof FingerprintError && error.code === "cancelled") throw error;
      failure = error;
    }
  }
  if (!hasDecoder && !canvasTellsTheTruth()) throw new FingerprintError("blocked_by_browser");
  const isOurs = hasDecoder || UNIVERSAL_FORMATS.has(format);
  throw new FingerprintError(isOurs ? "damaged_file" : "unsupported_format", { cause: failure });
}

/** @param {PictureHeader | null} header @param {boolean} isLarge @returns {Way[]} */
function orderOfWays(header, isLarge) {
  const isWeakOnCanvas = isLarge || (header?.hasAlpha ?? true);
  return isWeakOnCanvas ? ["decoder", "canvas"] : ["canvas", "decoder"];
}

/**
 * The header, once it is sure that the picture is not too large.
 * @param {Blob} file
 * @param {PictureFormat} format
 */
async function checkedHeader(file, format) {
  if (file.size > LARGEST_FILE_BYTES) throw new FingerprintError("too_large");
  const header = readHeader(await bytesOf(file), format);
  if (!header && UNIVERSAL_FORMATS.has(format)) throw new FingerprintError("damaged_file");
  if (header && header.width * header.height > LARGEST_PIXELS) throw new FingerprintError("too_large");
  return header;
}

/** @param {Blob} file */
async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new FingerprintError("damaged_file", { cause });
  }
}

/** The size to decode at, when the full one is too much. @param {PictureHeader | null} header */
function reducedSize(header) {
  if (!header || header.width * header.height <= FULL_SIZE_PIXELS) return undefined;
  const scale = Math.sqrt(FULL_SIZE_PIXELS / (header.width * header.height));
  return {
    width: Math.max(1, Math.round(header.width * scale)),
    height: Math.max(1, Math.round(header.height * scale)),
  };
}
