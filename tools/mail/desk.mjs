// An editor's and a sender's way through the desk in a real browser, with or without scripts, by keyboard.
// node desk.mjs BASE COOKIE WIDTH on|off; prints what it saw as a JSON document.
import { Chrome } from "./checks/chrome.mjs";

const [base, cookie, width, scripts] = process.argv.slice(2);
const withScripts = scripts === "on";
const chrome = await Chrome.start();
const page = await chrome.browser.newPage();
// However busy the machine is.
page.setDefaultTimeout(100_000);
await page.setJavaScriptEnabled(withScripts);
await page.setViewport({ width: Number(width), height: 800 });
await page.setCookie({ name: "desk", value: cookie, url: base });
const seen = { errors: [], foreign: [] };
page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
page.on("pageerror", (error) => seen.errors.push(error.message));
page.on("request", (request) => {
  const url = request.url();
  if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) seen.foreign.push(url);
});

// Without scripts in the page, puppeteer can still read it.
const order = () => page.$$eval(".st", (rows) => rows.map((row) => row.dataset.story));
const text = (selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent.replace(/\s+/g, " ").trim()).join(" "));
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Press Enter on an element, and wait until the page shows what follows.
async function press(selector, follows = () => true) {
  await page.focus(selector);
  const before = await page.evaluate(() => document.body.innerHTML.length + document.body.textContent).catch(() => "");
  await page.keyboard.press("Enter");
  for (let tries = 0; tries < 1000; tries++) {
    await wait(100);
    try {
      const now = await page.evaluate(() => document.readyState === "complete" && document.body.innerHTML.length + document.body.textContent);
      if (now && now !== before && (await follows())) return;
    } catch {
      // The page is being replaced.
    }
  }
  throw new Error(`nothing followed ${selector}`);
}

// On a phone the buttons of a row are in its menu.
const narrow = Number(width) <= 900;
async function act(name, story, follows) {
  if (narrow && !(await page.$eval(`#row-${story} details`, (one) => one.open))) {
    const textAt = () => page.$eval(`#row-${story}`, (row) => {
      const range = document.createRange();
      range.selectNodeContents(row.querySelector("h4 a"));
      const { left, top, width, height } = range.getBoundingClientRect();
      return JSON.stringify([left, top - row.getBoundingClientRect().top, width, height]);
    });
    const before = await textAt();
    await page.focus(`#more-${story}`);
    await page.keyboard.press("Enter");
    seen.shied = (seen.shied ?? 0) + Number(before !== (await textAt()));
  }
  await press(`#acts-${name}-${story}`, follows);
}

// What moves by itself, when a part arrives after the page, moves away under a finger. On a busy machine the browser also shows parts
// of a page that has not arrived yet: what the first frame after the whole page moves is not counted.
await page.evaluateOnNewDocument(() => {
  // The email's frame runs no scripts, and says so if an event calls one.
  if (window !== window.top) return;
  window.moved = [];
  let arrived = Infinity;
  const frame = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  addEventListener("DOMContentLoaded", () => frame(() => (arrived = performance.now())));
  const told = ({ node, previousRect, currentRect }) => `${node?.outerHTML ?? node?.textContent}`.slice(0, 100) + ` from ${JSON.stringify(previousRect)} to ${JSON.stringify(currentRect)}`;
  const note = (list) => window.moved.push(...list.getEntries().filter((each) => !each.hadRecentInput && each.startTime > arrived).flatMap((each) => each.sources.map(told)));
  new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
});
await page.goto(`${base}/desk/`, { waitUntil: "load" });
if (withScripts) {
  await page.waitForFunction(() => !document.querySelector("#blockers[hx-get]"), { timeout: 100_000 });
  await wait(300);
  seen.shifted = await page.evaluate(() => window.moved);
}
seen.title = await text(".state h1");
// The line on top keeps its height when it sticks there.
const mainAt = () => page.$eval("#main", (main) => main.getBoundingClientRect().top + window.scrollY);
const [atRest, sticking] = [await mainAt(), await page.evaluate(() => window.scrollTo(0, 400)).then(() => wait(300)).then(mainAt)];
seen.jumped = sticking - atRest;
const before = await order();
if (narrow) {
  // Headlines are seen whole, a finger on a row meets its headline, the button to approve is near the thumb, and the page has few words
  // beside the headlines.
  seen.cut = await page.$$eval(".st h4 a", (all) => all.filter((one) => one.scrollHeight > one.clientHeight).length);
  seen.lines = await page.$$eval(".st h4 a", (all) => Math.max(...all.map((one) => Math.round(one.clientHeight / parseFloat(getComputedStyle(one).lineHeight)))));
  seen.missed = await page.$$eval(".st", (rows) => rows.filter((row) => {
    row.scrollIntoView({ block: "center" });
    const { top, bottom, left } = row.getBoundingClientRect();
    return bottom - top < 44 || [top + 2, bottom - 2].some((y) => document.elementFromPoint(left + 30, y)?.closest("h4 a") === null);
  }).length);
  await page.evaluate(() => window.scrollTo(0, 0));
  seen.approveAt = await page.$eval("#do-approve", (one) => one.getBoundingClientRect().top / window.innerHeight);
  seen.words = await page.evaluate(() => {
    const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const hidden = (one) => !one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) || one.closest(".vh, .skip, h4, #stories-h, .unseen, noscript");
    let words = 0;
    while (all.nextNode()) if (!hidden(all.currentNode.parentElement)) words += all.currentNode.textContent.split(/\s+/).filter(Boolean).length;
    return words;
  });
}
const [lead, first, second] = [before[0], ...(await page.$$eval(".rows:not([data-lead])", (lists) => {
  const rows = lists.map((list) => [...list.querySelectorAll(".st")].map((row) => row.dataset.story)).find((ids) => ids.length > 1);
  return rows.slice(0, 2);
}))];
const rowAt = () => page.$eval(`#row-${first}`, (row) => row.getBoundingClientRect().top);
await page.$eval(`#row-${first}`, (row) => row.scrollIntoView({ block: "center" }));
await act("down", first, async () => (await order()).indexOf(second) < (await order()).indexOf(first));
seen.moved = true;
// The page stays where it was.
seen.inSight = await rowAt().then((top) => top > 0 && top < 800);
seen.focus = await page.evaluate(() => document.activeElement.id);
seen.focused = withScripts ? `acts-down-${first}` : seen.focus;
await press("#undo", async () => JSON.stringify(await order()) === JSON.stringify(before));
await act("drop", before.at(-1), async () => !(await order()).includes(before.at(-1)));
seen.dropped = true;
// The form is gone with its row, and the page is not at work any more.
if (withScripts) seen.atWork = await page.$$eval(".busy, .working", (all) => all.length);
// The line of state, which asks meanwhile, does not call one's own change somebody's.
if (withScripts) {
  const kept = JSON.stringify(await order());
  await page.$eval(`#acts-down-${first}`, (button) => button.click());
  await page.$eval("#state [data-changes]", (line) => line.dispatchEvent(new Event("look")));
  await page.waitForFunction(() => !document.querySelector(".busy") && !document.querySelector(".working"));
  await wait(1500);
  seen.news = await text("#state .news");
  await press("#undo", async () => JSON.stringify(await order()) === kept && (await page.$(".busy")) === null);
}
await act("pin", second, async () => (await order())[0] === second);
seen.pinned = second !== lead;

// On a phone what is changed rarely is folded.
if (narrow) await page.focus("#fold-texts summary").then(() => page.keyboard.press("Enter"));
await page.focus("#subject");
await page.keyboard.down("Control");
await page.keyboard.press("a");
await page.keyboard.up("Control");
await page.keyboard.type("कसौटी का विषय");
if (withScripts) seen.count = await text("[data-count=subject]");
await press("#save-texts", async () => (await text(".inbox .sub")) === "कसौटी का विषय");

// On a phone the script opens the texts of a story in their place.
const inPlace = narrow && withScripts;
await page.focus(`#row-${second} h4 a`);
if (inPlace) {
  await page.keyboard.press("Enter");
  await page.waitForSelector(`#title-${second}:focus`);
  await page.focus(`#edit-${second} [data-close]`);
  await page.keyboard.press("Enter");
  seen.closed = await page.evaluate(() => document.activeElement.closest("h4") !== null && !document.querySelector(".edit form"));
  await page.keyboard.press("Enter");
  await page.waitForSelector(`#title-${second}:focus`);
  // What is typed there stays when another row changes.
  await page.$eval(`#summary-${second}`, (field) => (field.value += " कसौटी।"));
  await press(`#acts-down-${first}`, async () => (await order()).indexOf(first) !== before.indexOf(first));
  seen.typed = await page.$eval(`#summary-${second}`, (field) => field.value.endsWith("कसौटी।"));
  await press("#undo");
} else {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
  seen.sources = await page.$$eval(".src .used", (all) => all.length);
}
await page.focus(inPlace ? `#title-${second}` : "#title");
await page.keyboard.down("Control");
await page.keyboard.press("a");
await page.keyboard.up("Control");
await page.keyboard.type("कसौटी का शीर्षक");
if (inPlace) {
  await press(`#edit-${second} .btn.dark`, async () => (await text(`#row-${second} h4`)).trim() === "कसौटी का शीर्षक");
  seen.folded = (await page.$(".edit form")) === null;
} else {
  await page.focus("form.card .btn.dark");
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
}
seen.changed = (await text(`#row-${second} h4`)).trim();
// The page begins with the changed row, below what stays on top.
if (withScripts && !inPlace) {
  await wait(500);
  seen.uncovered = await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top >= document.getElementById("state").getBoundingClientRect().bottom + 40, `row-${second}`);
}

if (withScripts) {
  // A page that is opened again tells of one's own change from the start.
  await page.goto(`${base}/desk/`, { waitUntil: "load" });
  await wait(500);
  seen.shifted.push(...(await page.evaluate(() => window.moved)));
  // On a Hindi keyboard the key of j types another letter.
  const row = () => page.evaluate(() => document.activeElement.closest(".st")?.dataset.story);
  const key = (code, key) => page.evaluate((init) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { ...init, bubbles: true })), { code, key });
  const [one, two, three] = await order();
  await page.focus(`#row-${one} h4 a`);
  await key("KeyJ", "र");
  seen.hindiKey = (await row()) === two;
  // A key asks whether to approve, with the focus on the button to go back; another one lists the keys. Nothing scrolls.
  const at = await page.evaluate(() => window.scrollY);
  const dialog = () => page.evaluate(() => [document.querySelector("dialog[open]")?.id, document.activeElement.textContent.trim()]);
  await key("KeyA", "ा");
  seen.asks = await dialog();
  seen.question = await text("#ask-approve [data-state]");
  await page.keyboard.press("Enter");
  await page.keyboard.press("?");
  seen.keys = (await dialog())[0];
  await page.keyboard.press("Escape");
  seen.scrolled = (await page.evaluate(() => window.scrollY)) - at;
  seen.stays = (await row()) === two && (await page.$("#do-approve")) !== null;
  await key("KeyX", "ॅ");
  await page.waitForFunction((id) => !document.getElementById(id) && document.activeElement.closest(".st"), {}, `row-${two}`);
  seen.focusAfterDrop = (await row()) === three;
  await press("#undo", async () => (await order()).includes(two));

  // A desk that does not answer: the page says so and stays as it is.
  const errors = seen.errors.length;
  const says = () => page.waitForSelector("#unreachable", { visible: true }).then(() => text("#unreachable"));
  await page.setOfflineMode(true);
  await page.$eval(`#acts-drop-${three}`, (button) => button.click());
  seen.unreachable = await says();
  await page.setOfflineMode(false);
  await press("#undo", async () => !(await order()).includes(two));
  seen.reachable = await page.$eval("#unreachable", (line) => line.hidden);
  await press("#undo", async () => (await order()).includes(two));
  await page.goto(`${base}/desk/edition/${await page.$eval("#texts", (form) => form.action.split("/").at(-2))}/story/${one}`, { waitUntil: "load" });
  await page.setOfflineMode(true);
  await page.$eval("#title", (field) => (field.value = "बिना जवाब का शीर्षक"));
  await page.$eval("form.card .btn.dark", (button) => button.click());
  await says();
  seen.kept = await page.$eval("#title", (field) => field.value);
  await page.setOfflineMode(false);
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.$eval("form.card .btn.dark", (button) => button.click())]);
  seen.saved = (await text(`#row-${one} h4`)).trim();
  seen.errors.length = errors;
}
// What is not saved yet is saved before the approval.
if (withScripts) {
  await page.$eval("#intro", (field) => {
    field.value = "बिना सहेजी बात";
  });
}
await press("#do-approve", async () => (await page.$("#do-reopen")) !== null);
seen.approved = await page.$eval("#state", (one) => one.className);
seen.says = await text(".state h1");
await press("#do-pause", async () => (await page.$("#do-resume")) !== null);
seen.held = await page.$eval("#state", (one) => one.className);
await press("#do-resume", async () => (await page.$("#do-reopen")) !== null);
if (withScripts && narrow) {
  // The opened menu of the row at the bottom of the window.
  const row = `#row-${(await order()).at(-1)}`;
  await page.$eval(`${row} summary`, (one) => one.scrollIntoView({ block: "end" }));
  await page.$eval(`${row} summary`, (one) => one.click());
  await wait(300);
  seen.behind = await page.evaluate((row) => {
    const end = document.querySelector(`${row} .acts`).getBoundingClientRect().bottom;
    return Math.max(0, end - document.querySelector(".nav").getBoundingClientRect().top);
  }, row);
}
seen.sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
process.stdout.write(JSON.stringify(seen));
await chrome.stop();
