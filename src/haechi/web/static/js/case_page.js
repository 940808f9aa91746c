// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Opening a case, or adding to one: fingerprints are made here, in a worker, and only they are sent. A
 * file is shown as its number and the pattern of its fingerprint: never as a picture, never by its
 * name. All words come from the page. Sent again, after no answer or by a second tap, it is the same
 * secret that is sent, by which the server opens one case and not two.
 */

import { ageFacts } from "./age.js";
import { isAtWork, untilDone } from "./choosing.js";
import { onListChange, sendable } from "./file_list.js";
import { showOpened } from "./opened.js";
import { find, word } from "./page_words.js";
import { clearProblem, showProblem } from "./problem_box.js";
import { askForSharing, sharingWish, unansweredSharing } from "./sharing.js";

/** Longer than any answer takes; after it she may try again. */
const NO_ANSWER_AFTER_MS = 90_000;
const SEEN_FIELDS = ["url", "place", "note", "told_by", "first_heard_on", "threats"];
/** A day alone tells of no place. */
const TELLING_FIELDS = SEEN_FIELDS.filter((name) => name !== "first_heard_on");

const form = /** @type {HTMLFormElement} */ (find("#case-form"));
const status = find("#status");
let isSending = false;

// A problem is told by the page itself, in its language.
form.noValidate = true;

onListChange(() => askForSharing(sendable().length > 0));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isSending) return;
  isSending = true;
  try {
    if (isAtWork() && !(await untilDone())) return;
    clearProblem();
    const unanswered = missing();
    if (unanswered) showProblem({ code: unanswered, field: unanswered });
    else await send();
  } finally {
    isSending = false;
  }
});

/** The field that still has to be filled in; empty when all is said that is needed. */
function missing() {
  const day = /** @type {HTMLInputElement} */ (find("#first_heard_on"));
  if (day.validity.badInput) return "first_heard_on";
  if (sendable().length > 0) return unansweredSharing();
  return TELLING_FIELDS.some((name) => seen()[name]) ? "" : "sightings";
}

/** What she wrote of a place. @returns {Record<string, string>} */
function seen() {
  const typed = new FormData(form);
  return Object.fromEntries(SEEN_FIELDS.map((name) => [name, String(typed.get(name) ?? "").trim()]));
}

/** Sends the fingerprints and what she wrote, and nothing else of the files. */
async function send() {
  status.textContent = word("sending");
  const slow = new AbortController();
  const timer = setTimeout(() => slow.abort(), NO_ANSWER_AFTER_MS);
  try {
    const answer = await fetch(form.dataset.sendTo ?? "", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(report()),
      signal: slow.signal,
    });
    const body = await answer.json();
    if (answer.ok) goOn(body);
    else tell(body.error);
  } catch {
    tell({ code: "no_answer" });
  } finally {
    clearTimeout(timer);
  }
}

/** @param {{code: string, field?: string}} error */
function tell(error) {
  if (error.code === "already_sent" && form.dataset.case !== undefined) {
    // What was sent first is in the case; this form has done its work.
    location.replace("/case");
    return;
  }
  status.textContent = "";
  showProblem(error);
}

/** @param {any} answer */
function goOn(answer) {
  if ("passphrase" in answer) {
    const mayAct = new FormData(form).get("agent") === "yes";
    showOpened(answer, { isShared: sharingWish().kinds.length > 0, mayAct });
  } else {
    // Going back from the case does not lead to this form again.
    location.replace("/case");
  }
}

/** The body of `POST /v1/cases`, or of `POST /v1/case/items`. */
function report() {
  const typed = new FormData(form);
  const place = seen();
  const sharing = sharingWish();
  const added = {
    send_key: typed.get("send_key"),
    ...ageFacts(),
    items: sendable().map((item) => ({ ...item, sharing })),
    sightings: TELLING_FIELDS.some((name) => place[name]) ? [place] : [],
  };
  if (form.dataset.case !== undefined) return { case_number: form.dataset.case, ...added };
  return {
    language: form.dataset.language,
    agent: typed.get("agent") === "yes",
    standing: typed.get("standing"),
    ...added,
  };
}
