// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Why a file has no fingerprint, or not all of them:
 *
 * - `unsupported_format`: neither a picture nor a video we know, or one this browser cannot decode
 * - `too_large`: a file beyond 4 GB, a picture beyond what a phone can take (see pixels.js), or a
 *   video beyond three hours
 * - `damaged_file`: empty, cut off, or not readable
 * - `cancelled`: the person stopped it
 * - `blocked_by_browser`: the browser hides pixels from pages (Tor Browser, "resist fingerprinting")
 * - `failed`: none of these; the fault is ours
 * @typedef {"unsupported_format" | "too_large" | "damaged_file" | "cancelled"
 *   | "blocked_by_browser" | "failed"} FailureCode
 */

/** An expected failure; the page turns its code into words. */
export class FingerprintError extends Error {
  /**
   * @param {FailureCode} code
   * @param {ErrorOptions} [options]
   */
  constructor(code, options) {
    super(code, options);
    this.name = "FingerprintError";
    this.code = code;
  }
}

/**
 * The code for anything thrown; `failed` for what nobody expected.
 * @param {unknown} error
 * @returns {FailureCode}
 */
export function codeOf(error) {
  return error instanceof FingerprintError ? error.code : "failed";
}
