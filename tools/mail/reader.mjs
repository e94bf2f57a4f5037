// A subscriber's way through all pages in a real browser, with or without scripts, by keyboard alone.
// node reader.mjs WIDTH on|off light|dark hi|en [FOLDER for pictures] < way.json ({base, outbox, answer, poll, reader, search, words, steps});
// prints what it saw as a JSON document.
import fs from "node:fs";
import path from "node:path";
import { Keyboard } from "./keyboard.mjs";
import { linkTo } from "./outbox.mjs";

const [width, scripts, scheme, language, pictures] = process.argv.slice(2);
const way = JSON.parse(fs.readFileSync(0, "utf8"));
const { words } = way;
const at = await Keyboard.open(way.base, { width: Number(width), scripts: scripts === "on", scheme });
const seen = {};
const MAIL = "kavita@gmail.com";
const NEW = "kavita@example.org";

let shots = 0;
async function shot(name) {
  if (!pictures) return;
  fs.writeFileSync(path.join(pictures, `${String(++shots).padStart(2, "0")}-${name}-${width}-${scheme}.png`), await at.page.screenshot({ fullPage: true }));
}

const inLanguage = (place) => (language === "en" ? `${place}${place.includes("?") ? "&" : "?"}lang=en` : place);
const open = (place) => at.go(inLanguage(place));
const mailed = async (email, start) => open(await linkTo(way.outbox, email, start));
const values = (selector) => at.page.$$eval(selector, (all) => all.map((one) => one.value));
let preferences = "";

async function join() {
  await open("/");
  await at.type("#email", "kavita@gmial.com");
  await at.press("#email", { status: 400, says: words.meant });
  await shot("join-typo");
  await at.press("button[name=meant]", { says: words.check });
  await shot("asked");
  await mailed(MAIL, "/confirm/");
  await at.press("main button", { says: words.subscribed });
  await shot("confirmed");
  await at.press("main a.button[href*='/preferences/']", { says: words.preferences });
  preferences = new URL(at.page.url()).pathname;
}

async function choose() {
  for (const name of await values("input[name=topics]:checked")) await at.toggle(`input[name=topics][value="${name}"]`);
  for (const name of ["tue", "thu", "sat", "sun"]) await at.toggle(`input[name=days][value=${name}]`);
  await at.choose("#hour", way.hour);
  await at.pick("input[name=format][value=text]");
  await at.press("#choices > p > button:not([name])", { status: 400, says: words.topicless });
  await shot("preferences-wrong");
  seen.kept = [await values("input[name=days]:checked"), await values("#hour"), await values("input[name=format]:checked")];
  await at.toggle("input[name=topics]");
  await at.press("#choices > p > button:not([name])", { says: words.saved });
  await shot("preferences");
  seen.chosen = [await values("input[name=topics]:checked"), await values("input[name=days]:checked")];
  await open(preferences);
  await at.press("#choices > p > button:not([name])", { says: words.saved });
  const answer = await at.page.goBack({ waitUntil: "load" });
  seen.back = [answer?.status() ?? 200, await at.text("h1")];
  await open(preferences);
  await at.press("button[name=weeks][value='2']", { says: words.paused });
  await at.press("button[formaction*='/resume']", { says: words.resumed });
}

async function ownData() {
  await at.press("button[formaction*='/data']", { says: words.mailed });
  await mailed(MAIL, "/data/");
  await shot("data");
  seen.files = [await at.save("button[value=page]"), await at.save("button[value=json]")];
  await open(preferences);
  await at.press("button[formaction*='/address']", { says: words.another });
  await at.type("#new", "kavita@gmial.com");
  await at.press("#new", { status: 400, says: words.meant });
  await shot("address-typo");
  await at.type("#new", NEW);
  await at.press("#new", { says: words.both });
  await mailed(NEW, "/address/");
  await at.press("main button", { says: words.oneMore });
  await shot("address-waiting");
  await mailed(MAIL, "/address/");
  await at.press("main button", { says: words.changed });
  await open(preferences);
  seen.address = (await at.text("main")).includes(NEW);
}

async function leave() {
  await open(preferences.replace("preferences", "leave"));
  await shot("leave");
  await at.press("section[aria-labelledby=less] button", { says: words.saved });
  await shot("less");
  await at.press("main button", { says: words.left });
  await at.pick("input[name=why][value='too much']");
  await at.type("#word", "बहुत मेल आती थी");
  await at.press("form[action*='/why'] button", { says: words.thanks });
  await shot("left");
  await at.press("form[action*='/back'] button", { says: words.welcome });
}

async function archive() {
  await open("/archive");
  await at.type("#q", way.search);
  await at.press("#q", { says: words.suggested });
  await shot("search-typo");
  await at.press(".nothing a.button");
  await shot("search");
  await at.press(".found a");
  await shot("story");
  seen.story = await at.text("h1");
  seen.whatsapp = await at.page.$eval(".share a", (link) => link.href.startsWith("https://wa.me/") || link.href.startsWith("https://api.whatsapp.com/"));
  await at.reach(".share a");
  if (scripts === "on") {
    await at.toggle("[data-copy]", "Enter");
    await at.page.waitForFunction(() => document.querySelector("[data-copy] + [role=status]").textContent);
    seen.copied = await at.text("[data-copy]");
  }
  await at.press(".trail a[href*='/topic/']");
  await shot("topic");
  await at.press(".found a");
  await at.press(".trail a");
  await shot("edition");
  await at.press("aside a.tap");
}

async function answer() {
  await open(way.answer);
  await shot("answer");
  await at.press("main form button", { says: words.counts });
  await shot("answered-in-an-unknown-browser");
  // A comment is stored with the subscriber, so it needs the browser to be known as theirs.
  seen.anonymous = (await at.page.$("#word")) === null;
  await open(`/preferences/${way.answer.split("/").pop()}`);
  await at.press("form[action*='/choose'] button", { says: words.mailed });
  await mailed(way.reader, "/choose/");
  await open(way.poll);
  await at.press("main form button", { says: words.counts });
  await at.type("#word", "अच्छा अंक था।");
  await at.press("form[action*='/word'] button", { says: words.word });
  await shot("answered");
  await open(way.poll);
  await at.press("main form button", { says: words.counts });
  seen.results = (await at.page.$$(".results li")).length;
}

async function erase() {
  // Leaving has ended the cookie, so the page is short until the link comes by email.
  await open(preferences);
  await shot("preferences-short");
  await at.press("form[action*='/choose'] button", { says: words.mailed });
  await mailed(NEW, "/choose/");
  await at.press("button[formaction*='/erase']", { says: words.mailed });
  await mailed(NEW, "/erase/");
  await at.press("main button", { says: words.erased });
  await shot("erased");
}

const steps = { join, choose, ownData, leave, archive, answer, erase };
try {
  for (const name of way.steps) await steps[name]();
} catch (error) {
  await shot("broken");
  throw new Error(`${error.message}\n${JSON.stringify({ seen, faults: at.faults })}\n${(await at.text("main")).slice(0, 600)}`, { cause: error });
} finally {
  await at.stop();
}
process.stdout.write(JSON.stringify({ ...seen, faults: at.faults }));
