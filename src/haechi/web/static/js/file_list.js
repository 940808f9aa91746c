// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * The files that were chosen, a line each: a number and the pattern of a fingerprint, never a picture,
 * never a name. Of an adult's photo she may add the regional fingerprint, by a box of its own; without
 * that act it is not sent.
 */

import { isAdult, onAgeChange } from "./age.js";
import { clone, find, word } from "./page_words.js";
import { createPattern } from "./pattern.js";
import { framesOf } from "./video.js";

/** @typedef {import("./fingerprint.js").Fingerprint} Fingerprint */
/** @typedef {import("./worker.js").Signal} Signal */
/** @typedef {import("./pdq.js").PdqHash} PdqHash */
/** @typedef {{kind: "image" | "video" | null, signals: Signal[], line: HTMLElement,
 *   fuller: HTMLElement}} Chosen `fuller` holds the box, shown only where there is something to add */

/** A PDQ value of lower quality comes from a nearly flat picture and is not matched (values.py). */
const TRUSTED_QUALITY = 50;

/** @type {Chosen[]} */
let chosen = [];
let tellChange = () => {};

/** @param {() => void} act called after a file was listed or left out */
export function onListChange(act) {
  tellChange = act;
}

/**
 * What can be sent: the files of which something is known, and of each the signals that she agreed to.
 * @returns {{kind: "image" | "video", signals: Signal[]}[]}
 */
export function sendable() {
  return chosen.flatMap((one) =>
    one.kind === null || one.signals.length === 0 ? [] : [{ kind: one.kind, signals: agreedTo(one) }],
  );
}

/** @param {Chosen} one */
function agreedTo({ signals, fuller }) {
  return signals.filter(({ type }) => type !== "rpdq" || (isAdult() && boxIn(fuller).checked));
}

/** @param {HTMLElement} fuller @returns {HTMLInputElement} */
function boxIn(fuller) {
  return /** @type {HTMLInputElement} */ (fuller.querySelector("input"));
}

/**
 * Adds a line for one file.
 * @param {Fingerprint} answer
 * @param {() => void} onTakenOff called when she has left it out
 */
export function list(answer, onTakenOff) {
  const line = /** @type {HTMLElement} */ (clone("file-line").firstElementChild);
  const fuller = /** @type {HTMLElement} */ (clone("fuller-line").firstElementChild);
  const one = { kind: answer.kind, signals: answer.signals, line, fuller };
  chosen.push(one);
  part(line, "status").textContent = word(statusOf(answer));
  const pattern = patternOf(answer.signals);
  if (pattern) line.querySelector(".pattern-place")?.append(createPattern(pattern, word("pattern")));
  part(line, "take-off").addEventListener("click", () => {
    chosen = chosen.filter((other) => other !== one);
    line.remove();
    fuller.remove();
    refresh();
    tellChange();
    onTakenOff();
  });
  find("#chosen").append(line);
  if (hasRegions(one)) find("#fuller-photos").append(fuller);
  refresh();
  tellChange();
}

/** Names the lines `Photo 1`, `Video 1`, …; the names that the case will show. */
function refresh() {
  const counts = { photo: 0, video: 0, file: 0 };
  for (const { kind, line, fuller } of chosen) {
    const key = kind === "image" ? "photo" : kind === "video" ? "video" : "file";
    const name = word(key, { number: ++counts[key] });
    part(line, "name").textContent = name;
    part(fuller, "name").textContent = name;
    part(line, "take-off").textContent = word("take_off");
    part(line, "take-off").setAttribute("aria-label", word("take_off_named", { name }));
  }
  offerFuller();
}

/** Offers the fuller fingerprints of an adult's photos; of nobody else's is a box even left ticked. */
function offerFuller() {
  find("#fuller").hidden = !isAdult() || !chosen.some(hasRegions);
  if (!isAdult()) for (const { fuller } of chosen) boxIn(fuller).checked = false;
}

/** @param {Chosen} one */
function hasRegions({ signals }) {
  return signals.some(({ type }) => type === "rpdq");
}

/** @param {Element} line @param {string} name @returns {HTMLElement} */
function part(line, name) {
  return /** @type {HTMLElement} */ (line.querySelector(`[data-${name}]`));
}

/**
 * The value that tells this file from another: of a video, a frame in its middle.
 * @param {Signal[]} signals
 */
function patternOf(signals) {
  for (const signal of signals) {
    if (signal.type === "pdq") return signal.value;
    if (signal.type !== "vpdq") continue;
    const frames = framesOf(signal.value).filter(isTrusted);
    return frames[frames.length >> 1]?.value;
  }
  return undefined;
}

/** @param {{quality: number}} hash */
function isTrusted({ quality }) {
  return quality >= TRUSTED_QUALITY;
}

/** The word for what can be recognised by this answer. @param {Fingerprint} answer */
function statusOf({ kind, signals, error }) {
  if (kind === null || signals.length === 0) {
    if (error === "too_large") return "file_too_large";
    return error === "unsupported_format" ? "not_media" : "not_read";
  }
  for (const signal of signals) {
    if (signal.type === "pdq") return isTrusted(signal) ? "ready" : "plain_exact";
    if (signal.type !== "vpdq") continue;
    if (!framesOf(signal.value).some(isTrusted)) return "video_plain_exact";
    return error === null ? "video_ready" : "video_part";
  }
  if (error === "blocked_by_browser") return "blocked_exact";
  if (kind === "video") return "video_exact";
  return error === "too_large" ? "large_exact" : "unread_exact";
}

onAgeChange(offerFuller);
