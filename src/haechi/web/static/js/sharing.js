// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * With whom the fingerprints are shared, and for how long. Asked once a file is listed; no answer is
 * chosen for her. Services for adults only are left out unless she says that she was an adult.
 */

import { isAdult, onAgeChange } from "./age.js";
import { find } from "./page_words.js";

const KINDS = ["platform", "community", "adult_site", "hash_service"];
const ADULTS_ONLY = "adult_site";

const form = /** @type {HTMLFormElement} */ (find("#case-form"));

/** Shows the question, or hides it. @param {boolean} isNeeded */
export function askForSharing(isNeeded) {
  find("#sharing-part").hidden = !isNeeded;
}

/** @returns {"" | "sharing" | "kinds"} what is not answered yet */
export function unansweredSharing() {
  const choice = chosenShare();
  if (!choice) return "sharing";
  return choice === "some" && kinds().length === 0 ? "kinds" : "";
}

/** @returns {{kinds: string[], days: number | null}} no kinds: nobody is told */
export function sharingWish() {
  const days = String(new FormData(form).get("days") ?? "");
  return { kinds: kinds(), days: days && chosenShare() !== "none" ? Number(days) : null };
}

function chosenShare() {
  return String(new FormData(form).get("share") ?? "");
}

function kinds() {
  const typed = new FormData(form);
  const choice = chosenShare();
  return KINDS.filter((kind) => {
    if (choice === "none" || (kind === ADULTS_ONLY && !isAdult())) return false;
    return choice === "all" || typed.has(`kind_${kind}`);
  });
}

/** Shows what belongs to the answers so far. */
function refresh() {
  const choice = chosenShare();
  const adultsOnly = /** @type {HTMLInputElement} */ (find(`[name="kind_${ADULTS_ONLY}"]`));
  adultsOnly.disabled = !isAdult();
  if (adultsOnly.disabled) adultsOnly.checked = false;
  find("#not-adult").hidden = isAdult() || choice !== "all";
  find("#kinds-part").hidden = choice !== "some";
  find("#days-part").hidden = choice !== "all" && choice !== "some";
}

find("#sharing-part").addEventListener("change", refresh);
onAgeChange(refresh);
refresh();
