// Runs judges over folders of letters; each finding is a JSON line on stdout.
// node judges/judge.mjs axe,width FOLDER…   ·   node judges/judge.mjs accept-clients FOLDER…
import path from "node:path";
import { Chrome } from "./chrome.mjs";

const SEEING = ["axe", "width", "alt", "clipping", "pixels", "shots"];
const READING = ["validate", "clients", "circles"];
const BROWSERS = 2; // each with one page at a time: Chromium paints no page in the background

const [names, ...folders] = process.argv.slice(2);

async function run(name, folder, chrome) {
  const { judge } = await import(`./${name}.mjs`);
  for (const { what, value, bar, detail = [] } of await judge(folder, chrome)) {
    const ok = typeof value === "string" ? null : bar === undefined || value <= bar;
    process.stdout.write(`${JSON.stringify({ judge: name, letter: path.basename(folder), what, value, bar: bar ?? null, ok, detail })}\n`);
  }
}

async function main() {
  if (names === "accept-clients") {
    const { accept } = await import("./clients.mjs");
    process.stderr.write(`${accept(folders)} pairs accepted\n`);
    return;
  }
  const wanted = names === "all" ? [...SEEING, ...READING] : names.split(",");
  const unknown = wanted.filter((name) => !SEEING.includes(name) && !READING.includes(name));
  if (unknown.length) throw new Error(`no judge is named ${unknown.join(", ")}; there are ${[...SEEING, ...READING].join(", ")}`);
  const seeing = wanted.some((name) => SEEING.includes(name));
  const waiting = [...folders];
  const worker = async () => {
    const chrome = seeing ? await Chrome.start() : null;
    try {
      for (let folder = waiting.shift(); folder; folder = waiting.shift()) {
        for (const name of wanted) await run(name, folder, chrome);
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
