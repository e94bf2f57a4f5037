// Alt text with images refused: its contrast, which axe does not check, and whether it fits.
import path from "node:path";
import { SCHEMES, WIDTHS } from "./chrome.mjs";

export async function check(folder, chrome) {
  const page = await chrome.open(path.join(folder, "email.html"), { images: false });
  const low = [];
  const cut = [];
  let worst = 21;
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      await chrome.look(page, width, scheme);
      for (const one of await page.evaluate(alts)) {
        worst = Math.min(worst, one.ratio);
        const as = `${width} px, ${scheme}: alt "${one.alt}"`;
        if (one.ratio < 4.5) low.push(`${as} ${one.front} on ${one.back}: ${one.ratio.toFixed(2)}`);
        if (one.needs > one.has && scheme === "light") cut.push(`${as} needs ${one.needs} px, the slot has ${one.has}`);
      }
    }
  }
  return [
    { what: "alt text below 4.5:1, images refused, light/dark", value: low.length, limit: 0, detail: low },
    { what: "alt texts longer than their slot", value: cut.length, detail: cut },
  ];
}

// Runs in the page. An element's background is the first one under it that is not transparent.
function alts() {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return matchMedia("(prefers-color-scheme:dark)").matches ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
  };
  return [...document.images].filter((image) => image.alt).map((image) => {
    const style = getComputedStyle(image);
    const back = background(image);
    const [high, low] = [light(style.color), light(back)].sort((a, b) => b - a);
    const box = image.getBoundingClientRect();
    const probe = document.createElement("div");
    probe.style.cssText = `position:absolute;visibility:hidden;width:${box.width}px;font:${style.font};line-height:${style.lineHeight}`;
    probe.textContent = image.alt;
    document.body.append(probe);
    const needs = Math.ceil(probe.getBoundingClientRect().height);
    probe.remove();
    return { alt: image.alt, ratio: (high + 0.05) / (low + 0.05), front: style.color, back, needs, has: Math.ceil(box.height) };
  });
}
