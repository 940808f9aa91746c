// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * PDQ, the perceptual fingerprint published by Facebook (ThreatExchange, "pdq"), on the device.
 *
 * The reference blurs the whole picture twice with a box filter and then keeps 64×64 samples. Only
 * those samples matter, so each one is computed as a weighted sum along each axis, row by row: the
 * picture never has to be in memory at once, and no second copy of it is made.
 */

import { readLumaRow } from "./luma.js";

/** Samples per side that PDQ takes from a picture. */
export const PDQ_SAMPLES = 64;

/** Below this many pixels on a side a picture has no fingerprint (all zeros, quality 0). */
export const PDQ_SMALLEST_SIDE = 5;

const COEFFICIENTS = 16;

/**
 * What the 64 samples take from one axis: sample s weighs the `lengths[s]` pixels from `starts[s]`
 * on with `weights[offsets[s]…]`.
 * @typedef {{
 *   starts: Int32Array, lengths: Int32Array, offsets: Int32Array, weights: Float64Array
 * }} AxisWeights
 */

/**
 * A fingerprint: 64 lowercase hexadecimal digits, and 0-100 for how much there was to see.
 * @typedef {{value: string, quality: number}} PdqHash
 */

/** The first and last pixel that the box filter averages for output `at`; smaller at the edges. */
function boxWindow(/** @type {number} */ at, /** @type {number} */ size) {
  const window = Math.ceil(size / (2 * PDQ_SAMPLES));
  const ahead = Math.floor((window + 2) / 2) - 1;
  const last = at + ahead;
  return { first: Math.max(0, last - window + 1), last: Math.min(size - 1, last) };
}

/** The weights with which the pixels around `at` enter a sample there, after both box passes. */
function tentWeights(/** @type {number} */ at, /** @type {number} */ size) {
  const outer = boxWindow(at, size);
  const start = boxWindow(outer.first, size).first;
  const end = boxWindow(outer.last, size).last;
  const weights = new Float64Array(end - start + 1);
  for (let middle = outer.first; middle <= outer.last; middle++) {
    const inner = boxWindow(middle, size);
    const share = 1 / ((outer.last - outer.first + 1) * (inner.last - inner.first + 1));
    for (let i = inner.first; i <= inner.last; i++) weights[i - start] += share;
  }
  return { start, weights };
}

/**
 * The weights of all 64 samples along an axis of `size` pixels.
 * @param {number} size
 * @returns {AxisWeights}
 */
function axisWeights(size) {
  const starts = new Int32Array(PDQ_SAMPLES);
  const lengths = new Int32Array(PDQ_SAMPLES);
  const offsets = new Int32Array(PDQ_SAMPLES);
  const parts = [];
  let total = 0;
  for (let s = 0; s < PDQ_SAMPLES; s++) {
    const tent = tentWeights(Math.floor(((s + 0.5) * size) / PDQ_SAMPLES), size);
    starts[s] = tent.start;
    lengths[s] = tent.weights.length;
    offsets[s] = total;
    total += tent.weights.length;
    parts.push(tent.weights);
  }
  const weights = new Float64Array(total);
  parts.forEach((part, s) => weights.set(part, offsets[s]));
  return { starts, lengths, offsets, weights };
}

/** The 16×64 rows of the discrete cosine transform that PDQ uses; the constant term is left out. */
const COSINES = (() => {
  const table = new Float32Array(COEFFICIENTS * PDQ_SAMPLES);
  const scale = Math.sqrt(2 / PDQ_SAMPLES);
  for (let i = 0; i < COEFFICIENTS; i++) {
    for (let j = 0; j < PDQ_SAMPLES; j++) {
      const angle = (Math.PI / 2 / PDQ_SAMPLES) * (i + 1) * (2 * j + 1);
      table[i * PDQ_SAMPLES + j] = scale * Math.cos(angle);
    }
  }
  return table;
})();

/** Takes a picture's rows, top to bottom, and answers with its PDQ fingerprint. */
export class PdqAccumulator {
  /**
   * @param {number} width the picture's width in pixels
   * @param {number} height its height
   */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.isTooSmall = width < PDQ_SMALLEST_SIDE || height < PDQ_SMALLEST_SIDE;
    this._across = this.isTooSmall ? null : axisWeights(width);
    this._down = this.isTooSmall ? null : axisWeights(height);
    this._luma = new Float64Array(width);
    this._reduced = new Float64Array(PDQ_SAMPLES);
    this._samples = new Float64Array(PDQ_SAMPLES * PDQ_SAMPLES);
    this._nextRow = 0;
    this._firstOpen = 0;
  }

  /**
   * Adds the next rows, four bytes a pixel; the fourth is not looked at.
   * @param {Uint8Array | Uint8ClampedArray} pixels
   * @param {number} rows how many rows
   * @param {{offset?: number, stride?: number, isBgr?: boolean}} [layout] where the first row
   *   begins, bytes from row to row, and whether blue comes before red
   */
  addRgba(pixels, rows, { offset = 0, stride = this.width * 4, isBgr = false } = {}) {
    for (let row = 0; row < rows; row++) {
      readLumaRow(pixels, offset + row * stride, isBgr, this._luma);
      this.addRow(this._luma);
    }
  }

  /**
   * Adds the next row.
   * @param {Float64Array} luma brightness, 0-255, one number a pixel
   */
  addRow(luma) {
    if (this._nextRow >= this.height) throw new RangeError("more rows than the picture has");
    const row = this._nextRow++;
    if (!this._across || !this._down) return;
    this._reduceAcross(luma, this._across);
    const { starts, lengths, offsets, weights } = this._down;
    while (starts[this._firstOpen] + lengths[this._firstOpen] <= row) this._firstOpen++;
    for (let s = this._firstOpen; s < PDQ_SAMPLES && starts[s] <= row; s++) {
      if (starts[s] + lengths[s] <= row) continue;
      const weight = weights[offsets[s] + row - starts[s]];
      for (let i = 0; i < PDQ_SAMPLES; i++) {
        this._samples[s * PDQ_SAMPLES + i] += weight * this._reduced[i];
      }
    }
  }

  /**
   * The fingerprint of all rows added.
   * @returns {PdqHash}
   * @throws {RangeError} rows are missing
   */
  finish() {
    if (this.isTooSmall) return { value: "0".repeat(64), quality: 0 };
    if (this._nextRow !== this.height) throw new RangeError("not all rows were added");
    const samples = Float32Array.from(this._samples);
    return { value: toHex(cosineTransform(samples)), quality: qualityOf(samples) };
  }

  /** Brings a row down to 64 values. @param {Float64Array} luma @param {AxisWeights} across */
  _reduceAcross(luma, { starts, lengths, offsets, weights }) {
    for (let s = 0; s < PDQ_SAMPLES; s++) {
      const start = starts[s];
      const offset = offsets[s];
      let sum = 0;
      for (let i = 0; i < lengths[s]; i++) sum += weights[offset + i] * luma[start + i];
      this._reduced[s] = sum;
    }
  }
}

/**
 * The PDQ fingerprint of a whole picture.
 * @param {Uint8Array | Uint8ClampedArray} rgba four bytes a pixel, row by row; alpha is ignored
 * @param {number} width
 * @param {number} height
 * @returns {PdqHash}
 */
export function pdqFromRgba(rgba, width, height) {
  const accumulator = new PdqAccumulator(width, height);
  accumulator.addRgba(rgba, height);
  return accumulator.finish();
}

/** The sum of the visible steps between neighbouring samples, as published: 0-100. */
function qualityOf(/** @type {Float32Array} */ samples) {
  const step = (/** @type {number} */ a, /** @type {number} */ b) =>
    Math.abs(Math.trunc(((samples[a] - samples[b]) * 100) / 255));
  let sum = 0;
  for (let i = 0; i < PDQ_SAMPLES; i++) {
    for (let j = 0; j < PDQ_SAMPLES - 1; j++) {
      sum += step(i * PDQ_SAMPLES + j, i * PDQ_SAMPLES + j + 1);
      sum += step(j * PDQ_SAMPLES + i, (j + 1) * PDQ_SAMPLES + i);
    }
  }
  return Math.min(100, Math.floor(sum / 90));
}

/** The 16×16 lowest frequencies of the samples, without the constant ones. */
function cosineTransform(/** @type {Float32Array} */ samples) {
  const half = new Float32Array(COEFFICIENTS * PDQ_SAMPLES);
  const output = new Float32Array(COEFFICIENTS * COEFFICIENTS);
  for (let i = 0; i < COEFFICIENTS; i++) {
    for (let j = 0; j < PDQ_SAMPLES; j++) {
      let sum = 0;
      for (let k = 0; k < PDQ_SAMPLES; k++) {
        sum += COSINES[i * PDQ_SAMPLES + k] * samples[k * PDQ_SAMPLES + j];
      }
      half[i * PDQ_SAMPLES + j] = sum;
    }
  }
  for (let i = 0; i < COEFFICIENTS; i++) {
    for (let j = 0; j < COEFFICIENTS; j++) {
      let sum = 0;
      for (let k = 0; k < PDQ_SAMPLES; k++) {
        sum += half[i * PDQ_SAMPLES + k] * COSINES[j * PDQ_SAMPLES + k];
      }
      output[i * COEFFICIENTS + j] = sum;
    }
  }
  return output;
}

/** One bit a coefficient, set above the lower median; the highest word is written first. */
function toHex(/** @type {Float32Array} */ coefficients) {
  const median = Float32Array.from(coefficients).sort()[coefficients.length / 2 - 1];
  let hex = "";
  for (let row = COEFFICIENTS - 1; row >= 0; row--) {
    let word = 0;
    for (let bit = 0; bit < COEFFICIENTS; bit++) {
      if (coefficients[row * COEFFICIENTS + bit] > median) word |= 1 << bit;
    }
    hex += word.toString(16).padStart(4, "0");
  }
  return hex;
}
