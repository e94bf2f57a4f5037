// Copies the address of a page. Without this script the button stays hidden.
"use strict";
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return;
    }
    const status = button.nextElementSibling;
    button.textContent = status.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = words;
      status.textContent = "";
    }, 2500);
  });
}
