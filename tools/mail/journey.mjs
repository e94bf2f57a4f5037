// A subscriber's way through the pages in a real browser, by keyboard: no script of ours, no cookie.
// node journey.mjs BASE OUTBOX LEAVE (the path of an unsubscribe link); prints what it saw as a JSON document.
import fs from "node:fs";
import path from "node:path";
import { Chrome } from "./checks/chrome.mjs";

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

async function emailTo(email) {
  for (let tries = 0; tries < 200; tries++) {
    const folder = path.join(outbox, "join");
    const file = fs.existsSync(folder) && fs.readdirSync(folder).find((name) => name.endsWith(`-${email}.eml`));
    if (file) {
      const raw = fs.readFileSync(path.join(folder, file), "utf8");
      const part = raw.split(/\r?\n\r?\n/).find((text, at, all) => all[at - 1]?.includes("text/plain"));
      return Buffer.from(part.split("\n--")[0], "base64").toString("utf8");
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`no email to ${email}`);
}

await page.goto(`${base}/`);
await page.type("#email", "kavita@example.org");
await page.keyboard.press("Enter");
await page.waitForFunction?.(() => true).catch(() => {});
await page.waitForSelector("h1");
seen.asked = await heading();
const link = (await emailTo("kavita@example.org")).match(/https?:\/\/\S+/)[0];
await page.goto(base + new URL(link).pathname);
seen.confirm = await heading();
await press("main button");
seen.confirmed = await heading();
await press("main a.button[href*='/preferences/']");
seen.preferences = await heading();
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
await press("button[name=weeks][value='0']");
await press("section[aria-labelledby=leave] button");
seen.unsubscribed = await message();
await press("form[action$='/back'] button");
seen.resubscribed = await message();
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
