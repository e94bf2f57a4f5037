// Screenshots for people: 600 and 360 px, light and dark, beside the letter's folder. Judges nothing.
import fs from "node:fs";
import path from "node:path";
import { SCHEMES, WIDTHS } from "./chrome.mjs";

export async function judge(folder, chrome) {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const png = await chrome.shot(path.join(folder, "letter.html"), width, scheme);
      fs.writeFileSync(`${folder}-${width}-${scheme}.png`, png);
    }
  }
  return [];
}
