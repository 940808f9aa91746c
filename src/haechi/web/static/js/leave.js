// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Leaving quickly, on every page: by the link, which works without this script too, or by pressing
 * Escape twice. The page goes blank at once, a case that is open on this device is closed, and the
 * page that is left is replaced in the history; pages before it stay there. A page of a case also goes
 * when its session has ended by itself; the one that shows a passphrase waits until she is done with it.
 */

const TWICE_WITHIN_MS = 1500;
/** A little after the server, which counts from the same request. */
const CLOSING_LATE_MS = 5000;

const exit = /** @type {HTMLAnchorElement} */ (document.querySelector("#exit"));
let escapedAt = -Infinity;

function leave() {
  blank();
  // While the other page loads, the tab is already named after it.
  document.title = exit.hostname;
  // From every page: a case may be open in this browser without being shown on this one.
  navigator.sendBeacon("/case/leave", new URLSearchParams());
  location.replace(exit.href);
}

function blank() {
  document.documentElement.hidden = true;
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

// A page out of the browser's memory would show the case after it was closed: it is kept blank there,
// and asked for again.
window.addEventListener("pagehide", (event) => {
  if (event.persisted) blank();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// The session ends by itself on the server; what the page shows of the case must not outlast it.
const shown = /** @type {HTMLElement | null} */ (document.querySelector("[data-closes-after-min]"));
if (shown) {
  const after_ms = Number(shown.dataset.closesAfterMin) * 60_000 + CLOSING_LATE_MS;
  setTimeout(() => {
    blank();
    location.replace("/case/enter");
  }, after_ms);
}

for (const element of document.querySelectorAll("[data-needs-script]")) {
  element.removeAttribute("hidden");
}
