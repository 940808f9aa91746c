// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Keypoints, as `signals/_keypoints.py` has them: blobs that are found again at another size, turned,
 * cut, and among other things. Extrema of the difference of Gaussians in place and scale, refined by
 * one step of a quadratic fit, without those of little contrast and those on edges (Lowe, IJCV 2004,
 * sections 3 and 4).
 */

import { FIRST_SIGMA, INTERVALS } from "./scale_space.js";

/** @typedef {import("./resized.js").Plane} Plane */

/**
 * A keypoint: its place and blur in the picture's pixels (a pixel's centre at whole numbers), its
 * contrast in levels of brightness; and the level that is nearest in blur, with the place there.
 * @typedef {{
 *   x: number, y: number, sigma: number, contrast: number,
 *   level: Plane, levelX: number, levelY: number, levelSigma: number,
 * }} Keypoint
 */

const LEAST_CONTRAST = 1.7;
const EDGE_RATIO = 12;
const BORDER = 5;
const MOST_A_LAYER = 20_000;

/**
 * The keypoints of a scale space of at least `leastSigma`, by octave, layer, row and column.
 * @param {Plane[][]} octaves
 * @param {number} leastSigma
 * @returns {Keypoint[]}
 */
export function keypoints(octaves, leastSigma) {
  /** @type {Keypoint[]} */
  const found = [];
  octaves.forEach((levels, number) => {
    const size = 2 ** number;
    if (FIRST_SIGMA * 2 ** ((INTERVALS + 1.5) / INTERVALS) * size < leastSigma) return;
    const differences = levels.slice(1).map((after, i) => difference(after, levels[i]));
    for (let layer = 1; layer <= INTERVALS; layer++) {
      const [below, here, above] = differences.slice(layer - 1, layer + 2);
      const { width, height } = levels[0];
      for (const spot of extrema(below, here, above, width, height, layer)) {
        if (spot.sigma * size >= leastSigma) found.push(inPicture(spot, levels, size));
      }
    }
  });
  return found;
}

/** @typedef {{x: number, y: number, sigma: number, contrast: number}} Spot */

/** @param {Plane} after @param {Plane} before @returns {Float32Array} */
function difference(after, before) {
  const out = new Float32Array(after.values.length);
  for (let i = 0; i < out.length; i++) out[i] = after.values[i] - before.values[i];
  return out;
}

/**
 * @param {Spot} spot
 * @param {Plane[]} levels
 * @param {number} size of the octave's pixels
 * @returns {Keypoint}
 */
function inPicture({ x, y, sigma, contrast }, levels, size) {
  const nearest = Math.round(Math.log2(sigma / FIRST_SIGMA) * INTERVALS);
  return {
    x: x * size,
    y: y * size,
    sigma: sigma * size,
    contrast,
    level: levels[Math.min(Math.max(nearest, 0), levels.length - 1)],
    levelX: x,
    levelY: y,
    levelSigma: sigma,
  };
}

/**
 * The extrema of one layer in the octave's pixels.
 * @param {Float32Array} below
 * @param {Float32Array} here
 * @param {Float32Array} above
 * @param {number} width
 * @param {number} height
 * @param {number} layer
 */
function extrema(below, here, above, width, height, layer) {
  /** @type {Spot[]} */
  const spots = [];
  for (let y = BORDER; y < height - BORDER; y++) {
    for (let x = BORDER; x < width - BORDER; x++) {
      const at = y * width + x;
      if (Math.abs(here[at]) < 0.5 * LEAST_CONTRAST) continue;
      if (spots.length >= MOST_A_LAYER || !isExtreme(below, here, above, at, width)) continue;
      const spot = refined(below, here, above, at, width, layer);
      if (spot) spots.push({ ...spot, x: x + spot.x, y: y + spot.y });
    }
  }
  return spots;
}

/**
 * Whether no neighbour in place or scale goes further from zero on the same side.
 * @param {Float32Array} below
 * @param {Float32Array} here
 * @param {Float32Array} above
 * @param {number} at
 * @param {number} width
 */
function isExtreme(below, here, above, at, width) {
  const side = here[at] > 0 ? 1 : -1;
  const value = side * here[at];
  for (let row = at - width; row <= at + width; row += width) {
    for (let i = row - 1; i <= row + 1; i++) {
      if (side * here[i] > value || side * below[i] > value || side * above[i] > value) return false;
    }
  }
  return true;
}

/**
 * The extremum as a quadratic fit moves it, its place counted from `at`; null when it is not worth
 * keeping.
 * @param {Float32Array} below
 * @param {Float32Array} here
 * @param {Float32Array} above
 * @param {number} at
 * @param {number} width
 * @param {number} layer
 * @returns {Spot | null}
 */
function refined(below, here, above, at, width, layer) {
  const value = here[at];
  // Slopes and curvatures along x, y and scale.
  const gx = (here[at + 1] - here[at - 1]) * 0.5;
  const gy = (here[at + width] - here[at - width]) * 0.5;
  const gs = (above[at] - below[at]) * 0.5;
  const xx = here[at + 1] + here[at - 1] - 2 * value;
  const yy = here[at + width] + here[at - width] - 2 * value;
  const ss = above[at] + below[at] - 2 * value;
  const xy = crossed(here, at, 1, width);
  const xs = (above[at + 1] - above[at - 1] - below[at + 1] + below[at - 1]) * 0.25;
  const ys = (above[at + width] - above[at - width] - below[at + width] + below[at - width]) * 0.25;
  const flat = xx * (yy * ss - ys * ys) - xy * (xy * ss - ys * xs) + xs * (xy * ys - yy * xs);
  if (flat === 0) return null;
  // Cramer's rule; a step of more than a pixel is cut to one.
  const dx = step(gx * (yy * ss - ys * ys) - xy * (gy * ss - ys * gs) + xs * (gy * ys - yy * gs), flat);
  const dy = step(xx * (gy * ss - gs * ys) - gx * (xy * ss - ys * xs) + xs * (xy * gs - gy * xs), flat);
  const ds = step(xx * (yy * gs - ys * gy) - xy * (xy * gs - gy * xs) + gx * (xy * ys - yy * xs), flat);
  const contrast = Math.abs(value + 0.5 * (gx * dx + gy * dy + gs * ds));
  const both = xx + yy;
  const product = xx * yy - xy * xy;
  const isEdge = product <= 0 || both * both * EDGE_RATIO >= (EDGE_RATIO + 1) ** 2 * product;
  if (contrast < LEAST_CONTRAST || isEdge) return null;
  const sigma = FIRST_SIGMA * 2 ** ((layer + ds) / INTERVALS);
  return { x: dx, y: dy, sigma, contrast };
}

/**
 * The curvature across two axes.
 * @param {Float32Array} here
 * @param {number} at
 * @param {number} one
 * @param {number} other
 */
function crossed(here, at, one, other) {
  const same = here[at + one + other] + here[at - one - other];
  return (same - here[at - one + other] - here[at + one - other]) * 0.25;
}

/** @param {number} part @param {number} whole */
function step(part, whole) {
  return Math.min(Math.max(-part / whole, -1), 1);
}
