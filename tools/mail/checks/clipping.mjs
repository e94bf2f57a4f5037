// Ink outside its line box: what a client that clips at line-height (Word with exact line height, any overflow:hidden)
// would cut off a matra, a reph or an anusvara.
//
// In the email itself the ink of one line reaches into the box of the next. Every word is therefore set again on a sheet,
// black on white, in a line box with the email's computed line-height and fonts and an empty margin; a dark pixel in the
// margin is ink that is cut. This is done in the email's own fonts and in two that recipients' machines may substitute.
import path from "node:path";
import { PNG } from "pngjs";
import { WIDTHS } from "./chrome.mjs";

const FALLBACKS = ["", "Lohit Devanagari", "Noto Serif Devanagari"];
// Of 255. A darker pixel is ink and not its faint edge.
const DARK = 160;
// Words that were checked in the same style for another email.
const clean = new Set();
// Width in px, roughly. The sheet is as wide as its widest row.
const ROW = 1500;

export async function check(folder, chrome) {
  const styles = new Map();
  const hidden = new Set();
  const page = await chrome.open(path.join(folder, "email.html"));
  for (const width of WIDTHS) {
    await chrome.look(page, width, "light");
    const seen = await page.evaluate(words);
    for (const [style, found] of seen.styles) {
      if (!styles.has(style)) styles.set(style, new Set());
      for (const word of found) styles.get(style).add(word);
    }
    for (const cut of seen.hidden) hidden.add(`${width} px: ${cut}`);
  }
  const rows = [];
  for (const [key, found] of styles) {
    const style = JSON.parse(key);
    // A word is about 3 em with its space.
    const each = Math.max(1, Math.floor(ROW / (3 * parseFloat(style.inner.size))));
    for (const family of FALLBACKS) {
      const list = [...found].filter((word) => !clean.has(`${key} ${family} ${word}`));
      for (let at = 0; at < list.length; at += each) {
        rows.push({ ...style, key, family, words: list.slice(at, at + each), text: list.slice(at, at + each).join(" ") });
      }
    }
  }
  const cut = await inkOutside(chrome, rows);
  return [
    { what: "ink outside its line box in three fonts, px", value: cut.most, limit: 0, detail: cut.detail },
    { what: "elements that cut their content", value: hidden.size, limit: 0, detail: [...hidden] },
  ];
}

async function inkOutside(chrome, rows) {
  const sheet = await chrome.open(null, { width: ROW });
  const places = await sheet.evaluate(draw, rows);
  await sheet.setViewport({ width: Math.ceil(places.width), height: Math.ceil(places.height) });
  const png = PNG.sync.read(await chrome.picture(sheet, false));
  const dark = (y) => {
    for (let at = y * png.width * 4, end = at + png.width * 4; at < end; at += 4) {
      if (png.data[at] < DARK) return true;
    }
    return false;
  };
  const inked = (from, to) => {
    let count = 0;
    for (let y = from; y < Math.min(to, png.height); y++) count += dark(y) ? 1 : 0;
    return count;
  };
  const found = new Map(); // by style: the most that lies above and below, and a row that shows it
  rows.forEach((row, index) => {
    const { from, top, bottom, to } = places.rows[index];
    const [above, below] = [inked(from, top), inked(bottom, to)];
    if (!above && !below) for (const word of row.words) clean.add(`${row.key} ${row.family} ${word}`);
    const key = `${row.inner.size} in a line of ${row.outer.line}, ${row.family || "the email's fonts"}`;
    const known = found.get(key) ?? { above: 0, below: 0 };
    if (above + below > known.above + known.below) found.set(key, { above, below, text: row.text });
  });
  const detail = [...found].map(([key, { above, below, text }]) => `${key}: ${above} px above, ${below} below: ${text.slice(0, 80)}`);
  return { detail, most: Math.max(0, ...[...found.values()].map((one) => Math.max(one.above, one.below))) };
}

// Runs in the email. Returns the words by the styles that decide where their ink is: their element's and their block's.
function words() {
  const styles = new Map();
  const hidden = [];
  const shape = (element) => {
    const style = getComputedStyle(element);
    const { fontFamily: family, fontSize: size, fontWeight: weight, fontStyle: slant, lineHeight: line } = style;
    return { family, size, weight, slant, line };
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const parent = walker.currentNode.parentElement;
    if (!text || !parent.getClientRects().length || getComputedStyle(parent).fontSize === "0px") continue;
    let block = parent;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    const key = JSON.stringify({ inner: shape(parent), outer: shape(block) });
    if (!styles.has(key)) styles.set(key, new Set());
    for (const word of text.split(/\s+/)) styles.get(key).add(word);
  }
  for (const element of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    // An image in a box may be cut: that is what the box is for.
    if (!["hidden", "clip"].includes(style.overflowY) || element.tagName === "IMG" || !element.innerText.trim()) continue;
    if (element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1) {
      hidden.push(element.outerHTML.slice(0, 120));
    }
  }
  return { styles: [...styles].map(([key, found]) => [key, [...found]]), hidden };
}

// Runs on the sheet. Rows start at whole pixels, with half the font size as margin above and below: no Devanagari font has
// ink so far out.
function draw(rows) {
  const css = (shape, family) =>
    `font:${shape.slant} ${shape.weight} ${shape.size}/${shape.line} ${family ? `"${family}"` : shape.family}`;
  document.documentElement.lang = "hi";
  document.body.style.cssText = "margin:0;background:#fff;color:#000";
  const places = [];
  let y = 0;
  let width = 1;
  for (const row of rows) {
    const margin = Math.ceil(Math.max(parseFloat(row.outer.size), parseFloat(row.inner.size)) / 2);
    const block = document.createElement("div");
    block.style.cssText = `position:absolute;white-space:nowrap;left:20px;top:${y + margin}px;${css(row.outer, row.family)}`;
    const inner = document.createElement("span");
    inner.style.cssText = css(row.inner, row.family);
    inner.textContent = row.text;
    block.append(inner);
    document.body.append(block);
    const box = block.getBoundingClientRect();
    width = Math.max(width, box.right + 20);
    const bottom = Math.ceil(y + margin + box.height);
    places.push({ from: y, top: y + margin, bottom, to: bottom + margin });
    y = bottom + margin;
  }
  document.body.style.height = `${y}px`;
  return { rows: places, width, height: Math.max(1, y) };
}
