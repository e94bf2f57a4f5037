// Two editors at one edition in a real browser: one merges and splits stories by keyboard, the other is told.
// A sender approves meanwhile, and an admin ends a session.
// node editors.mjs BASE COOKIE OTHER_COOKIE SENDERS_COOKIE ADMINS_COOKIE; prints what they saw as a JSON document.
import { Chrome } from "./checks/chrome.mjs";

const [base, cookie, otherCookie, senderCookie, adminCookie] = process.argv.slice(2);
const chrome = await Chrome.start();
const seen = { errors: [], foreign: [] };
const PATIENCE = 100_000;

async function open(value, { streams = true, width = 1280 } = {}) {
  const page = await (await chrome.browser.createBrowserContext()).newPage();
  // However busy the machine is.
  page.setDefaultTimeout(PATIENCE);
  await page.evaluateOnNewDocument(count);
  await page.setViewport({ width, height: 800 });
  await page.setCookie({ name: "desk", value, url: base });
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("console", (message) => streams && message.type() === "error" && seen.errors.push(message.text()));
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) seen.foreign.push(url);
    return url.endsWith("/changes") && !streams ? request.abort() : request.continue();
  });
  await page.goto(`${base}/desk/`, { waitUntil: "load" });
  return page;
}

// Counts in the page how often it asks for the line of state: while its stream is open, and otherwise; and how often the
// stream gave it a reason to.
function count() {
  const counts = { reasons: 0, quiet: 0, asked: 0 };
  const Stream = window.EventSource;
  let stream = null;
  window.EventSource = class extends Stream {
    constructor(url) {
      super(url);
      stream = this;
      for (const name of ["open", "changed"]) this.addEventListener(name, () => (counts.reasons += 1));
    }
  };
  document.addEventListener("look", () => (counts[stream?.readyState === 1 ? "quiet" : "asked"] += 1), true);
  window.counts = counts;
}

const order = (page) => page.$$eval(".st", (rows) => rows.map((row) => row.dataset.story));
const told = (page) => page.waitForSelector("#state a[href*='/edition/']");

// Press Enter on an element that leads to another page.
async function follow(page, selector) {
  await page.focus(selector);
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
}

const one = await open(cookie);
const other = await open(otherCookie);
const deaf = await open(otherCookie, { streams: false, width: 360 });
const mainAt = () => deaf.$eval("#main", (main) => main.getBoundingClientRect().top + window.scrollY);
const atFirst = await mainAt();
await other.waitForFunction(() => window.counts.reasons > 0);
const boxOf = (selector) => one.$eval(selector, (element) => element.getBoundingClientRect().toJSON());
// Without buttons too, the explanations are below the title.
seen.below = (await boxOf("#state .says")).top >= (await boxOf("#state h1")).bottom;
const [first] = await order(one);
// In this time a page that asks by itself does so twice.
const before = await deaf.evaluate(() => window.counts.asked);
await deaf.waitForFunction((number) => window.counts.asked >= number + 2, {}, before);
seen.asked = true;
seen.quiet = await other.evaluate(() => window.counts.quiet - window.counts.reasons);

await follow(one, `#acts-regroup-${first}`);
const second = await one.$eval("#other", (list) => list.value);
await follow(one, "form[action$='/merge'] button");
seen.merged = !(await order(one)).includes(second);
await told(other);
await told(deaf);
seen.jumped = (await mainAt()) - atFirst;
// The explanation of an approval has two lines on a phone.
const sender = await open(senderCookie);
await sender.click("#do-approve");
await deaf.waitForSelector("#state.ok a[href*='/edition/']");
seen.jumpedAgain = (await mainAt()) - atFirst;
await follow(one, `#acts-regroup-${first}`);
const parts = await one.$$("form[action$='/split'] button");
seen.parts = parts.length;
await parts.at(-1).focus();
await Promise.all([one.waitForNavigation({ waitUntil: "load" }), one.keyboard.press("Enter")]);
seen.split = (await order(one)).includes(second);

// A text that the other one saves is shown at the field in which one types; one button takes it.
await one.type("#subject", "अभी लिखा जा रहा ");
await other.goto(`${base}/desk/`, { waitUntil: "load" });
await other.$eval("#subject", (field) => (field.value = "दूसरे का विषय"));
await other.click("#save-texts");
await one.waitForSelector("#subject ~ .newer");
seen.newer = await one.$eval("#subject ~ .newer", (notice) => notice.textContent);
await one.focus("#subject ~ .newer button");
await one.keyboard.press("Enter");
seen.taken = await one.evaluate(() => [document.querySelector("#subject").value, document.activeElement.id, document.querySelectorAll(".newer").length]);

// A session ends while three texts are not saved: all of them are on the page to sign in.
await deaf.reload({ waitUntil: "load" });
const rows = (await order(deaf)).slice(0, 2);
for (const row of rows) {
  await deaf.$eval(`#row-${row} h4 a`, (link) => link.click());
  await deaf.waitForSelector(`#title-${row}:focus`);
  await deaf.$eval(`#title-${row}`, (field, row) => (field.value = `अनसहेजा ${row}`), row);
}
await deaf.$eval("#subject", (field) => (field.value = "अनसहेजा विषय"));
const admin = await open(adminCookie);
await admin.goto(`${base}/desk/users`, { waitUntil: "load" });
await follow(admin, "button[formaction$='/users/ravi/end']");
await Promise.all([deaf.waitForNavigation({ waitUntil: "load" }), deaf.$eval(`#edit-${rows[0]} .btn.dark`, (button) => button.click())]);
seen.kept = await deaf.$$eval(".typed", (all) => all.map((each) => each.textContent));
seen.unsaved = ["अनसहेजा विषय", ...rows.map((row) => `अनसहेजा ${row}`)];
process.stdout.write(JSON.stringify(seen));
await chrome.stop();
