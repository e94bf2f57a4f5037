// axe-core on the email at all widths and colour schemes, and without styles.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { SCHEMES, WIDTHS } from "./chrome.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// An email has no landmarks: the client's page around it has them.
const RULES = { region: { enabled: false }, "landmark-one-main": { enabled: false } };

async function look(page) {
  return page.evaluate(
    (rules) => axe.run(document, { rules, resultTypes: ["violations"] }).then((found) => found.violations),
    RULES,
  );
}

export async function check(folder, chrome) {
  const found = { email: [], nostyle: [] };
  for (const images of [true, false]) {
    const page = await chrome.open(path.join(folder, "email.html"), { images });
    await page.evaluate(AXE);
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) {
        await chrome.look(page, width, scheme);
        const as = `${width} px, ${scheme}, images ${images ? "on" : "off"}`;
        for (const one of await look(page)) found.email.push(describe(one, as));
      }
    }
  }
  const bare = await chrome.open(path.join(folder, "nostyle.html"), { width: 360, images: false });
  await bare.evaluate(AXE);
  for (const one of await look(bare)) found.nostyle.push(describe(one, "360 px"));
  return [
    { what: "axe violations: 600/360 px, light/dark, images on/off", value: found.email.length, limit: 0, detail: found.email },
    { what: "axe violations with styles stripped", value: found.nostyle.length, limit: 0, detail: found.nostyle },
  ];
}

function describe(one, as) {
  return `${one.id} (${one.impact}), ${one.nodes.length} times, ${as}: ${one.nodes[0].html.slice(0, 160)}`;
}
