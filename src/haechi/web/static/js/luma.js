// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** Brightness, which every fingerprint of a picture is made of: a row of it, and a smaller picture. */

const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/**
 * A picture's brightness, 0-255, row by row.
 * @typedef {{luma: Uint8Array, width: number, height: number}} LumaPicture
 */

/**
 * Fills `row` with the brightness of one row of pixels, four bytes each; the fourth is not looked at.
 * @param {Uint8Array | Uint8ClampedArray} pixels
 * @param {number} at where the row begins
 * @param {boolean} isBgr whether blue comes before red
 * @param {Float64Array} row
 */
export function readLumaRow(pixels, at, isBgr, row) {
  const first = isBgr ? BLUE : RED;
  const third = isBgr ? RED : BLUE;
  for (let x = 0; x < row.length; x++, at += 4) {
    row[x] = first * pixels[at] + GREEN * pixels[at + 1] + third * pixels[at + 2];
  }
}

/**
 * Takes a picture's rows and keeps it smaller by a whole number: the mean of squares of pixels, as many as
 * leave the short side no shorter than asked for. Regions are looked for in that; the picture
 * itself never has to be in memory at once.
 */
export class ReducedLuma {
  /**
   * @param {number} width the picture's width in pixels
   * @param {number} height its height
   * @param {number} shortSide so many pixels the short side keeps, where it has them
   */
  constructor(width, height, shortSide) {
    this._side = Math.max(1, Math.floor(Math.min(width, height) / shortSide));
    this._sourceHeight = height;
    this.width = Math.ceil(width / this._side);
    this.height = Math.ceil(height / this._side);
    this._sums = new Float64Array(this.width);
    this._luma = new Uint8Array(this.width * this.height);
    this._nextRow = 0;
  }

  /** Adds the next row. @param {Float64Array} row brightness, one number a pixel */
  addRow(row) {
    const sums = this._sums;
    const side = this._side;
    let x = 0;
    for (let column = 0; column < this.width; column++) {
      const end = Math.min(row.length, x + side);
      let sum = 0;
      for (; x < end; x++) sum += row[x];
      sums[column] += sum;
    }
    this._nextRow++;
    const isLast = this._nextRow === this._sourceHeight;
    if (isLast || this._nextRow % side === 0) this._writeRow(row.length);
  }

  /** Writes the means of the squares that have all their rows. @param {number} sourceWidth */
  _writeRow(sourceWidth) {
    const line = Math.ceil(this._nextRow / this._side) - 1;
    const rows = this._nextRow - line * this._side;
    for (let column = 0; column < this.width; column++) {
      const columns = Math.min(this._side, sourceWidth - column * this._side);
      this._luma[line * this.width + column] = Math.floor(this._sums[column] / (rows * columns) + 0.5);
    }
    this._sums.fill(0);
  }

  /** The picture, when all rows are added. @returns {LumaPicture} */
  finish() {
    return { luma: this._luma, width: this.width, height: this.height };
  }
}
