// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * What is wrong: announced once, in the box at the top of the form, and to be read at its field too, if
 * it is one, since that is where the page goes. Both are gone once she answers.
 */

import { clone, find, problemWord } from "./page_words.js";

/** What the server names where the page has another field for it. @type {Record<string, string>} */
const FIELDS = { sightings: "place", items: "files" };
/** What answers it, where that is more than its field. @type {Record<string, string>} */
const ANSWERED_IN = { sightings: "fieldset", kinds: "#sharing-part" };
/** After these she has to come in again. */
const COME_IN_CODES = new Set(["already_sent", "needs_access"]);

/** Takes the sentence away from the field that is wrong. */
let unmark = () => {};
/** Ends waiting for an answer to it. */
let answered = new AbortController();

/**
 * Shows the sentence for what went wrong, and goes to its field or else to the sentence.
 * @param {{code: string, field?: string | null}} error as the server answers it, or with a code of
 *   ours
 */
export function showProblem({ code, field }) {
  clearProblem();
  const box = clone("problem-box");
  const sentence = problemWord(field) || problemWord(code) || problemWord("other");
  const text = box.querySelector("p");
  if (text) text.textContent = sentence;
  if (COME_IN_CODES.has(code)) box.querySelector("#problem")?.append(clone("way-in"));
  find("#problem-place").append(box);
  const place = field ? document.getElementById(FIELDS[field] ?? field) : null;
  if (!place) find("#problem").focus();
  else goTo(place, sentence, place.closest(ANSWERED_IN[field ?? ""] ?? "*") ?? place);
}

/** Takes it away, before what was wrong is tried again. */
export function clearProblem() {
  document.querySelector("#problem")?.remove();
  for (const wrong of document.querySelectorAll("[aria-invalid]")) wrong.removeAttribute("aria-invalid");
  answered.abort();
  unmark();
}

/**
 * Goes to a field, opened where it is folded away; of a question, to its first answer.
 * @param {HTMLElement} place
 * @param {string} sentence
 * @param {Element} answeredIn what she changes once she answers
 */
function goTo(place, sentence, answeredIn) {
  const folded = place.closest("details");
  if (folded) folded.open = true;
  const answer = (place.matches("fieldset") ? place.querySelector("input") : null) ?? place;
  const said = mark(place, answer, sentence);
  answered = new AbortController();
  answeredIn.addEventListener("input", clearInPlace, { signal: answered.signal });
  answer.focus({ preventScroll: true });
  said.scrollIntoView({ block: "center" });
}

/**
 * Says it before the first control of the field, tied to the field.
 * @param {HTMLElement} place
 * @param {HTMLElement} answer
 * @param {string} sentence
 */
function mark(place, answer, sentence) {
  const said = clone("wrong-here").querySelector("p") ?? document.createElement("p");
  said.textContent = sentence;
  (answer.closest(".choice, .file") ?? answer).before(said);
  if (place.matches("input[name], textarea")) place.setAttribute("aria-invalid", "true");
  const described = place.getAttribute("aria-describedby");
  // A page that came with its problem named its box, which is gone.
  const rest = (described ?? "").split(" ").filter((id) => id && id !== "problem");
  place.setAttribute("aria-describedby", [...rest, said.id].join(" "));
  unmark = () => {
    unmark = () => {};
    said.remove();
    if (rest.length > 0) place.setAttribute("aria-describedby", rest.join(" "));
    else place.removeAttribute("aria-describedby");
  };
  return said;
}

/** Takes it away, and what she touches stays where it is on the screen. */
function clearInPlace(/** @type {Event} */ { target }) {
  const touched = /** @type {Element} */ (target);
  const before = touched.getBoundingClientRect().top;
  clearProblem();
  window.scrollBy(0, touched.getBoundingClientRect().top - before);
}
