// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * A picture at another size, as `signals/_resized.py` has it: the mean of what a pixel covers, or a
 * straight line between pixels. Weights along one axis and then the other.
 */

/** @typedef {import("./luma.js").LumaPicture} LumaPicture */
/**
 * Brightness, 0-255, row by row.
 * @typedef {{values: Float32Array, width: number, height: number}} Plane
 */

/**
 * Width and height at which the short side is `shortSide`, or the long side at most `longSide`. No
 * side falls below `leastSide`; a very long picture is then squeezed.
 * @param {{width: number, height: number}} from
 * @param {{shortSide: number, longSide: number, leastSide: number}} limits
 */
export function sizeFor({ width, height }, { shortSide, longSide, leastSide }) {
  const scale = Math.min(shortSide / Math.min(width, height), longSide / Math.max(width, height));
  return {
    width: Math.max(leastSide, Math.floor(width * scale + 0.5)),
    height: Math.max(leastSide, Math.floor(height * scale + 0.5)),
  };
}

/**
 * For each target pixel the first source pixel, and `count` weights from there on.
 * @param {number} source
 * @param {number} target
 */
function weightsOf(source, target) {
  const step = source / target;
  const count = Math.ceil(Math.max(step, 1)) + 1;
  const first = new Int32Array(target);
  const weights = new Float32Array(target * count);
  for (let at = 0; at < target; at++) {
    if (step > 1) {
      first[at] = Math.floor(at * step);
      for (let k = 0; k < count && first[at] + k < source; k++) {
        const pixel = first[at] + k;
        const covered = Math.min((at + 1) * step, pixel + 1) - Math.max(at * step, pixel);
        weights[at * count + k] = Math.max(0, covered) / step;
      }
    } else {
      const middle = Math.min(Math.max((at + 0.5) * step - 0.5, 0), source - 1);
      first[at] = Math.min(Math.floor(middle), Math.max(0, source - 2));
      weights[at * count + 1] = source > 1 ? middle - first[at] : 0;
      weights[at * count] = 1 - weights[at * count + 1];
    }
  }
  return { first, weights, count };
}

/**
 * The picture at this size: each axis averaged by area where it shrinks, interpolated from centre to
 * centre where it grows.
 * @param {LumaPicture} picture
 * @param {{width: number, height: number}} size
 * @returns {Plane}
 */
export function resized(picture, { width, height }) {
  const down = weightsOf(picture.height, height);
  const across = weightsOf(picture.width, width);
  const values = new Float32Array(width * height);
  // Weights beyond the end are 0, and so is what stands there.
  const line = new Float32Array(picture.width + across.count);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let k = 0; k < down.count; k++) {
      const weight = down.weights[y * down.count + k];
      if (weight !== 0) addLine(line, picture, down.first[y] + k, weight);
    }
    for (let x = 0; x < width; x++) {
      let sum = 0;
      const from = across.first[x];
      for (let k = 0; k < across.count; k++) sum += across.weights[x * across.count + k] * line[from + k];
      values[y * width + x] = sum;
    }
  }
  return { values, width, height };
}

/** @param {Float32Array} line @param {LumaPicture} picture @param {number} row @param {number} weight */
function addLine(line, { luma, width }, row, weight) {
  const from = row * width;
  for (let x = 0; x < width; x++) line[x] += weight * luma[from + x];
}
