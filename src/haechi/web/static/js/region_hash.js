// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * The 256 bits of one region, as `signals/_region_hash.py` has them: a turned square of the picture,
 * its DCT, and the sign of each coefficient. The first 64 bits are the key that a region is looked
 * for by.
 */

/** @typedef {import("./resized.js").Plane} Plane */
/** @typedef {import("./plain_regions.js").Place} Place */

const SIDE = 64;
const FREQUENCIES = 16;
const BITS = FREQUENCIES * FREQUENCIES;

/** By vertical frequency: which horizontal ones belong to the key. */
const KEY_FREQUENCIES = [
  [2, 4, 5, 7, 9, 11],
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [0, 1, 2, 5, 7, 9],
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  [0, 1, 2, 3, 4, 5, 7, 9],
  [0, 1, 2, 3, 4, 5, 6, 8],
  [0, 1, 2, 3, 5, 7],
  [0, 2, 3, 4],
  [0, 3, 4, 6],
  [],
  [0],
];

/**
 * Where each bit comes from: 16 · vertical + horizontal frequency. The constant coefficient says
 * nothing and comes last: its bit is always 0.
 */
const ORDER = (() => {
  const key = KEY_FREQUENCIES.flatMap((row, i) => row.map((j) => FREQUENCIES * i + j));
  const taken = new Set([0, ...key]);
  const rest = Array.from({ length: BITS }, (_, place) => place).filter((place) => !taken.has(place));
  return Uint8Array.from([...key, ...rest, 0]);
})();

/** The orthonormal 16×64 DCT matrix: frequencies 0 to 15. */
const COSINES = (() => {
  const table = new Float32Array(FREQUENCIES * SIDE);
  for (let i = 0; i < FREQUENCIES; i++) {
    for (let j = 0; j < SIDE; j++) {
      table[i * SIDE + j] = Math.sqrt(2 / SIDE) * Math.cos((Math.PI / SIDE) * i * (j + 0.5));
    }
  }
  return table;
})();

/**
 * The 32 bytes of a region. The square's half side is the radius; it is sampled 64×64 from the first
 * level of the octave whose pixels are not quite as far apart as the samples.
 * @param {Plane[][]} octaves
 * @param {Place} place in the picture's pixels
 * @returns {Uint8Array}
 */
export function regionHash(octaves, { x, y, radius, angle }) {
  const step = Math.max(radius / (SIDE / 2), 1);
  const number = Math.min(Math.floor(Math.log2(step)), octaves.length - 1);
  const size = 2 ** number;
  const place = { x: x / size, y: y / size, radius: radius / size, angle };
  const coefficients = transformed(sample(octaves[number][0], place));
  coefficients[0] = 0;
  const hash = new Uint8Array(BITS / 8);
  ORDER.forEach((from, bit) => {
    if (coefficients[from] > 0) hash[bit >> 3] |= 128 >> (bit & 7);
  });
  return hash;
}

/**
 * The turned region, linearly between pixels; borders are mirrors.
 * @param {Plane} plane
 * @param {Place} place
 */
function sample({ values, width, height }, { x, y, radius, angle }) {
  const square = new Float32Array(SIDE * SIDE);
  const along = (Math.cos(angle) * radius) / (SIDE / 2);
  const across = (Math.sin(angle) * radius) / (SIDE / 2);
  const middle = (SIDE - 1) / 2;
  for (let v = 0; v < SIDE; v++) {
    for (let u = 0; u < SIDE; u++) {
      const px = inside(x + along * (u - middle) - across * (v - middle), width);
      const py = inside(y + across * (u - middle) + along * (v - middle), height);
      const column = Math.min(Math.floor(px), width - 2);
      const row = Math.min(Math.floor(py), height - 2);
      const at = row * width + column;
      const right = px - column;
      const upper = values[at] + right * (values[at + 1] - values[at]);
      const lower = values[at + width] + right * (values[at + width + 1] - values[at + width]);
      square[v * SIDE + u] = upper + (py - row) * (lower - upper);
    }
  }
  return square;
}

/** @param {number} place @param {number} size */
function inside(place, size) {
  const near = Math.abs(place);
  return near > size - 1 ? Math.max(0, 2 * (size - 1) - near) : near;
}

/** The 16×16 lowest DCT coefficients of the square. @param {Float32Array} square */
function transformed(square) {
  const half = new Float32Array(FREQUENCIES * SIDE);
  const result = new Float32Array(BITS);
  for (let i = 0; i < FREQUENCIES; i++) {
    for (let k = 0; k < SIDE; k++) {
      const weight = COSINES[i * SIDE + k];
      for (let j = 0; j < SIDE; j++) half[i * SIDE + j] += weight * square[k * SIDE + j];
    }
    for (let j = 0; j < FREQUENCIES; j++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += half[i * SIDE + k] * COSINES[j * SIDE + k];
      result[i * FREQUENCIES + j] = sum;
    }
  }
  return result;
}
