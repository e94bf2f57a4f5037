// A subscriber's way through the pages in a real browser, by keyboard: no script of ours, and one cookie.
// node journey.mjs BASE OUTBOX LEAVE (the path of an unsubscribe link); prints what it saw as a JSON document.
import { Chrome } from "./checks/chrome.mjs";
import { linkTo } from "./outbox.mjs";

const [base, outbox, leave] = process.argv.slice(2);
const chrome = await Chrome.start();
const page = await chrome.browser.newPage();
await page.setJavaScriptEnabled(false);
const seen = {};
const requests = new Set();
page.on("request", (request) => requests.add(new URL(request.url()).origin));

const heading = () => page.$eval("h1", (one) => one.textContent.trim());
const message = () => page.$$eval("[role=status], .note", (all) => all.map((one) => one.textContent.trim()).join(" "));

async function press(selector) {
  await page.focus(selector);
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
}

await page.goto(`${base}/`);
await page.type("#email", "kavita@example.org");
await page.keyboard.press("Enter");
await page.waitForFunction?.(() => true).catch(() => {});
await page.waitForSelector("h1");
seen.asked = await heading();
await page.goto(base + (await linkTo(outbox, "kavita@example.org", "/confirm/")));
seen.confirm = await heading();
await press("main button");
seen.confirmed = await heading();
await press("main a.button[href*='/preferences/']");
seen.preferences = await heading();
const preferences = page.url();
for (const box of await page.$$("input[name=topics]")) await box.press("Space");
await page.focus("input[name=topics]");
await page.keyboard.press("Space");
for (const box of await page.$$("input[name=days]:not([value=sun])")) await box.press("Space");
await page.focus("input[value=text]");
await page.keyboard.press("Space");
await press("form button:not([name])");
seen.saved = await message();
seen.kept = await page.$$eval("input:checked, option:checked", (all) => all.map((one) => one.value));
await press("button[name=weeks][value='2']");
seen.paused = await message();
await press("button[formaction$='/resume']");
await press("section[aria-labelledby=leave] button");
seen.unsubscribed = await heading();
await press("form[action$='/back'] button");
seen.resubscribed = await heading();
// Leaving has ended the cookie, so the page is short until the link comes by email.
await page.goto(preferences);
seen.short = (await page.$$("input")).length;
await press("form[action$='/choose'] button");
seen.mailed = await message();
await page.goto(base + (await linkTo(outbox, "kavita@example.org", "/choose/")));
seen.opened = await page.$$eval("input[name=topics]:checked", (all) => all.map((one) => one.value));
await page.goto(base + leave);
seen.leave = await heading();
await press("main button");
seen.left = await heading();
await press("main button");
seen.back = await heading();
await press("header .switch a");
seen.english = await heading();
seen.cookies = (await page.cookies()).length;
seen.origins = [...requests].filter((origin) => origin !== base);
process.stdout.write(JSON.stringify(seen));
await chrome.stop();
