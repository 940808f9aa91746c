// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Leaving quickly, on every page: by the link, which works without this script too, or by pressing
 * Escape twice. The page goes blank at once, a case that is open on this device is closed, and the
 * page that is left is replaced in the history; pages before it stay there.
 */

const TWICE_WITHIN_MS = 1500;

const exit = /** @type {HTMLAnchorElement} */ (document.querySelector("#exit"));
let escapedAt = -Infinity;

function leave() {
  document.documentElement.hidden = true;
  if (document.querySelector("[data-in-case]")) {
    navigator.sendBeacon("/case/leave", new URLSearchParams());
  }
  location.replace(exit.href);
}

exit.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  if (event.timeStamp - escapedAt < TWICE_WITHIN_MS) leave();
  escapedAt = event.timeStamp;
});

// A page out of the browser's memory would show the case after it was closed.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

for (const element of document.querySelectorAll("[data-needs-script]")) {
  element.removeAttribute("hidden");
}
