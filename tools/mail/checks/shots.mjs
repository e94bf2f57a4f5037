// Takes screenshots at 600 and 360 px, light and dark, next to the email's folder.
import fs from "node:fs";
import path from "node:path";
import { SCHEMES, WIDTHS } from "./chrome.mjs";

export async function check(folder, chrome) {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const png = await chrome.shot(path.join(folder, "email.html"), width, scheme);
      fs.writeFileSync(`${folder}-${width}-${scheme}.png`, png);
    }
  }
  return [];
}
