// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** Tells what a file is by its first bytes; its name and declared type are not believed. */

/** How many bytes from the start are enough. */
export const SNIFF_BYTES = 512;

/**
 * @typedef {"jpeg" | "png" | "webp" | "gif" | "heic" | "avif"} PictureFormat
 * @typedef {"mp4" | "mov" | "webm" | "mkv" | "avi"} VideoFormat
 * @typedef {{kind: "image", format: PictureFormat} | {kind: "video", format: VideoFormat}} FileKind
 */

const AVIF_BRANDS = new Set(["avif", "avis"]);
const HEIC_BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]);
const NOT_VIDEO_BRANDS = new Set(["M4A ", "M4B ", "M4P ", "crx ", "jp2 ", "jxl "]);
const BARE_QUICKTIME_BOXES = new Set(["moov", "mdat", "wide", "pnot"]);

/** The bytes from `start` to `end` read as Latin letters. */
function text(/** @type {Uint8Array} */ bytes, /** @type {number} */ start, /** @type {number} */ end) {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/**
 * What the file is that begins with these bytes, or null: neither a picture nor a video we know.
 * @param {Uint8Array} bytes the first `SNIFF_BYTES`, or all there are
 * @returns {FileKind | null}
 */
export function sniff(bytes) {
  const head = text(bytes, 0, 12);
  if (head.startsWith("\xff\xd8\xff")) return { kind: "image", format: "jpeg" };
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return { kind: "image", format: "png" };
  if (/^GIF8[79]a/.test(head)) return { kind: "image", format: "gif" };
  if (/^RIFF[^]{4}WEBP/.test(head)) return { kind: "image", format: "webp" };
  if (/^RIFF[^]{4}AVI /.test(head)) return { kind: "video", format: "avi" };
  if (head.startsWith("\x1aE\xdf\xa3")) return sniffMatroska(bytes);
  if (head.slice(4, 8) === "ftyp") return sniffIsoMedia(bytes);
  if (BARE_QUICKTIME_BOXES.has(head.slice(4, 8))) return { kind: "video", format: "mov" };
  return null;
}

/** WebM and Matroska share one container; its document type tells them apart. @returns {FileKind} */
function sniffMatroska(/** @type {Uint8Array} */ bytes) {
  const isWebm = text(bytes, 0, 64).includes("webm");
  return { kind: "video", format: isWebm ? "webm" : "mkv" };
}

/** The brands in a `ftyp` box tell HEIC, AVIF, QuickTime and MP4 apart. @returns {FileKind | null} */
function sniffIsoMedia(/** @type {Uint8Array} */ bytes) {
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  const end = Math.min(Math.max(size, 12), bytes.length);
  const brands = [text(bytes, 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(bytes, at, at + 4));
  if (brands.some((brand) => AVIF_BRANDS.has(brand))) return { kind: "image", format: "avif" };
  if (brands.some((brand) => HEIC_BRANDS.has(brand))) return { kind: "image", format: "heic" };
  if (NOT_VIDEO_BRANDS.has(brands[0])) return null;
  return { kind: "video", format: brands[0] === "qt  " ? "mov" : "mp4" };
}
