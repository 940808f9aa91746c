// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Passkeys on the console's pages: a form with `data-passkey` asks the browser for one when it is sent,
 * and carries its answer as JSON in the field `answer`. Without script, or where the browser has no
 * passkeys, such a form stays hidden.
 */

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"))) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const failed = /** @type {HTMLElement} */ (form.querySelector("[data-failed]"));
  const answer = /** @type {HTMLInputElement} */ (form.elements.namedItem("answer"));
  failed.hidden = true;
  try {
    const reply = await fetch(/** @type {string} */ (form.dataset.options), { method: "POST" });
    if (!reply.ok) throw new Error(String(reply.status));
    const options = await reply.json();
    const made = form.dataset.passkey === "create" ? await create(options) : await show(options);
    answer.value = JSON.stringify(made);
  } catch {
    // Whether she chose none or something failed: the browser does not say which.
    failed.hidden = false;
    return;
  }
  // Sent as a form, so that what is wrong comes back as a page.
  form.submit();
}

/** @param {any} options as the server wrote them */
async function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(withBytes),
  };
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return about(made, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
  });
}

/** @param {any} options as the server wrote them */
async function show(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: [] };
  const shown = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (shown.response);
  return about(shown, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  });
}

/** @param {PublicKeyCredential} credential @param {object} response */
function about(credential, response) {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

/** @param {{id: string}} descriptor */
function withBytes(descriptor) {
  return { ...descriptor, id: bytes(descriptor.id) };
}

/** @param {string} base64url */
function bytes(base64url) {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
