"use strict";
// Polls the state twice a second and redraws when it has changed. Texts are set as text, never as markup.
const FRAMES = [["Phone", 360, "light"], ["Phone", 360, "dark"], ["Desktop", 680, "light"], ["Desktop", 680, "dark"]];
const byId = (id) => document.getElementById(id);
let state = {version: "", variants: []};

function selectedVariant() {
  return state.variants.find((variant) => variant.key === byId("variant").value) || state.variants[0];
}

function show() {
  byId("error").hidden = !state.error;
  byId("error").textContent = state.error;
  byId("name").textContent = state.name || "digest";
  byId("edition").textContent = state.edition ? `${state.edition}, ${state.state}` : "";
  const before = byId("variant").value;
  byId("variant").replaceChildren(...state.variants.map((variant) => {
    const option = new Option(variant.topics ? `${variant.key}: ${variant.topics}` : variant.key, variant.key);
    option.selected = variant.key === before;
    return option;
  }));
  const variant = selectedVariant();
  if (!variant) return;
  document.title = `${variant.subject} – preview`;
  const kb = (bytes) => (bytes / 1000).toFixed(1) + " kB";
  byId("sizes").className = variant.level;
  byId("sizes").textContent = Object.entries(variant.sizes).map(([name, bytes]) => `${name.replace("_", "-")} ${kb(bytes)}`).join(" · ");
  byId("warnings").hidden = !variant.warnings.length;
  byId("warnings").replaceChildren(...variant.warnings.map((warning) => {
    const item = document.createElement("li");
    item.textContent = warning;
    return item;
  }));
  for (const mail of document.querySelectorAll(".mail")) {
    mail.querySelector(".from").textContent = state.name;
    mail.querySelector(".subject").textContent = variant.phone_subject;
    mail.querySelector(".preheader").textContent = state.preheader;
  }
  byId("text").textContent = variant.text;
  frames(variant);
}

function frames(variant) {
  const scheme = byId("scheme").value;
  const wanted = variant.html ? FRAMES.filter(([, , own]) => scheme === "both" || scheme === own) : [];
  byId("frames").replaceChildren(...wanted.map(([name, width, own]) => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = `${name}, ${width} px, ${own}`;
    const frame = document.createElement("iframe");
    frame.title = caption.textContent;
    frame.width = width;
    frame.sandbox = "allow-popups";
    const query = new URLSearchParams({variant: variant.key, scheme: own, images: byId("images").checked ? "1" : "0", v: state.version});
    frame.src = "letter.html?" + query;
    figure.append(caption, frame);
    return figure;
  }));
}

async function poll() {
  try {
    const response = await fetch("state.json", {cache: "no-store"});
    const next = await response.json();
    if (next.version !== state.version) {
      state = next;
      show();
    }
  } catch {
    byId("error").hidden = false;
    byId("error").textContent = "The preview has stopped; start it again with: digest preview --open";
    state.version = "";
  }
  setTimeout(poll, 500);
}

for (const id of ["variant", "scheme", "images"]) byId(id).addEventListener("change", show);
poll();
