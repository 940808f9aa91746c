// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * MD5 (RFC 1321) and SHA-256 (FIPS 180-4) of a file of any size, read piece by piece.
 *
 * The browser's own `crypto.subtle` wants the whole file in memory and has no MD5. MD5 is here
 * because partners' lists carry it, to recognise a file; nothing secret rests on it.
 */

import { FingerprintError } from "./failures.js";

const BLOCK_BYTES = 64;
const CHUNK_BYTES = 1 << 20;

// prettier-ignore
const MD5_SINES = Int32Array.of(
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
);

const MD5_SHIFTS = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

// prettier-ignore
const SHA256_CUBE_ROOTS = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);

/** Cuts what comes in into blocks of 64 bytes; at the end pads it, as both standards do. */
class BlockDigest {
  /**
   * @param {Int32Array} state the standard's initial words, changed in place
   * @param {boolean} isLittleEndian how the length and the result are written
   */
  constructor(state, isLittleEndian) {
    this._state = state;
    this._isLittleEndian = isLittleEndian;
    this._tail = new Uint8Array(BLOCK_BYTES);
    this._tailLength = 0;
    this._length = 0;
  }

  /**
   * Adds bytes.
   * @param {Uint8Array} bytes
   * @returns {this}
   */
  update(bytes) {
    this._length += bytes.length;
    let at = 0;
    if (this._tailLength > 0) {
      at = Math.min(BLOCK_BYTES - this._tailLength, bytes.length);
      this._tail.set(bytes.subarray(0, at), this._tailLength);
      this._tailLength += at;
      if (this._tailLength < BLOCK_BYTES) return this;
      this._compress(this._tail, 0);
      this._tailLength = 0;
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) this._compress(bytes, at);
    this._tail.set(bytes.subarray(at));
    this._tailLength = bytes.length - at;
    return this;
  }

  /**
   * Ends the digest; nothing can be added afterwards.
   * @returns {string} lowercase hexadecimal digits
   */
  hex() {
    const bytes = this._length;
    const padding = new Uint8Array(((119 - (bytes % BLOCK_BYTES)) % BLOCK_BYTES) + 9);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer, padding.length - 8);
    view.setUint32(this._isLittleEndian ? 0 : 4, (bytes << 3) >>> 0, this._isLittleEndian);
    view.setUint32(this._isLittleEndian ? 4 : 0, Math.floor(bytes / 2 ** 29), this._isLittleEndian);
    this.update(padding);
    const result = new DataView(new ArrayBuffer(this._state.length * 4));
    this._state.forEach((word, i) => result.setInt32(i * 4, word, this._isLittleEndian));
    return Array.from(new Uint8Array(result.buffer), (b) => b.toString(16).padStart(2, "0")).join("");
  }

  /**
   * Mixes one block into the state.
   * @abstract
   * @param {Uint8Array} _bytes
   * @param {number} _at where the block begins
   */
  _compress(_bytes, _at) {
    throw new Error("not implemented");
  }
}

/** MD5, RFC 1321. */
export class Md5 extends BlockDigest {
  constructor() {
    super(Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476), true);
    this._words = new Int32Array(16);
  }

  /** @override @param {Uint8Array} bytes @param {number} at */
  _compress(bytes, at) {
    const words = this._words;
    const sines = MD5_SINES;
    for (let i = 0, j = at; i < 16; i++, j += 4) {
      words[i] = bytes[j] | (bytes[j + 1] << 8) | (bytes[j + 2] << 16) | (bytes[j + 3] << 24);
    }
    let a = this._state[0];
    let b = this._state[1];
    let c = this._state[2];
    let d = this._state[3];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      let mixed = 0;
      let word = i;
      if (round === 0) {
        mixed = d ^ (b & (c ^ d));
      } else if (round === 1) {
        mixed = c ^ (d & (b ^ c));
        word = 5 * i + 1;
      } else if (round === 2) {
        mixed = b ^ c ^ d;
        word = 3 * i + 5;
      } else {
        mixed = c ^ (b | ~d);
        word = 7 * i;
      }
      const sum = (a + mixed + sines[i] + words[word & 15]) | 0;
      const shift = MD5_SHIFTS[(round << 2) | (i & 3)];
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    this._state[0] += a;
    this._state[1] += b;
    this._state[2] += c;
    this._state[3] += d;
  }
}

/** SHA-256, FIPS 180-4. */
export class Sha256 extends BlockDigest {
  constructor() {
    // prettier-ignore
    super(Int32Array.of(
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ), false);
    this._words = new Int32Array(64);
  }

  /** @override @param {Uint8Array} bytes @param {number} at */
  _compress(bytes, at) {
    this._schedule(bytes, at);
    const words = this._words;
    const roots = SHA256_CUBE_ROOTS;
    const state = this._state;
    // prettier-ignore
    let a = state[0], b = state[1], c = state[2], d = state[3];
    // prettier-ignore
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + (g ^ (e & (f ^ g))) + roots[i] + words[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }

  /** Spreads a block over the 64 words that the rounds use. @param {Uint8Array} bytes @param {number} at */
  _schedule(bytes, at) {
    const words = this._words;
    for (let i = 0, j = at; i < 16; i++, j += 4) {
      words[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15];
      const y = words[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
    }
  }
}

/**
 * Both digests of a file, read once, one megabyte in memory at a time.
 * @param {Blob} blob
 * @param {{onProgress?: (fraction: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<{md5: string, sha256: string}>}
 * @throws {FingerprintError} `cancelled`, or `damaged_file` when the file cannot be read to its end
 */
export async function digestBlob(blob, { onProgress, signal } = {}) {
  const md5 = new Md5();
  const sha256 = new Sha256();
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    if (signal?.aborted) throw new FingerprintError("cancelled");
    const bytes = await readPiece(blob, at, Math.min(at + CHUNK_BYTES, blob.size));
    md5.update(bytes);
    sha256.update(bytes);
    onProgress?.((at + bytes.length) / blob.size);
  }
  if (signal?.aborted) throw new FingerprintError("cancelled");
  return { md5: md5.hex(), sha256: sha256.hex() };
}

/** @param {Blob} blob @param {number} start @param {number} end */
async function readPiece(blob, start, end) {
  try {
    const bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
    if (bytes.length === end - start) return bytes;
  } catch (cause) {
    throw new FingerprintError("damaged_file", { cause });
  }
  throw new FingerprintError("damaged_file");
}
