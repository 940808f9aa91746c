// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** The words and pieces that a page brings along in its templates; no sentence is written in a script. */

/**
 * The element of this page that a selector names, which must be there.
 * @template {HTMLElement} T
 * @param {string} selector
 * @returns {T}
 */
export const find = (selector) => /** @type {T} */ (document.querySelector(selector));

/**
 * A sentence of the page, its placeholders filled.
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 * @returns {string} empty when the page has no such sentence
 */
export function word(name, values = {}) {
  return sentence(`[data-word="${name}"]`).replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

/**
 * The sentence for something that went wrong.
 * @param {string | null | undefined} name of what is wrong: a field or a code; one sentence may be for several
 * @returns {string} empty when the page has no such sentence
 */
export function problemWord(name) {
  return sentence(`[data-error~="${name}"]`);
}

// Kept, since the page may go on without what it began with.
const words = /** @type {HTMLTemplateElement} */ (find("#words"));

/** @param {string} selector */
function sentence(selector) {
  return words.content.querySelector(selector)?.textContent ?? "";
}

/** A fresh copy of one of the page's pieces. @param {string} id @returns {DocumentFragment} */
export function clone(id) {
  return document.importNode(/** @type {HTMLTemplateElement} */ (find(`#${id}`)).content, true);
}
