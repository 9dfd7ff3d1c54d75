/* Passkeys: the browser asks the authenticator, and its answer goes out with the form. Without this a code is typed. */
"use strict";

const ceremonies = {
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  create: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
};

const offerPasskeys = () => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  document.querySelectorAll("[data-passkey]").forEach((form) => { form.hidden = false; });
};

const askForPasskey = async (form, button) => {
  const failed = form.querySelector(".note");
  failed.hidden = true;
  button.disabled = true;
  try {
    const answer = await fetch(form.dataset.options, { method: "POST" });
    /* The session has ended: the page leads to where it goes on. */
    if (!answer.ok) return location.reload();
    const credential = await ceremonies[form.dataset.passkey](await answer.json());
    form.elements.credential.value = JSON.stringify(credential);
    form.requestSubmit();
  } catch {
    failed.hidden = false;
  } finally {
    button.disabled = false;
  }
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey] button");
  if (button) askForPasskey(button.form, button);
});
document.addEventListener("htmx:after:swap", offerPasskeys);
offerPasskeys();
