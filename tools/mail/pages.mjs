// Checks web pages in Chromium: axe with every rule, the way through by Tab, sideways scroll, scripts, requests to other
// hosts, screenshots.
// node pages.mjs BASE OUT < steps.json ([{name, path, form?, cookies?, scripts?, brief?}], in order); prints a JSON line for each page.
// `cookies` are set first, `scripts` says that the page may have scripts of its own, `brief` that each width and each scheme once is enough.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { Chrome, SCHEMES } from "./checks/chrome.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [base, out] = process.argv.slice(2);
const steps = JSON.parse(fs.readFileSync(0, "utf8"));
const chrome = await Chrome.start();
// One page visits all, because a page for each would start a process and compile axe again.
const page = await chrome.browser.newPage();
await page.setRequestInterception(true);
let foreign, errors;
page.on("request", (request) => {
  if (request.url().startsWith(`${base}/`) || request.url().startsWith("data:")) return request.continue();
  foreign.push(request.url());
  return request.abort();
});
page.on("console", (message) => message.type() === "error" && !message.text().startsWith("Failed to load resource") && errors.push(`console: ${message.text()}`));
page.on("pageerror", (error) => errors.push(`script: ${error.message}`));
for (const step of steps) {
  [foreign, errors] = [[], []];
  for (const [name, value] of Object.entries(step.cookies ?? {})) await page.setCookie({ name, value, url: base });
  await chrome.look(page, 1000, "light");
  // The way through the page before may have ended in the browser's own buttons.
  await page.bringToFront();
  await page.goto(base + (step.form ? "/" : step.path), { waitUntil: "load" });
  if (step.form) {
    await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.evaluate(post, step.path, step.form)]);
  }
  // What is loaded later belongs to the page too.
  if (step.scripts) await page.waitForNetworkIdle({ idleTime: 800, concurrency: 1, timeout: 8000 }).catch(() => {});
  const found = errors.map((error) => error.slice(0, 160));
  await page.evaluate(AXE);
  const looks = step.brief ? [[1000, "light"], [360, "dark"]] : [1000, 360].flatMap((width) => SCHEMES.map((scheme) => [width, scheme]));
  for (const [width, scheme] of looks) {
    await chrome.look(page, width, scheme);
    const violations = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }).then((all) => all.violations));
    for (const one of violations) found.push(`${one.id} (${one.impact}), ${width} px, ${scheme}: ${one.nodes[0].html.slice(0, 160)}`);
    fs.writeFileSync(path.join(out, `${step.name}-${width}-${scheme}.png`), await chrome.picture(page));
  }
  await chrome.look(page, 320, "light");
  await page.evaluate((allowed) => { window.allowed = allowed; }, Boolean(step.scripts));
  const facts = await page.evaluate(() => ({
    title: document.title,
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    // JSON-LD is data, and one script of the archive copies an address. The desk has scripts of its own.
    scripts: document.querySelectorAll(window.allowed ? "script:not([src])" : 'script:not([type="application/ld+json"]):not([src$="/share.js"])').length,
    small: [...document.querySelectorAll(window.allowed ? "button, .btn, input:not([type=hidden]), select, summary, nav a" : "button, .button, .choice, input[type=email], select")]
      .filter((one) => one.checkVisibility() && !one.matches(".trap *, .vh, [type=radio], [type=checkbox]") && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML.slice(0, 100)),
  }));
  // The desk has keys of its own.
  if (!step.scripts) found.push(...(await walk(page)));
  process.stdout.write(`${JSON.stringify({ name: step.name, axe: found, foreign, ...facts })}\n`);
}
await chrome.stop();

// Goes through the page by Tab. Finds what it does not reach, and what has no visible ring or is outside the window.
async function walk(page) {
  const count = await page.evaluate(number);
  const findings = [];
  const reached = [];
  for (let presses = 0; presses < count + 6; presses++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(focused);
    // After the last one the browser's own buttons follow.
    if (!at) break;
    if (!at.ring) findings.push(`no ring at the focus: ${at.html}`);
    if (!at.inside) findings.push(`the focus is outside the window: ${at.html}`);
    reached.push(at.number);
  }
  const left = (numbers) => [...document.querySelectorAll("[data-number]")].filter((one) => !numbers.includes(one.dataset.number)).map((one) => `Tab does not reach it: ${one.outerHTML.slice(0, 100)}`);
  return [...new Set([...findings, ...(await page.evaluate(left, reached))])];
}

// Numbers what Tab should reach, and returns how many there are. Tab reaches one radio button of a group.
function number() {
  const groups = new Map();
  const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].filter((one) => one.checkVisibility() && one.tabIndex >= 0 && !one.disabled);
  let count = 0;
  for (const one of all) {
    const known = one.type === "radio" && groups.get(one.name);
    one.dataset.number = known || String(++count);
    if (one.type === "radio") groups.set(one.name, one.dataset.number);
  }
  document.activeElement?.blur();
  window.scrollTo(0, 0);
  return count;
}

// A box that is drawn by its neighbour shows the ring there.
function focused() {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const has = (element) => {
    const style = element && getComputedStyle(element);
    return Boolean(style) && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = one.getBoundingClientRect();
  return {
    number: one.dataset.number,
    ring: has(one) || (getComputedStyle(one).opacity === "0" && has(one.nextElementSibling)),
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    html: one.outerHTML.slice(0, 100),
  };
}

function post(action, fields) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}
