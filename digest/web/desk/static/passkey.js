// When the form is submitted, asks the device for a passkey and adds the answer to the form.
"use strict";

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const toText = (data) => btoa(String.fromCharCode(...new Uint8Array(data))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function ask(form) {
  const publicKey = JSON.parse(form.dataset.options);
  publicKey.challenge = toBytes(publicKey.challenge);
  for (const each of [...(publicKey.excludeCredentials ?? []), ...(publicKey.allowCredentials ?? [])]) each.id = toBytes(each.id);
  const create = form.dataset.passkey === "create";
  if (create) publicKey.user.id = toBytes(publicKey.user.id);
  const made = await navigator.credentials[create ? "create" : "get"]({ publicKey });
  const response = { clientDataJSON: toText(made.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = toText(made.response[name]);
  }
  return JSON.stringify({ id: made.id, rawId: toText(made.rawId), type: made.type, response, clientExtensionResults: {} });
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      try {
        form.elements.answer.value = await ask(form);
        form.submit();
      } catch {
        form.querySelector("[role=alert]").hidden = false;
      }
    });
  }
}
