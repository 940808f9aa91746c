// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * The scale space of a picture, as `signals/_scale_space.py` has it: ever more blurred, and halved
 * once an octave (Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004,
 * section 3).
 */

/** @typedef {import("./resized.js").Plane} Plane */

/** So many scales an octave are searched. */
export const INTERVALS = 3;

/** The blur of the first level of an octave, in its pixels. */
export const FIRST_SIGMA = 1.6;

const SIGMA_AS_SENT = 0.5;
const LEAST_SIDE = 24;
const REACH_SIGMAS = 3;

/** The weights of a Gaussian out to three sigmas, with a sum of 1. @param {number} sigma */
function bell(sigma) {
  const reach = Math.max(1, Math.ceil(REACH_SIGMAS * sigma));
  const weights = new Float32Array(2 * reach + 1);
  for (let i = -reach; i <= reach; i++) weights[i + reach] = Math.exp(-0.5 * (i / sigma) ** 2);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The plane under a Gaussian; beyond its borders it is its own mirror image.
 * @param {Plane} plane
 * @param {number} sigma
 * @returns {Plane}
 */
function blurred(plane, sigma) {
  const weights = bell(sigma);
  return blurredDown(blurredAcross(plane, weights), weights);
}

/** @param {Plane} plane @param {Float32Array} weights @returns {Plane} */
function blurredAcross({ values, width, height }, weights) {
  const reach = weights.length >> 1;
  const out = new Float32Array(width * height);
  const padded = new Float32Array(width + 2 * reach);
  for (let y = 0; y < height; y++) {
    const at = y * width;
    padded.set(values.subarray(at, at + width), reach);
    for (let i = 0; i < reach; i++) {
      padded[reach - 1 - i] = values[at + Math.min(width - 1, i)];
      padded[reach + width + i] = values[at + Math.max(0, width - 1 - i)];
    }
    for (let x = 0; x < width; x++) {
      // The bell is the same on both sides.
      let sum = weights[reach] * padded[x + reach];
      for (let k = 0; k < reach; k++) sum += weights[k] * (padded[x + k] + padded[x + 2 * reach - k]);
      out[at + x] = sum;
    }
  }
  return { values: out, width, height };
}

/** @param {Plane} plane @param {Float32Array} weights @returns {Plane} */
function blurredDown({ values, width, height }, weights) {
  const reach = weights.length >> 1;
  const out = new Float32Array(width * height);
  const line = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let k = -reach; k <= reach; k++) {
      const from = mirrored(y + k, height) * width;
      const weight = weights[k + reach];
      for (let x = 0; x < width; x++) line[x] += weight * values[from + x];
    }
    out.set(line, y * width);
  }
  return { values: out, width, height };
}

/** The row that stands for one beyond the borders. @param {number} row @param {number} height */
function mirrored(row, height) {
  const inside = row < 0 ? Math.min(height - 1, -row - 1) : row;
  return inside >= height ? Math.max(0, 2 * height - 1 - inside) : inside;
}

/** Every second pixel of every second row. @param {Plane} plane @returns {Plane} */
function halved(plane) {
  const width = plane.width >> 1;
  const height = plane.height >> 1;
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) values[y * width + x] = plane.values[2 * y * plane.width + 2 * x];
  }
  return { values, width, height };
}

/**
 * The octaves of a picture, the finest first, each with its six levels, ever more blurred.
 *
 * Pixel (x, y) of octave o lies at (2ᵒ x, 2ᵒ y) of the picture. Level i is blurred by
 * 1.6 · 2^(i / 3) of its octave's pixels. Octaves end where a side would be under 24 pixels; the
 * first is always there.
 * @param {Plane} plane
 * @returns {Plane[][]}
 */
export function scaleSpace(plane) {
  const growth = 2 ** (1 / INTERVALS);
  let first = blurred(plane, Math.sqrt(FIRST_SIGMA ** 2 - SIGMA_AS_SENT ** 2));
  /** @type {Plane[][]} */
  const octaves = [];
  while (octaves.length === 0 || Math.min(first.width, first.height) >= LEAST_SIDE) {
    const levels = [first];
    for (let number = 1; number < INTERVALS + 3; number++) {
      const before = FIRST_SIGMA * growth ** (number - 1);
      levels.push(blurred(levels[number - 1], before * Math.sqrt(growth ** 2 - 1)));
    }
    octaves.push(levels);
    first = halved(levels[INTERVALS]);
  }
  return octaves;
}
