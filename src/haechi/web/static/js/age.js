// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * How old the person in these files was, as she answers on this page. What is not known counts as under
 * age.
 */

import { find } from "./page_words.js";

/** @typedef {{under_18_when_taken: boolean | null, under_19_kr: boolean | null}} AgeFacts */

/** The two facts that each answer stands for, the same as in `_forms.py`. @type {Record<string, AgeFacts>} */
const FACTS = {
  under_18: { under_18_when_taken: true, under_19_kr: true },
  eighteen: { under_18_when_taken: false, under_19_kr: true },
  adult: { under_18_when_taken: false, under_19_kr: false },
  unknown: { under_18_when_taken: null, under_19_kr: null },
};

const form = /** @type {HTMLFormElement} */ (find("#case-form"));

/** @returns {AgeFacts} */
export function ageFacts() {
  return FACTS[answer()] ?? FACTS.unknown;
}

/** @returns {boolean} whether the person was surely 19 or over */
export function isAdult() {
  return answer() === "adult";
}

/** @param {() => void} act called after each change of the answer */
export function onAgeChange(act) {
  form.addEventListener("change", ({ target }) => {
    if (/** @type {HTMLInputElement} */ (target).name === "age") act();
  });
}

function answer() {
  return String(new FormData(form).get("age") ?? "");
}
