// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** The receipt of a new case, or the statement of one that is erased: saving it as a file. */

/**
 * Makes the button save what is shown as text beside it, under the name that it has, if it has one.
 * @param {ParentNode} root
 */
export function enlivenReceipt(root) {
  const button = /** @type {HTMLElement | null} */ (root.querySelector("[data-download]"));
  if (!button) return;
  button.removeAttribute("hidden");
  button.addEventListener("click", () => {
    const number = root.querySelector("[data-number]")?.textContent ?? "";
    const receipt = /** @type {HTMLTextAreaElement} */ (root.querySelector("#receipt")).value;
    const name = button.dataset.download || `receipt-${number}.json`;
    save(new Blob([receipt], { type: "application/json" }), name);
  });
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

enlivenReceipt(document);
