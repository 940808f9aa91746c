// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * What a picture's header says, read before anything is decoded: its size, whether it may have
 * transparent places, and where it asks to be turned.
 *
 * PDQ is taken of the pixels as stored. Browsers turn a picture as its EXIF note says, even when a
 * page asks them not to, so the note is left out of what they are given.
 */

/** @typedef {import("./sniff.js").PictureFormat} PictureFormat */

/**
 * `edits` are the places to change so that no decoder turns the picture, in file order.
 * @typedef {{start: number, end: number, instead: string}} Edit
 * @typedef {{width: number, height: number, hasAlpha: boolean, edits: Edit[]}} PictureHeader
 */

const SEARCHED_BYTES = 1 << 20;
const EXTENTS_BOX = 0x69737065; // ispe
const AUXILIARY_BOX = 0x61757843; // auxC

/** @type {Record<PictureFormat, (view: DataView) => PictureHeader | null>} */
const READERS = {
  jpeg: readJpeg,
  png: readPng,
  webp: readWebp,
  gif: readGif,
  avif: readIsoMedia,
  heic: readIsoMedia,
};

/**
 * The header of a picture, or null when the file ends or makes no sense before its size is told.
 * @param {Uint8Array} bytes the whole file
 * @param {PictureFormat} format
 * @returns {PictureHeader | null}
 */
export function readHeader(bytes, format) {
  try {
    const header = READERS[format](new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    return header && header.width > 0 && header.height > 0 ? header : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * The file without its note on turning; nothing is copied.
 * @param {Blob} file
 * @param {PictureHeader} header
 * @returns {Blob}
 */
export function withoutTurning(file, header) {
  const parts = [];
  let at = 0;
  for (const { start, end, instead } of header.edits) {
    parts.push(file.slice(at, start), instead);
    at = end;
  }
  return parts.length > 0 ? new Blob([...parts, file.slice(at)], { type: file.type }) : file;
}

/** Four letters at a place. */
function letters(/** @type {DataView} */ view, /** @type {number} */ at) {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
}

/** Walks the segments up to the frame header. @param {DataView} view @returns {PictureHeader | null} */
function readJpeg(view) {
  /** @type {Edit[]} */
  const edits = [];
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), hasAlpha: false, edits };
    }
    if (marker === 0xd9 || marker === 0xda) return null;
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xe1 && end - at >= 10 && letters(view, at + 4) === "Exif") {
      edits.push({ start: at, end, instead: "" });
    }
    at = end;
  }
}

/** Walks the chunks to the end. @param {DataView} view @returns {PictureHeader} */
function readPng(view) {
  /** @type {Edit[]} */
  const edits = [];
  // Colour types 4 and 6 have an alpha channel; others may name transparent colours.
  let hasAlpha = (view.getUint8(25) & 4) !== 0;
  for (let at = 8; at + 12 <= view.byteLength; ) {
    const end = at + 12 + view.getUint32(at);
    const kind = letters(view, at + 4);
    if (kind === "eXIf") edits.push({ start: at, end, instead: "" });
    hasAlpha ||= kind === "tRNS";
    at = end;
  }
  return { width: view.getUint32(16), height: view.getUint32(20), hasAlpha, edits };
}

/** A GIF may have transparent places in any frame. @param {DataView} view @returns {PictureHeader} */
function readGif(view) {
  return { width: view.getUint16(6, true), height: view.getUint16(8, true), hasAlpha: true, edits: [] };
}

/** Walks the chunks to the end. @param {DataView} view @returns {PictureHeader | null} */
function readWebp(view) {
  const size = webpSize(view);
  if (!size) return null;
  /** @type {Edit[]} */
  const edits = [];
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const length = view.getUint32(at + 4, true);
    if (letters(view, at) === "EXIF") edits.push({ start: at, end: at + 4, instead: "JUNK" });
    at += 8 + length + (length % 2);
  }
  return { ...size, edits };
}

/** What the first chunk tells: plain, lossless or extended. */
function webpSize(/** @type {DataView} */ view) {
  const kind = letters(view, 12);
  if (kind === "VP8 ") {
    const width = view.getUint16(26, true) & 0x3fff;
    return { width, height: view.getUint16(28, true) & 0x3fff, hasAlpha: false };
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    const hasAlpha = (bits & (1 << 28)) !== 0;
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, hasAlpha };
  }
  if (kind !== "VP8X") return null;
  return {
    width: (view.getUint32(24, true) & 0xffffff) + 1,
    height: (view.getUint32(26, true) >>> 8) + 1,
    hasAlpha: (view.getUint8(20) & 0x10) !== 0,
  };
}

/**
 * The largest `ispe` (image spatial extents) box; tiles and thumbnails have smaller ones. A picture
 * with an auxiliary one (`auxC`) is taken to have alpha.
 */
function readIsoMedia(/** @type {DataView} */ view) {
  /** @type {PictureHeader} */
  const header = { width: 0, height: 0, hasAlpha: false, edits: [] };
  const last = Math.min(view.byteLength, SEARCHED_BYTES) - 16;
  for (let at = 4; at <= last; at++) {
    const box = view.getUint32(at);
    if (box === AUXILIARY_BOX) header.hasAlpha = true;
    if (box !== EXTENTS_BOX) continue;
    const width = view.getUint32(at + 8);
    const height = view.getUint32(at + 12);
    if (width * height > header.width * header.height) Object.assign(header, { width, height });
  }
  return header;
}
