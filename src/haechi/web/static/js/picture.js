// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** Everything that is made of a picture's pixels, from one reading of them. */

import { ReducedLuma, readLumaRow } from "./luma.js";
import { PdqAccumulator } from "./pdq.js";
import { CLOSE_SIDE_PIXELS, rpdqOf } from "./rpdq.js";

/** @typedef {{type: "pdq", value: string, quality: number}} PdqSignal */
/** @typedef {{type: "rpdq", value: string}} RpdqSignal */

/** Takes a picture's rows, top to bottom, and answers with its fingerprints. */
export class PictureFingerprint {
  /** @param {number} width in pixels @param {number} height */
  constructor(width, height) {
    this._width = width;
    this._pdq = new PdqAccumulator(width, height);
    this._reduced = new ReducedLuma(width, height, CLOSE_SIDE_PIXELS);
    this._luma = new Float64Array(width);
  }

  /**
   * Adds the next rows, four bytes a pixel; the fourth is not looked at.
   * @param {Uint8Array | Uint8ClampedArray} pixels
   * @param {number} rows how many rows
   * @param {import("./canvas.js").Layout} [layout] where the first row begins, bytes from row to
   *   row, and whether blue comes before red
   */
  addRgba(pixels, rows, { offset = 0, stride = this._width * 4, isBgr = false } = {}) {
    for (let row = 0; row < rows; row++) {
      readLumaRow(pixels, offset + row * stride, isBgr, this._luma);
      this._pdq.addRow(this._luma);
      this._reduced.addRow(this._luma);
    }
  }

  /**
   * The fingerprints of all rows added; a picture without telling regions has no `rpdq`.
   * @returns {[PdqSignal] | [PdqSignal, RpdqSignal]}
   * @throws {RangeError} rows are missing
   */
  finish() {
    /** @type {PdqSignal} */
    const pdq = { type: "pdq", ...this._pdq.finish() };
    const value = rpdqOf(this._reduced.finish());
    return value === null ? [pdq] : [pdq, { type: "rpdq", value }];
  }
}
