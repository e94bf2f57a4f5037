// Checks web pages in Chromium: axe with every rule, sideways scroll, scripts, requests to other hosts, screenshots.
// node pages.mjs BASE OUT < steps.json ([{name, path, form?}], in order); prints a JSON line for each page.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { Chrome, SCHEMES } from "./checks/chrome.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [base, out] = process.argv.slice(2);
const steps = JSON.parse(fs.readFileSync(0, "utf8"));
const chrome = await Chrome.start();
for (const step of steps) {
  const page = await chrome.browser.newPage();
  const foreign = [];
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (request.url().startsWith(`${base}/`)) return request.continue();
    foreign.push(request.url());
    return request.abort();
  });
  await page.goto(base + (step.form ? "/" : step.path), { waitUntil: "load" });
  if (step.form) {
    await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.evaluate(post, step.path, step.form)]);
  }
  const found = [];
  await page.evaluate(AXE);
  for (const width of [1000, 360]) {
    for (const scheme of SCHEMES) {
      await chrome.look(page, width, scheme);
      const violations = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }).then((all) => all.violations));
      for (const one of violations) found.push(`${one.id} (${one.impact}), ${width} px, ${scheme}: ${one.nodes[0].html.slice(0, 160)}`);
      await page.screenshot({ path: path.join(out, `${step.name}-${width}-${scheme}.png`), fullPage: true });
    }
  }
  await chrome.look(page, 320, "light");
  const facts = await page.evaluate(() => ({
    title: document.title,
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    // JSON-LD is data, and one script copies an address.
    scripts: document.querySelectorAll('script:not([type="application/ld+json"]):not([src$="/share.js"])').length,
    small: [...document.querySelectorAll("button, .button, .choice, input[type=email], select")]
      .filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML.slice(0, 100)),
  }));
  process.stdout.write(`${JSON.stringify({ name: step.name, axe: found, foreign, ...facts })}\n`);
  await page.close();
}
await chrome.stop();

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
