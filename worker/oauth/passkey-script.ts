/**
 * The script of the pages that people sign in on. It shows what needs it, signs the page's challenge with a passkey, and adds a
 * passkey by the API of this origin before the secret is sent. It is let in by its hash.
 */
export const PASSKEY_SCRIPT = `
"use strict";
(() => {
  const { PublicKeyCredential: keys } = window;
  if (!keys?.parseCreationOptionsFromJSON || !keys.parseRequestOptionsFromJSON || !keys.prototype.toJSON) return;
  const passkey = document.querySelector("#passkey");
  const bySecret = document.querySelector("#by-secret");
  const box = document.querySelector("#add-passkey");
  const say = (form, text) => {
    const alert = form.querySelector("[role=alert]");
    alert.textContent = text;
    alert.hidden = text === "";
  };
  const reason = ({ name, message }) =>
    name === "NotAllowedError" ? "It was cancelled, or took too long."
      : name === "InvalidStateError" ? "This device has one already." : message;
  box.hidden = false;
  if (passkey) {
    passkey.hidden = false;
    passkey.addEventListener("submit", async (event) => {
      event.preventDefault();
      say(passkey, "");
      try {
        const publicKey = keys.parseRequestOptionsFromJSON({
          challenge: passkey.dataset.challenge, userVerification: "required",
        });
        const signed = await navigator.credentials.get({ publicKey });
        passkey.elements.passkey.value = JSON.stringify(signed.toJSON());
        passkey.submit();
      } catch (error) {
        say(passkey, "The passkey was not used. " + reason(error));
      }
    });
  }
  let ready = false;
  bySecret.addEventListener("submit", async (event) => {
    if (ready || !box.querySelector("input").checked) return;
    event.preventDefault();
    say(bySecret, "");
    const { submitter } = event;
    const post = (path, body) => fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer " + bySecret.elements.secret.value.trim() },
      body: JSON.stringify(body),
    });
    try {
      const offered = await post("/v1/passkeys/options", {});
      if (offered.ok) {
        const publicKey = keys.parseCreationOptionsFromJSON(await offered.json());
        const made = await navigator.credentials.create({ publicKey });
        const added = await post("/v1/passkeys", made.toJSON());
        if (!added.ok) throw new Error((await added.json()).detail);
      } else if (offered.status !== 401) throw new Error((await offered.json()).detail);
      ready = true;
      bySecret.requestSubmit(submitter);
    } catch (error) {
      say(bySecret, "No passkey was added. " + reason(error) + " Clear the box to go on without one.");
    }
  });
})();
`;
