"use strict";
// Asks for the state twice a second and shows it anew when it has changed. Texts are set as text, never as markup.
const FRAMES = [["Phone", 360, "light"], ["Phone", 360, "dark"], ["Desktop", 680, "light"], ["Desktop", 680, "dark"]];
const one = (id) => document.getElementById(id);
let state = {version: "", variants: []};

function chosen() {
  return state.variants.find((variant) => variant.key === one("variant").value) || state.variants[0];
}

function show() {
  one("error").hidden = !state.error;
  one("error").textContent = state.error;
  one("name").textContent = state.name || "digest";
  one("edition").textContent = state.edition ? `${state.edition}, ${state.state}` : "";
  const before = one("variant").value;
  one("variant").replaceChildren(...state.variants.map((variant) => {
    const option = new Option(variant.topics ? `${variant.key}: ${variant.topics}` : variant.key, variant.key);
    option.selected = variant.key === before;
    return option;
  }));
  const variant = chosen();
  if (!variant) return;
  document.title = `${variant.subject} – preview`;
  const kb = (bytes) => (bytes / 1000).toFixed(1) + " kB";
  one("sizes").className = variant.level;
  one("sizes").textContent = Object.entries(variant.sizes).map(([name, bytes]) => `${name.replace("_", "-")} ${kb(bytes)}`).join(" · ");
  for (const mail of document.querySelectorAll(".mail")) {
    mail.querySelector(".from").textContent = state.name;
    mail.querySelector(".subject").textContent = variant.phone_subject;
    mail.querySelector(".preheader").textContent = state.preheader;
  }
  one("text").textContent = variant.text;
  frames(variant);
}

function frames(variant) {
  const scheme = one("scheme").value;
  const wanted = variant.html ? FRAMES.filter(([, , own]) => scheme === "both" || scheme === own) : [];
  one("frames").replaceChildren(...wanted.map(([name, width, own]) => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = `${name}, ${width} px, ${own}`;
    const frame = document.createElement("iframe");
    frame.title = caption.textContent;
    frame.width = width;
    frame.sandbox = "allow-popups";
    const query = new URLSearchParams({variant: variant.key, scheme: own, images: one("images").checked ? "1" : "0", v: state.version});
    frame.src = "letter.html?" + query;
    figure.append(caption, frame);
    return figure;
  }));
}

async function ask() {
  try {
    const answer = await fetch("state.json", {cache: "no-store"});
    const next = await answer.json();
    if (next.version !== state.version) {
      state = next;
      show();
    }
  } catch {
    one("error").hidden = false;
    one("error").textContent = "The preview has stopped; start it again with: digest preview --open";
    state.version = "";
  }
  setTimeout(ask, 500);
}

for (const id of ["variant", "scheme", "images"]) one(id).addEventListener("change", show);
ask();
