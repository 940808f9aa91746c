// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Regions that are drawn and not photographed (letters, buttons, logos, stickers), as
 * `signals/_plain_regions.py` tells them: by how few brightnesses they are made of, unless they are
 * dim and smooth. Unrelated pictures share such regions, so they are no part of a report.
 */

/** @typedef {import("./luma.js").LumaPicture} LumaPicture */
/** @typedef {{x: number, y: number, radius: number, angle: number}} Place */

const SIDE = 64;
const LEVELS = 256;
const BAND_LEVELS = 4;
const EDGE_BAND_LEVELS = 6;
const MOST_PLAIN = 0.4;
const MOST_ONE_SIDED = 0.55;
const EDGE_SHARE = 0.15;
const LEAST_SLOPE = 6;
const STEEPEST_SHARE = 0.03;
const STEEP = 20;
const MOST_OF_ONE = 0.3;
const REACH = 2;

/**
 * Whether a region is photographed.
 * @param {LumaPicture} picture
 * @param {Place} place in the picture's pixels
 * @returns {boolean}
 */
export function isPhotographed(picture, place) {
  const square = sample(picture, place);
  const found = slopesOf(square);
  if (plainness(square) <= MOST_PLAIN && sidedness(square, found) <= MOST_ONE_SIDED) return true;
  return isSoft(square, found.counts);
}

/** The nearest pixels of the turned region. @param {LumaPicture} picture @param {Place} place */
function sample({ luma, width, height }, { x, y, radius, angle }) {
  const square = new Uint8Array(SIDE * SIDE);
  const along = (Math.cos(angle) * radius) / (SIDE / 2);
  const across = (Math.sin(angle) * radius) / (SIDE / 2);
  const middle = (SIDE - 1) / 2;
  for (let v = 0; v < SIDE; v++) {
    for (let u = 0; u < SIDE; u++) {
      const column = Math.floor(x + along * (u - middle) - across * (v - middle) + 0.5);
      const row = Math.floor(y + across * (u - middle) + along * (v - middle) + 0.5);
      const at = Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1);
      square[v * SIDE + u] = luma[at];
    }
  }
  return square;
}

/**
 * How many lie in the fullest band of `levels` to both sides of a level, and that level.
 * @param {Int32Array} histogram
 * @param {number} levels
 */
function fullestBand(histogram, levels) {
  let most = 0;
  let level = 0;
  let count = 0;
  for (let i = 0; i < levels; i++) count += histogram[i];
  for (let middle = 0; middle < LEVELS; middle++) {
    if (middle + levels < LEVELS) count += histogram[middle + levels];
    if (middle - levels > 0) count -= histogram[middle - levels - 1];
    if (count > most) [most, level] = [count, middle];
  }
  return { most, level };
}

/** The share of the two commonest brightnesses, bands that do not overlap. @param {Uint8Array} square */
function plainness(square) {
  const histogram = histogramOf(square);
  const first = fullestBand(histogram, BAND_LEVELS);
  histogram.fill(0, Math.max(0, first.level - 2 * BAND_LEVELS), first.level + 2 * BAND_LEVELS + 1);
  return (first.most + fullestBand(histogram, BAND_LEVELS).most) / (SIDE * SIDE);
}

/** @param {Uint8Array} square */
function histogramOf(square) {
  const histogram = new Int32Array(LEVELS);
  for (const value of square) histogram[value]++;
  return histogram;
}

/**
 * Whether nothing is steep and no brightness, give or take a level, covers much: no paper, no shadow.
 * @param {Uint8Array} square
 * @param {Int32Array} counts
 */
function isSoft(square, counts) {
  if (thresholdOf(counts, STEEPEST_SHARE) >= STEEP) return false;
  return fullestBand(histogramOf(square), 1).most <= MOST_OF_ONE * SIDE * SIDE;
}

/** What so large a share of the slopes exceeds. @param {Int32Array} counts @param {number} share */
function thresholdOf(counts, share) {
  let threshold = LEVELS - 1;
  for (let seen = 0; threshold > 0 && seen < share * SIDE * SIDE; threshold--) seen += counts[threshold];
  return threshold;
}

/**
 * The larger central difference everywhere, and how often each comes.
 * @param {Uint8Array} square
 */
function slopesOf(square) {
  const slopes = new Uint8Array(SIDE * SIDE);
  const counts = new Int32Array(LEVELS);
  for (let at = 0; at < slopes.length; at++) {
    const u = at % SIDE;
    const isInside = at >= SIDE && at < slopes.length - SIDE;
    const across = u > 0 && u < SIDE - 1 ? Math.abs(square[at + 1] - square[at - 1]) : 0;
    const down = isInside ? Math.abs(square[at + SIDE] - square[at - SIDE]) : 0;
    slopes[at] = Math.max(across, down);
    counts[slopes[at]]++;
  }
  return { slopes, counts };
}

/**
 * Of the steepest places, the share whose darker or whose brighter side is one brightness.
 * @param {Uint8Array} square
 * @param {{slopes: Uint8Array, counts: Int32Array}} found
 */
function sidedness(square, { slopes, counts }) {
  const threshold = Math.max(thresholdOf(counts, EDGE_SHARE), LEAST_SLOPE);
  const darker = new Int32Array(LEVELS);
  const brighter = new Int32Array(LEVELS);
  let count = 0;
  for (let v = REACH; v < SIDE - REACH; v++) {
    for (let u = REACH; u < SIDE - REACH; u++) {
      if (slopes[v * SIDE + u] <= threshold) continue;
      const { low, high } = extremesAround(square, u, v);
      darker[low]++;
      brighter[high]++;
      count++;
    }
  }
  const one = fullestBand(darker, EDGE_BAND_LEVELS).most;
  const other = fullestBand(brighter, EDGE_BAND_LEVELS).most;
  return Math.max(one, other) / Math.max(count, 1);
}

/** @param {Uint8Array} square @param {number} u @param {number} v */
function extremesAround(square, u, v) {
  let low = LEVELS - 1;
  let high = 0;
  for (let i = v - REACH; i <= v + REACH; i++) {
    for (let j = u - REACH; j <= u + REACH; j++) {
      const value = square[i * SIDE + j];
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return { low, high };
}
