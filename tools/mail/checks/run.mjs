// Runs checks on folders of emails. Each result is a JSON line on stdout.
// node checks/run.mjs axe,width FOLDER…   ·   node checks/run.mjs accept-clients FOLDER…
import path from "node:path";
import { Chrome } from "./chrome.mjs";

const WITH_BROWSER = ["axe", "width", "top", "alt", "clipping", "pixels", "shots"];
const WITHOUT_BROWSER = ["validate", "clients", "circles"];
// Each has one page at a time, because Chromium paints no page in the background.
const BROWSERS = 2;

const [names, ...folders] = process.argv.slice(2);

async function run(name, folder, chrome) {
  const { check } = await import(`./${name}.mjs`);
  for (const { what, value, limit, detail = [] } of await check(folder, chrome)) {
    const ok = typeof value === "string" ? null : limit === undefined || value <= limit;
    process.stdout.write(`${JSON.stringify({ check: name, email: path.basename(folder), what, value, limit: limit ?? null, ok, detail })}\n`);
  }
}

async function main() {
  if (names === "accept-clients") {
    const { accept } = await import("./clients.mjs");
    process.stderr.write(`${accept(folders)} pairs accepted\n`);
    return;
  }
  const wanted = names === "all" ? [...WITH_BROWSER, ...WITHOUT_BROWSER] : names.split(",");
  const unknown = wanted.filter((name) => !WITH_BROWSER.includes(name) && !WITHOUT_BROWSER.includes(name));
  if (unknown.length) throw new Error(`no check is named ${unknown.join(", ")}; there are ${[...WITH_BROWSER, ...WITHOUT_BROWSER].join(", ")}`);
  const browser = wanted.some((name) => WITH_BROWSER.includes(name));
  const waiting = [...folders];
  const worker = async () => {
    const chrome = browser ? await Chrome.start() : null;
    try {
      for (let folder = waiting.shift(); folder; folder = waiting.shift()) {
        for (const name of wanted) await run(name, folder, chrome);
        chrome?.shots.clear();
      }
    } finally {
      await chrome?.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(BROWSERS, folders.length) }, worker));
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
