// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** The receipt on the page that shows a new case: saving it as a file. */

/**
 * Makes the button of an opened case save the receipt that is shown as text beside it.
 * @param {ParentNode} root
 */
export function enlivenReceipt(root) {
  const button = root.querySelector("[data-download]");
  if (!button) return;
  button.removeAttribute("hidden");
  button.addEventListener("click", () => {
    const number = root.querySelector("[data-number]")?.textContent ?? "";
    const receipt = /** @type {HTMLTextAreaElement} */ (root.querySelector("#receipt")).value;
    save(new Blob([receipt], { type: "application/json" }), `receipt-${number}.json`);
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
