// Inlining must not change a pixel: compares the email with the page before inlining and with css-inline's result.
import fs from "node:fs";
import path from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { SCHEMES, WIDTHS } from "./chrome.mjs";

const OTHERS = { "plain.html": "before inlining", "other.html": "by css-inline" };

export async function check(folder, chrome) {
  const rows = [];
  for (const [other, name] of Object.entries(OTHERS)) {
    const what = `pixels that differ from the page ${name}`;
    // An email from a file has no page before inlining.
    if (!fs.existsSync(path.join(folder, "plain.html"))) continue;
    if (!fs.existsSync(path.join(folder, other))) {
      rows.push({ what, value: "not installed", limit: 0 });
      continue;
    }
    const detail = [];
    let worst = 0;
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) {
        const [one, two] = [
          await chrome.shot(path.join(folder, "email.html"), width, scheme),
          await chrome.shot(path.join(folder, other), width, scheme),
        ];
        const count = one.equals(two) ? 0 : differing(PNG.sync.read(one), PNG.sync.read(two));
        if (count) detail.push(`${width} px, ${scheme}: ${count} pixels differ`);
        worst = Math.max(worst, count);
      }
    }
    rows.push({ what, value: worst, limit: 0, detail });
  }
  return rows;
}

function differing(one, two) {
  if (one.width !== two.width || one.height !== two.height) return Math.max(one.data.length, two.data.length) / 4;
  return pixelmatch(one.data, two.data, null, one.width, one.height, { threshold: 0 });
}
