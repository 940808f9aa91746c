// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Regional PDQ on the device: a picture as the hashes of its most telling regions and where they lie,
 * as `signals/_rpdq.py` makes a report's. It also finds copies that are cut, or small in a screenshot;
 * it is nearly a rough grey copy of the picture, and is sent only where the person agreed.
 *
 *     luma ─► 400 pixels ─► keypoints ─► the largest and clearest, photographed ones ─► hash each
 */

import { keypoints } from "./keypoints.js";
import { angleOf } from "./orientation.js";
import { isPhotographed } from "./plain_regions.js";
import { regionHash } from "./region_hash.js";
import { resized, sizeFor } from "./resized.js";
import { scaleSpace } from "./scale_space.js";

/** @typedef {import("./luma.js").LumaPicture} LumaPicture */
/** @typedef {import("./plain_regions.js").Place} Place */

/** The short side at which drawn regions are told from photographed ones; a picture should have it. */
export const CLOSE_SIDE_PIXELS = 800;

const SHORT_SIDE_PIXELS = 400;
const LIMITS = { longSide: 2000, leastSide: 16 };
const MOST_REGIONS = 60;
const MOST_CANDIDATES = 2000;
const RADIUS_SIGMAS = 6;
const LEAST_RADIUS_PIXELS = 10;
const MOST_RADIUS_PIXELS = 50;
const MARGIN_RADII = 0.6;

const HEAD_BYTES = 5;
const RECORD_BYTES = 38;
const HASH_BYTES = 32;
const VERSION = 1;
const LONG_SIDE = 65_535;
const STEPS_AN_OCTAVE = 24;
const OCTAVES_BELOW = 10;
const ANGLES = 256;

/**
 * The regional signal of a picture: at most 60 regions, the most telling ones first, less than 2.4 KB.
 * @param {LumaPicture} picture
 * @returns {string | null} hexadecimal digits; null for a picture that has no such regions, as one that
 *   is flat or drawn
 */
export function rpdqOf(picture) {
  const size = sizeFor(picture, { ...LIMITS, shortSide: SHORT_SIDE_PIXELS });
  const octaves = scaleSpace(resized(picture, size));
  const close = inLevels(picture);
  const scale = close.width / size.width;
  /** @type {Place[]} */
  const regions = [];
  for (const place of candidates(octaves, size)) {
    if (regions.length === MOST_REGIONS) break;
    if (isPhotographed(close, scaled(place, scale))) regions.push(place);
  }
  if (regions.length === 0) return null;
  return recordOf(octaves, regions, size);
}

/**
 * The picture at the size at which it is looked at closely.
 * @param {LumaPicture} picture
 * @returns {LumaPicture}
 */
function inLevels(picture) {
  const size = sizeFor(picture, { ...LIMITS, shortSide: CLOSE_SIDE_PIXELS });
  const { values } = resized(picture, size);
  const luma = new Uint8Array(values.length);
  for (let i = 0; i < luma.length; i++) luma[i] = Math.floor(Math.fround(values[i] + 0.5));
  return { luma, ...size };
}

/**
 * The largest and clearest regions within the picture, best first; each is turned as it is asked for.
 * @param {import("./resized.js").Plane[][]} octaves
 * @param {{width: number, height: number}} size
 * @returns {Generator<Place>}
 */
function* candidates(octaves, { width, height }) {
  const inside = keypoints(octaves, LEAST_RADIUS_PIXELS / RADIUS_SIGMAS).filter(({ x, y, sigma }) => {
    if (RADIUS_SIGMAS * sigma > MOST_RADIUS_PIXELS) return false;
    const room = MARGIN_RADII * RADIUS_SIGMAS * sigma;
    return x >= room && x < width - room && y >= room && y < height - room;
  });
  inside.sort((one, other) => other.contrast * other.sigma - one.contrast * one.sigma);
  let count = 0;
  for (const keypoint of inside) {
    const angle = angleOf(keypoint);
    if (angle === null) continue;
    const { x, y, sigma } = keypoint;
    yield { x, y, radius: RADIUS_SIGMAS * sigma, angle };
    if (++count === MOST_CANDIDATES) return;
  }
}

/**
 * A place in the pixels of a larger picture, from pixel centres to pixel centres.
 * @param {Place} place
 * @param {number} scale
 */
function scaled({ x, y, radius, angle }, scale) {
  return { x: (x + 0.5) * scale - 0.5, y: (y + 0.5) * scale - 0.5, radius: radius * scale, angle };
}

/**
 * The record (`signals/_regions.py`): version u8, width and height u16, then for each region its hash,
 * x and y u16, scale and angle u8; big-endian, lengths as parts of the longer side.
 * @param {import("./resized.js").Plane[][]} octaves
 * @param {Place[]} regions
 * @param {{width: number, height: number}} size
 */
function recordOf(octaves, regions, { width, height }) {
  const bytes = new Uint8Array(HEAD_BYTES + regions.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  const longest = Math.max(width, height);
  const part = (/** @type {number} */ length) => Math.floor((length * LONG_SIDE) / longest + 0.5);
  view.setUint8(0, VERSION);
  view.setUint16(1, Math.max(1, part(width)));
  view.setUint16(3, Math.max(1, part(height)));
  regions.forEach((region, number) => {
    const at = HEAD_BYTES + number * RECORD_BYTES;
    const octave = Math.log2(region.radius / longest) + OCTAVES_BELOW;
    const turn = Math.floor((region.angle * ANGLES) / (2 * Math.PI) + 0.5);
    bytes.set(regionHash(octaves, region), at);
    view.setUint16(at + HASH_BYTES, clipped(part(region.x + 0.5), LONG_SIDE));
    view.setUint16(at + HASH_BYTES + 2, clipped(part(region.y + 0.5), LONG_SIDE));
    view.setUint8(at + HASH_BYTES + 4, clipped(Math.floor(octave * STEPS_AN_OCTAVE + 0.5), 255));
    view.setUint8(at + HASH_BYTES + 5, ((turn % ANGLES) + ANGLES) % ANGLES);
  });
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {number} value @param {number} most */
function clipped(value, most) {
  return Math.min(Math.max(value, 0), most);
}
