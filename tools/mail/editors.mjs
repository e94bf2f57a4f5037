// Two editors at one edition in a real browser: one merges and splits stories by keyboard, the other is told.
// node editors.mjs BASE COOKIE OTHER_COOKIE; prints what they saw as a JSON document.
import { Chrome } from "./checks/chrome.mjs";

const [base, cookie, otherCookie] = process.argv.slice(2);
const chrome = await Chrome.start();
const seen = { errors: [], foreign: [] };
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function open(value, { streams = true } = {}) {
  const page = await (await chrome.browser.createBrowserContext()).newPage();
  const looks = [];
  await page.setViewport({ width: 1280, height: 800 });
  await page.setCookie({ name: "desk", value, url: base });
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("console", (message) => streams && message.type() === "error" && seen.errors.push(message.text()));
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) seen.foreign.push(url);
    if (url.includes("/state?")) looks.push(Date.now());
    return url.endsWith("/changes") && !streams ? request.abort() : request.continue();
  });
  await page.goto(`${base}/desk/`, { waitUntil: "load" });
  return { page, looks };
}

const order = (page) => page.$$eval(".st", (rows) => rows.map((row) => row.dataset.story));
const told = (page) => page.$eval("#state", (one) => one.querySelector("a[href*='/edition/']") !== null);

async function until(what, condition) {
  for (let tries = 0; tries < 300; tries++) {
    if (await condition().catch(() => false)) return;
    await wait(50);
  }
  throw new Error(`${what} did not come`);
}

// Press Enter on an element that leads to another page.
async function follow(page, selector) {
  await page.focus(selector);
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
}

const one = await open(cookie);
const other = await open(otherCookie);
const deaf = await open(otherCookie, { streams: false });
await until("the stream", async () => other.looks.length > 0);
const [first] = await order(one.page);
await wait(5000);
// In this time a page that asks by itself does so twice at least.
seen.quiet = other.looks.filter((at) => at > Date.now() - 4500).length;
seen.asked = deaf.looks.filter((at) => at > Date.now() - 4500).length;

await follow(one.page, `#acts-regroup-${first}`);
const second = await one.page.$eval("#other", (list) => list.value);
await follow(one.page, "form[action$='/merge'] button");
const changed = Date.now();
seen.merged = !(await order(one.page)).includes(second);
await until("the line for the other editor", () => told(other.page));
seen.after = Date.now() - changed;
await until("the line for who has no stream", () => told(deaf.page));
await follow(one.page, `#acts-regroup-${first}`);
const parts = await one.page.$$("form[action$='/split'] button");
seen.parts = parts.length;
await parts.at(-1).focus();
await Promise.all([one.page.waitForNavigation({ waitUntil: "load" }), one.page.keyboard.press("Enter")]);
seen.split = (await order(one.page)).includes(second);
process.stdout.write(JSON.stringify(seen));
await chrome.stop();
