// An admin's day at the desk in a real browser, with or without scripts, by keyboard alone.
// node admin.mjs WIDTH on|off light|dark [FOLDER for pictures] < day.json ({base, link, name, password, codes, files, feed, topic,
// edition, words, steps: [[name, language]]}); `words` has what the pages say by language.
// prints what it saw as a JSON document.
import fs from "node:fs";
import path from "node:path";
import { Keyboard } from "./keyboard.mjs";

const [width, scripts, scheme, pictures] = process.argv.slice(2);
const day = JSON.parse(fs.readFileSync(0, "utf8"));
let words = day.words.hi;
const at = await Keyboard.open(day.base, { width: Number(width), scripts: scripts === "on", scheme });
const seen = { files: [] };

let shots = 0;
async function shot(name) {
  if (!pictures) return;
  fs.writeFileSync(path.join(pictures, `${String(++shots).padStart(2, "0")}-${name}-${width}-${scheme}.png`), await at.page.screenshot({ fullPage: true }));
}

// A page behind the name in the header.
async function menu(place) {
  await at.toggle("details.me summary");
  await at.press(`.menu a[href$="${place}"]`);
}

const value = (selector) => at.page.$eval(selector, (field) => field.value);

async function find(text) {
  await at.press(".nav a[href$='/subscribers']");
  await at.type("#q", text);
  await at.press("#q");
}

async function signIn(language) {
  await at.go(`/desk/link/${day.link}`);
  await at.speak(language);
  await at.type("#password", day.password);
  await at.type("#code", "000000");
  await at.press("#code", { status: 422, says: words.code });
  seen.passwordKept = (await value("#password")) === day.password;
  await at.type("#code", day.codes[0]);
  await at.press("form .btn.dark");
  await at.toggle("details.me summary");
  await at.leave();
  await at.go("/desk/login");
  await at.speak(language);
  await at.type("#name", day.name);
  await at.type("#password", "not the password");
  await at.type("#code", day.codes[1]);
  await at.press("form .btn.dark", { status: 401, says: words.wrong });
  seen.nameKept = (await value("#name")) === day.name;
  await shot("login");
  await at.type("#password", day.password);
  await at.type("#code", day.codes[1]);
  await at.press("form .btn.dark");
  seen.today = await at.text("h1");
}

async function searchSubscribers() {
  await find("asha@");
  seen.found = await at.text(".people tbody a.who b");
  await at.type("#q", "");
  await at.toggle(".more-filters summary");
  await at.choose("#topic", day.topic);
  await at.press("form[role=search] .btn");
  seen.filter = await at.text(".more-filters b");
  await at.type("#name", "खेल वाले");
  await at.press("#name", { says: words.segmentSaved });
  await shot("subscribers");
  seen.segment = await at.text("nav[aria-labelledby=groups] a");
  await at.press("form[action$='/segment/drop'] button", { says: words.segmentGone });
}

async function onePerson() {
  await find("ravi@");
  await at.press(".people tbody a.who");
  seen.whyNot = await at.text("[role=note]");
  await find("asha@");
  await at.press(".people tbody a.who");
  await shot("subscriber");
  await at.press("form[action$='/pause'] .btn", { says: words.paused });
  await at.press("form[action$='/pause'] .btn", { says: words.resumed });
  await at.toggle("details.fold summary");
  await at.type("#f-name", "आशा देवी शर्मा");
  await at.type("#f-hour", "25:00");
  await at.press("#f-hour", { status: 422, says: words.hour });
  await shot("subscriber-wrong");
  seen.kept = [await value("#f-name"), await value("#f-hour"), await at.page.evaluate(() => document.activeElement.id)];
  await at.type("#f-hour", "07:30");
  await at.press("#f-hour", { says: words.saved });
  seen.changed = await at.text("h1");
  await at.type("#reason", "फ़ोन पर कहा");
  await at.press("#reason", { says: words.stopped });
  await at.type("#reason", "ग़लती से रोका था");
  await at.press("#reason", { says: words.lifted });
  seen.files.push(await at.save("form[action$='/data'] button"));
}

async function addPerson() {
  await at.press(".nav a[href$='/subscribers']");
  await at.press("a[href$='/subscribers/add']");
  await at.type("#email", "neha@");
  await at.type("#consent", "पुस्तक मेले का फ़ॉर्म");
  await at.toggle("input[name^='topics:']");
  await at.press("#email", { status: 422, says: words.address });
  seen.addKept = [await value("#consent"), (await at.page.$$("input[name^='topics:']:checked")).length];
  await shot("add-wrong");
  await at.type("#email", "asha@example.com");
  await at.press("#email", { status: 422, says: words.listed });
  await at.type("#email", "neha@example.org");
  await at.press("form .btn.dark", { says: words.added });
  await at.toggle(".fold.sp summary");
  await at.press("form[action$='/remove'] button", { says: words.removed });
  await at.press("a[href$='/erase']");
  await at.type("#reason", "अपने अनुरोध पर");
  await at.press("form .btn.danger", { says: words.erased });
}

async function importList() {
  await at.press(".nav a[href$='/subscribers']");
  await at.press("a[href$='/subscribers/import']");
  await at.give("#file", day.files.list);
  await at.press("form[enctype] .btn.dark");
  await shot("import");
  seen.preview = await at.text("main section");
  seen.files.push(await at.save("a[href$='/rejected']"));
  await at.type("#consent", "मेले में काग़ज़ पर");
  await at.press("#consent", { says: words.imported });
  await shot("imported");
  await at.press("a[href$='/undo']");
  await at.press("form .btn.danger", { says: words.undone });
  await at.press(".nav a[href$='/subscribers']");
  await at.press("a[href$='/subscribers/import']");
  seen.files.push(await at.save("form[action$='/export'] .btn"));
}

async function several() {
  await at.press(".nav a[href$='/subscribers']");
  await at.press("nav.filters a[href*='state=active']");
  for (const box of (await at.page.$$eval(".people [type=checkbox]", (all) => all.map((one) => one.name))).slice(0, 2)) await at.toggle(`[name="${box}"]`);
  await at.press("#many .btn");
  await at.pick("input[name=act][value=suppress]");
  await at.press("form.narrow .btn.dark", { status: 422, says: words.why });
  await at.type("#reason", "सूची ग़लत थी");
  await at.press("#reason");
  await shot("many");
  await at.press("form .btn.danger", { says: words.done });
  await at.press("section a.btn");
  await at.type("#lift_reason", "सूची सही थी");
  await at.press("form.narrow .btn.dark");
  await at.press("form .btn.dark", { says: words.done });
}

async function sources() {
  await at.press(".nav a[href$='/sources']");
  await at.type("#url", "नदी");
  await at.press("#url", { status: 422, says: words.noFeed });
  seen.urlKept = await value("#url");
  await at.type("#url", day.feed);
  await at.press("#url");
  await shot("source-new");
  await at.type("#new-name", "नदी समाचार");
  await at.type("#new-weight", "50");
  await at.press("#new-weight", { status: 422, says: words.weight });
  seen.weightKept = [await value("#new-name"), await value("#new-weight")];
  await shot("source-new-wrong");
  await at.type("#new-weight", "2");
  await at.press("form[action$='/sources/add'] .btn.dark", { says: words.sourceAdded });
  await shot("sources");
  await at.press(`.source a[href*="${encodeURIComponent("नदी")}"]`);
  await at.type("#weight", "abc");
  await at.press("#weight", { status: 422, says: words.weight });
  seen.sourceKept = await value("#weight");
  await shot("source-wrong");
  await at.type("#weight", "1.5");
  await at.press("#weight", { says: words.inFile });
  await at.press("form[action$='/sources/pause'] button", { says: words.sourcePaused });
  await at.press("form[action$='/sources/pause'] button", { says: words.sourceResumed });
  await shot("source");
  await at.toggle("details.fold summary");
  await at.press("form[action$='/sources/remove'] button", { says: words.sourceRemoved });
}

async function settings() {
  await menu("/settings");
  await at.type("#s-newsletter-name", "नदी की चिट्ठी");
  await at.type("#s-edition-max_stories", "0");
  await at.press("#s-edition-max_stories", { status: 422, says: words.stories });
  seen.settingsKept = [await value("#s-newsletter-name"), await value("#s-edition-max_stories"), await at.page.evaluate(() => document.activeElement.id)];
  await shot("settings-wrong");
  await at.type("#s-edition-max_stories", "9");
  await at.type("#s-theme-accent", "#1c5c9c");
  if (scripts === "off") await at.press("button[name=dark]");
  // The letter of the theme before stays until the new one comes.
  seen.theme = Boolean(await at.page.waitForSelector('#theme-letter iframe[src*="1c5c9c"]'));
  await shot("settings");
  await at.press("#s-edition-max_stories", { says: words.settingsSaved });
}

async function reports() {
  await at.press(".nav a[href$='/reports']");
  await shot("reports");
  seen.files.push(await at.save("a[href$='/editions.csv']"), await at.save("a[href$='/failures.csv']"));
  await at.press(`th a[href$='/report/${day.edition}']`);
  await shot("report");
  seen.files.push(await at.save("a[href$='/table.csv']"));
  await at.press(`a[href*='/missed?kind=excluded']`);
  await shot("missed");
  seen.missed = await at.text("table.stack a.who");
  seen.files.push(await at.save("a[href$='/missed.csv']"));
  await at.press("a[href$='/late']");
  await shot("late");
}

async function log() {
  await menu("/log");
  await at.type("#q", "asha");
  await at.press("#q");
  await at.toggle(".more-filters summary");
  await at.choose("#who", day.name);
  await at.press("form[role=search] .btn");
  await shot("log");
  seen.log = (await at.page.$$("table.stack tbody tr")).length;
  await at.press("a[href$='/webhooks']");
  await shot("webhooks");
  await at.press("form[action$='/again'] button", { says: words.again });
}

async function users() {
  await menu("/users");
  await at.type("#name", "Not A Name");
  await at.choose("#role", "sender");
  await at.press("#name", { status: 422, says: words.userName });
  seen.userKept = [await value("#name"), await value("#role")];
  await shot("users-wrong");
  await at.type("#name", "neha");
  await at.press("#name", { says: words.link });
  await shot("users");
  await at.choose("form[action$='/users/neha/role'] select", "viewer");
  await at.press("form[action$='/users/neha/role'] button", { says: words.roleChanged });
  await at.press("button[formaction$='/users/suman/end']", { says: words.ended });
  await at.press("form[action$='/users/suman/link'] button", { says: words.newLink });
  await at.toggle("details:has(form[action$='/users/neha/remove']) summary");
  await at.press("form[action$='/users/neha/remove'] button", { says: words.userRemoved });
  await at.type("#token", "???");
  await at.choose("#days", "365");
  await at.press("#token", { status: 422, says: words.tokenName });
  seen.tokenKept = [await value("#token"), await value("#days")];
  await at.type("#token", "cms");
  await at.press("#token", { says: words.token });
  await at.press("form[action$='/token/revoke'] button", { says: words.revoked });
}

const steps = { signIn, searchSubscribers, onePerson, addPerson, importList, several, sources, settings, reports, log, users };
try {
  for (const [name, language] of day.steps) {
    words = day.words[language];
    if (name !== "signIn") await at.speak(language);
    await steps[name](language);
  }
  await at.toggle("details.me summary");
  await at.leave();
} catch (error) {
  if (pictures) await shot("broken");
  throw new Error(`${error.message}\n${JSON.stringify({ seen, faults: at.faults })}\n${(await at.text("main")).slice(0, 600)}`, { cause: error });
} finally {
  await at.stop();
}
process.stdout.write(JSON.stringify({ ...seen, faults: at.faults }));
