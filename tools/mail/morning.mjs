// What an editor and a sender do less often than the morning of desk.mjs, in a real browser, with or without scripts, by keyboard alone.
// node morning.mjs WIDTH on|off light|dark; the first line of its input is the day ({base, cookie, edition, outbox, picture, words,
// steps: [[name, language]]}). Prints what it saw as a JSON document. A line before it names what the newsroom does next; a line of
// input says that it is done.
import readline from "node:readline";
import { Keyboard } from "./keyboard.mjs";
import { linkTo } from "./outbox.mjs";

const [width, scripts, scheme] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const day = JSON.parse((await lines.next()).value);
let words = day.words.hi;
const at = await Keyboard.open(day.base, { width: Number(width), scripts: scripts === "on", scheme });
await at.page.setCookie({ name: "desk", value: day.cookie, url: day.base });
const seen = {};
const here = `/desk/edition/${day.edition}`;

async function newsroom(act) {
  process.stdout.write(`${act}\n`);
  await lines.next();
}

const order = () => at.page.$$eval(".st", (rows) => rows.map((row) => row.dataset.story));
const has = (selector) => at.page.$(selector).then(Boolean);

// On a phone what is changed rarely is folded.
async function unfold(selector) {
  const summary = await at.page.$(`${selector} summary`);
  if (summary && (await summary.evaluate((one) => one.checkVisibility() && !one.parentElement.open))) await at.toggle(`${selector} summary`);
}

async function storyPage(story) {
  if (at.narrow) {
    await at.toggle(`#more-${story}`);
    await at.toggle(`#why-${story}`);
  }
  await at.press(`#acts-regroup-${story}`);
}

async function regroup() {
  await at.go("/desk/");
  const [first] = await order();
  await storyPage(first);
  const other = await at.page.$eval("#other", (list) => list.value);
  await at.press("form[action$='/merge'] button");
  seen.merged = !(await order()).includes(other);
  await storyPage(first);
  seen.parts = (await at.page.$$("form[action$='/split'] button")).length;
  await at.press("section:has(form[action$='/split']) form:last-of-type button");
  seen.split = (await order()).includes(other);
}

async function picture() {
  await at.go("/desk/");
  const first = await at.page.$eval(".st:has(.thumb)", (row) => row.dataset.story);
  await storyPage(first);
  await at.press("#picture button[value=none]", { says: words.pictured });
  await at.press("#picture button[value=composed]", { says: words.pictured });
  await at.give("#file", day.picture);
  await at.press("form[enctype] .btn", { says: words.pictured });
  seen.pictured = await at.page.$eval("#picture img", (one) => one.complete && one.naturalWidth > 0);
}

async function block() {
  await at.go("/desk/");
  const form = "form.blk:has([name=name][value=weather])";
  await unfold("#fold-blocks");
  await at.act(`${form} [value=out]`, () => has(`${form} [value=back]`));
  await unfold("#fold-blocks");
  await at.act(`${form} [value=back]`, () => has(`${form} [value=out]`));
  await unfold("#fold-blocks");
  await unfold("#new-blocks");
  await at.press("#new-blocks a[href$='/block/quote']");
  await at.type("#text", "नदी सबकी है।");
  await at.type("#by", "एक किसान");
  await at.press("form .btn.dark");
  seen.quote = (await at.text("#blocks")).includes("नदी सबकी है।");
}

async function pool() {
  await at.go("/desk/");
  await unfold("#fold-pool");
  await at.type("#q", "नदीपुर");
  await at.press("#q");
  await at.press("form[action$='/add'] .btn");
  seen.added = await has("#undo");
}

async function refresh() {
  await newsroom("collect");
  await at.go("/desk/");
  await at.act("#refresh", async () => (await at.text("#stories")).includes("भूकंप"));
}

async function test() {
  await at.go("/desk/");
  if (at.narrow) await at.press(".tabs a[href$='/email']");
  await at.toggle("#test summary");
  await at.choose("#group", "newsroom");
  await at.press("#test form:has(#group) .btn", { says: words.tested });
  const link = await linkTo(day.outbox, "asha@example.com", `${here}/decide/`);
  await at.go(link);
  seen.buttons = (await at.page.$$("main button")).length;
  await at.press(".btn.go");
  seen.approved = await has("#state.ok");
  await at.go(link);
  seen.again = (await at.page.$$("main button")).length;
  await at.press(`a[href="${here}"]`);
  await at.act("#do-reopen", () => has("#do-approve"));
}

async function special() {
  await at.press(".nav a[href$='/calendar']");
  if (at.narrow) await at.press("a[href$='/calendar?month=2026-12']");
  else await at.press(".seg a:last-child");
  await at.type("#name", "नदी विशेष");
  await at.type("#slug", "Nadi Vishesh");
  await at.press("#slug", { status: 422 });
  seen.specialKept = await at.page.$eval("#name", (field) => field.value);
  await at.type("#slug", "nadi");
  await at.type("#words", "नदीपुर");
  await at.choose("#hours", "48");
  await at.press("#special .btn.dark");
  seen.special = (await order()).length;
  await at.act("#do-approve", () => has("#do-reopen"));
  await at.act("#do-reopen", () => has("#do-approve"));
}

async function send() {
  await newsroom("begin");
  await at.go(here);
  await at.act("#do-pause", () => has("#do-resume"));
  await at.act("#do-resume", () => has("#do-pause"));
  await at.press("section a[href*='/correct/']");
  await at.type("#title", "सही शीर्षक");
  await at.type("#note", "शीर्षक में संख्या ग़लत थी।");
  await at.press("#correct [name=preview]");
  await at.press("#preview .btn.go");
  seen.corrected = await at.text("main h2");
  await at.go(here);
  await at.press("a.btn.danger[href$='/cancel']");
  await at.press("form .btn.danger");
}

const steps = { regroup, picture, block, pool, refresh, test, special, send };
try {
  await at.go("/desk/");
  for (const [name, language] of day.steps) {
    words = day.words[language];
    await at.speak(language);
    await steps[name]();
  }
} catch (error) {
  throw new Error(`${error.message}\n${JSON.stringify({ seen, faults: at.faults })}\n${(await at.text("main")).slice(0, 600)}`, { cause: error });
} finally {
  await at.stop();
}
process.stdout.write(JSON.stringify({ ...seen, faults: at.faults }));
process.exit();
