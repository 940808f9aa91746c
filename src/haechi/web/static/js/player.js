// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * A video's frames by way of a player that is part of no page: nothing of it is ever shown or heard.
 *
 * Only the browser itself reads the file, by way of a `blob:` address. The player is sought to one
 * moment after another, and holds one frame at a time.
 */

import { FingerprintError } from "./failures.js";

/**
 * One frame, in whose hands it comes to whom it is given: who has it closes it. `atS` and `lastsS` are
 * when it is shown and for how long, in seconds; `lastsS` is null where the browser does not tell.
 * @typedef {{frame: VideoFrame | ImageBitmap, atS: number, lastsS: number | null}} Shot
 */

const OPENS_WITHIN_MS = 20_000;
const FOUND_WITHIN_MS = 10_000;
const SHOWN_WITHIN_MS = 250;
/** The browser tells that it has found a moment before it shows it; what it shows is then far off. */
const NEAR_S = 0.5;
/** Later than any film ends: sought in one whose length is not told. */
const FAR_AWAY_S = 1e7;

/** Plays one video, unseen, for as long as it is not closed. */
export class Player {
  /** @param {Blob} file @param {AbortSignal} [signal] */
  constructor(file, signal) {
    this._signal = signal;
    this._url = URL.createObjectURL(file.type.startsWith("video/") ? file : file.slice());
    this._video = document.createElement("video");
    this._video.muted = true;
    this._video.playsInline = true;
    this._video.preload = "auto";
    this._video.disableRemotePlayback = true;
    this._shownS = Number.NaN;
    this._onShown = () => {};
    this._tellsWhatIsShown = typeof this._video.requestVideoFrameCallback === "function";
    if (this._tellsWhatIsShown) this._listen();
  }

  /**
   * Opens the video.
   * @returns {Promise<number>} its length in seconds
   * @throws {FingerprintError} `unsupported_format`, `damaged_file`, `cancelled`
   */
  async open() {
    this._video.src = this._url;
    await this._event("loadeddata", OPENS_WITHIN_MS);
    if (this._video.videoWidth === 0) throw new FingerprintError("unsupported_format");
    // A recording made by a browser does not tell its length before its end was looked for.
    if (this._video.duration === Infinity) await this._seek(FAR_AWAY_S, OPENS_WITHIN_MS);
    const { duration, currentTime } = this._video;
    return duration === Infinity ? currentTime : duration;
  }

  /**
   * The frame that is shown at this moment.
   * @param {number} seconds
   * @returns {Promise<Shot>}
   * @throws {FingerprintError} `damaged_file`, `cancelled`
   */
  async shotAt(seconds) {
    await this._seek(seconds, FOUND_WITHIN_MS);
    try {
      const frame = new VideoFrame(this._video);
      return { frame, atS: frame.timestamp / 1e6, lastsS: frame.duration ? frame.duration / 1e6 : null };
    } catch {
      // Older browsers have no such frames, or none of a player.
      const frame = await createImageBitmap(this._video);
      return { frame, atS: Number.isNaN(this._shownS) ? seconds : this._shownS, lastsS: null };
    }
  }

  /** Lets go of the file and of the decoder. */
  close() {
    this._video.removeAttribute("src");
    this._video.load();
    URL.revokeObjectURL(this._url);
  }

  /** @param {number} seconds @param {number} withinMs */
  async _seek(seconds, withinMs) {
    this._shownS = Number.NaN;
    const found = this._event("seeked", withinMs);
    this._video.currentTime = seconds;
    await found;
    // A page in the background is shown nothing; the frame is there all the same.
    if (!this._tellsWhatIsShown || document.hidden) return;
    const isLate = new Promise((resolve) => setTimeout(resolve, SHOWN_WITHIN_MS, true));
    while (!(Math.abs(this._shownS - seconds) <= NEAR_S)) {
      const shown = new Promise((resolve) => (this._onShown = () => resolve(false)));
      if (await Promise.race([shown, isLate])) return;
    }
  }

  /** Keeps up with which moment is shown. */
  _listen() {
    this._video.requestVideoFrameCallback((_, { mediaTime }) => {
      this._shownS = mediaTime;
      this._onShown();
      this._listen();
    });
  }

  /**
   * Settles with an event of the player.
   * @param {string} name
   * @param {number} withinMs
   * @returns {Promise<void>}
   */
  _event(name, withinMs) {
    const signal = this._signal;
    const listening = new AbortController();
    const until = { signal: listening.signal };
    return new Promise((resolve, reject) => {
      const fail = (/** @type {import("./failures.js").FailureCode} */ code) => {
        listening.abort();
        reject(new FingerprintError(code));
      };
      if (signal?.aborted) return fail("cancelled");
      const timer = setTimeout(() => fail("damaged_file"), withinMs);
      listening.signal.addEventListener("abort", () => clearTimeout(timer));
      signal?.addEventListener("abort", () => fail("cancelled"), until);
      this._video.addEventListener("error", () => fail(this._failure()), until);
      this._video.addEventListener(name, () => {
        listening.abort();
        resolve();
      }, until);
    });
  }

  /** Why the player gave up. */
  _failure() {
    const isUnknown = this._video.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    return isUnknown ? "unsupported_format" : "damaged_file";
  }
}
