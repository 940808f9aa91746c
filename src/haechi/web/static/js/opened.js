// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** What she is given once her case is open, in the place of the form. */

import { clone, find, word } from "./page_words.js";
import { enlivenReceipt } from "./receipt.js";

/** @typedef {{statement: {items: unknown[], sightings: number}}} Receipt */

/**
 * Shows number, passphrase and receipt, and nothing that would lead away from them unasked.
 * @param {{case_number: string, passphrase: string, receipt: Receipt, is_as_sent: boolean}} opened
 * @param {{isShared: boolean, mayAct: boolean}} said whether any service may be told, and whether the
 *   centre may act for her
 */
export function showOpened(opened, { isShared, mayAct }) {
  const page = clone("opened");
  const put = (/** @type {string} */ selector, /** @type {string} */ text) => {
    const element = page.querySelector(selector);
    if (element) element.textContent = text;
  };
  put("[data-number]", opened.case_number);
  put("[data-passphrase]", opened.passphrase);
  put("#receipt", JSON.stringify(opened.receipt, null, 2));
  const { items, sightings } = opened.receipt.statement;
  const isSo = {
    items: items.length > 0,
    shared: items.length > 0 && isShared,
    unshared: items.length > 0 && !isShared,
    places: sightings > 0,
    may_act: mayAct,
    may_not_act: !mayAct,
    changed: !opened.is_as_sent,
  };
  for (const [name, holds] of Object.entries(isSo)) {
    for (const part of page.querySelectorAll(`[data-when="${name}"]`)) {
      part.toggleAttribute("hidden", !holds);
    }
  }
  const main = find("#main");
  main.dataset.inCase = "";
  main.replaceChildren(page);
  // Another language is another page: the passphrase would be lost.
  for (const nav of document.querySelectorAll(".masthead nav, footer nav")) nav.remove();
  enlivenReceipt(main);
  document.title = word("title");
  // One step back by mistake leads to this same page, and not away from the passphrase.
  history.pushState(null, "");
  /** @type {HTMLElement} */ (main.querySelector("[data-heading]")).focus();
  window.scrollTo(0, 0);
}
