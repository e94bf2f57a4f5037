// caniemail: features of the email that a client does not support, compared with the accepted baseline.
import fs from "node:fs";
import path from "node:path";
import { caniemail } from "caniemail";

const CLIENTS = ["gmail.*", "outlook.*", "apple-mail.*", "yahoo.*", "samsung-email.*"];
const BASELINE = new URL("../clients-baseline.json", import.meta.url);
// An empty frame (leemunroe's) has 33.
const MAX_PAIRS = 32;

export async function check(folder) {
  const known = new Set(JSON.parse(fs.readFileSync(BASELINE, "utf8")));
  const found = pairs(folder);
  const fresh = found.filter((pair) => !known.has(pair));
  return [
    { what: "caniemail: unsupported (feature, client) pairs not in the baseline", value: fresh.length, limit: 0, detail: fresh },
    { what: "caniemail: unsupported pairs in all", value: found.length, limit: MAX_PAIRS, detail: found.length > MAX_PAIRS ? found : [] },
  ];
}

export function accept(folders) {
  const all = [...new Set(folders.flatMap(pairs))].sort();
  fs.writeFileSync(BASELINE, `${JSON.stringify(all, null, 1)}\n`);
  return all.length;
}

function pairs(folder) {
  const html = fs.readFileSync(path.join(folder, "email.html"), "utf8");
  const shown = html.replace(/<!--[\s\S]*?-->/g, "");
  const css = [...shown.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/gi)].map((match) => match[1]).join("\n");
  const { issues } = caniemail({ clients: CLIENTS, html, css });
  const found = new Set();
  for (const [client, list] of issues.errors) for (const issue of list) found.add(`${issue.title} | ${client}`);
  return [...found].sort();
}
