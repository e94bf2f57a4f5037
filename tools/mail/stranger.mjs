// How long somebody who has never seen the desk takes on a phone to approve an edition, how long each kind of change takes, and what
// they read twice.
// node stranger.mjs BASE COOKIE CHANGES; CHANGES is such as "drop,title". Prints a JSON document.
// The model: every visible word of the page is read once, at 200 words a minute; what a step adds is read too, wherever it is.
// A press with its decision takes 1.5 s, so does a typed word; a page takes 2 s, and a form that opens in the page 1 s. While a change is saved, reading goes on. Scrolling goes on while reading.
import { Chrome } from "./checks/chrome.mjs";

const [base, cookie, changes] = process.argv.slice(2);
const SECONDS = { word: 0.3, press: 1.5, page: 2, form: 1, change: 0, typed: 1.5 };
const chrome = await Chrome.start();
const page = await chrome.browser.newPage();
// However busy the machine is.
page.setDefaultTimeout(100_000);
await page.setViewport({ width: 360, height: 800, hasTouch: true, isMobile: true });
await page.setCookie({ name: "desk", value: cookie, url: base });

// What is visible, as [place, text]. A place is a row of the list, or the nearest element with an id. Of a field that shows
// some of its lines, the words of those lines count. With `inWindow`, only what the window shows.
const visible = (inWindow) => page.evaluate((inWindow) => {
  const found = [];
  const placeOf = (one) => (one.closest(".st") ?? one.closest("[id]"))?.id ?? "page";
  const isShown = (one) => {
    if (!one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) || one.closest(".vh, .skip, #stories-h, .unseen, noscript, option, [aria-hidden=true]")) return false;
    const { top, bottom } = one.getBoundingClientRect();
    return !inWindow || (bottom > 0 && top < window.innerHeight);
  };
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  while (all.nextNode()) {
    const node = all.currentNode;
    if (node.nodeType === Node.TEXT_NODE) {
      if (!node.parentElement.closest("textarea, script, style, svg") && isShown(node.parentElement)) found.push([placeOf(node.parentElement), node.textContent]);
    } else if (node.matches("textarea, input[type=text], input[type=url]") && isShown(node)) {
      const words = (node.value || node.placeholder).split(/\s+/);
      const share = Math.min(1, node.clientHeight / node.scrollHeight);
      found.push([placeOf(node), words.slice(0, Math.ceil(words.length * share)).join(" ")]);
    }
  }
  return found;
}, inWindow);

const wordsOf = (text) => text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
const runs = (words) => words.slice(2).map((_, at) => words.slice(at, at + 3).join(" "));
// For each place the words that were read there, and all runs of three words with the place where each was read.
let known = new Map();
let read = new Map();
const seen = { seconds: 0, words: 0, presses: 0, answers: 0, costs: {}, steps: [], again: [] };

function spend(kind, number = 1) {
  seen.seconds += SECONDS[kind] * number;
}

// Read what is new in each place.
async function look(step, { inWindow = false, within = "" } = {}) {
  let number = 0;
  const texts = (await visible(inWindow)).filter(([place]) => !within || place === within);
  const now = new Map();
  for (const [place, text] of texts) now.set(place, [...(now.get(place) ?? []), ...wordsOf(text)]);
  for (const [place, words] of now) {
    const left = [...(known.get(place) ?? [])];
    const fresh = words.filter((word) => {
      const at = left.indexOf(word);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    number += fresh.length;
    known.set(place, [...(known.get(place) ?? []), ...fresh]);
  }
  for (const [place, text] of texts) {
    for (const run of runs(wordsOf(text))) {
      if (read.has(run) && read.get(run) !== place) seen.again.push(`${step}: ${run}`);
      else read.set(run, place);
    }
  }
  spend("word", number);
  seen.words += number;
  seen.steps.push([step, number, Math.round(seen.seconds * 10) / 10]);
}

function recognise(place, text) {
  known.set(place, wordsOf(text));
  for (const run of runs(wordsOf(text))) read.set(run, place);
}

async function press(selector) {
  await page.$eval(selector, (one) => one.scrollIntoView({ block: "center" }));
  await page.click(selector);
  spend("press");
  seen.presses++;
}

// Wait for what the server answers.
async function answered(kind, follows, ...given) {
  await page.waitForFunction(follows, {}, ...given);
  await page.waitForFunction(() => document.readyState === "complete" && !document.querySelector(".busy"));
  await page.waitForFunction(() => !document.querySelector("#blockers[hx-get]"), { timeout: 100_000 });
  spend(kind);
  seen.answers++;
}

// One word of a field is replaced.
async function type(selector, from, to) {
  spend("press");
  spend("typed");
  seen.presses++;
  await page.$eval(selector, (field, from, to) => {
    field.value = field.value.replace(from, to);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, from, to);
}

const rows = () => page.$$eval(".st", (all) => all.map((row) => row.dataset.story));

async function change(field) {
  const story = (await rows()).at(5);
  await press(`#row-${story} h4 a`);
  await answered("form", (id) => document.querySelector(`#edit-${id} form`), story);
  await look("texts opened");
  if (field === "summary") {
    await press(`#edit-${story} details summary`);
    await look("summary opened");
  }
  const [first] = wordsOf(await page.$eval(`#${field}-${story}`, (one) => one.value));
  await type(`#${field}-${story}`, first, "बदला");
  await press(`#edit-${story} .btn.dark`);
  await answered("change", (id) => document.getElementById(`row-${id}`) && !document.querySelector(`#edit-${id} form`), story);
  await look("texts saved");
}

const doing = {
  title: () => change("title"),
  summary: () => change("summary"),
  async picture() {
    const story = await page.$$eval(".st:has(.thumb)", (all) => all[2].dataset.story);
    await press(`#row-${story} h4 a`);
    await answered("form", (id) => document.querySelector(`#edit-${id} form`), story);
    await look("texts opened");
    await press(`#edit-${story} > details summary`);
    await look("pictures opened");
    await press(`#edit-${story} [name=picture]`);
    await answered("page", () => !document.querySelector(".edit form"));
    await look("picture changed");
  },
  async drop() {
    const story = (await rows()).at(7);
    await press(`#more-${story}`);
    await look("menu of a row");
    await press(`#acts-drop-${story}`);
    await answered("change", (id) => !document.getElementById(`row-${id}`), story);
    await look("dropped");
  },
  async add() {
    const before = await rows();
    await press("#fold-pool summary");
    await page.waitForSelector("#next li form button");
    await look("next best opened");
    const [title] = await page.$$eval("#next li b", (all) => all.map((one) => one.textContent));
    await press("#next li form button");
    await answered("change", (ids) => [...document.querySelectorAll(".st")].some((row) => !ids.includes(row.dataset.story)), before);
    // Whoever adds a story has just read its headline.
    const [added] = (await rows()).filter((story) => !before.includes(story));
    recognise(`row-${added}`, title);
    await look("added");
  },
  async pin() {
    const [story] = (await rows()).slice(4);
    await press(`#more-${story}`);
    await look("menu of a row");
    await press(`#acts-pin-${story}`);
    await answered("change", (id) => document.querySelector(".st").dataset.story === id, story);
    await look("pinned");
  },
  async move() {
    const all = await rows();
    const story = await page.$$eval(".rows:not([data-lead])", (lists) => lists.map((list) => [...list.children]).find((each) => each.length > 1)[1].dataset.story);
    await press(`#more-${story}`);
    await look("menu of a row");
    await press(`#acts-up-${story}`);
    await answered("change", (before) => JSON.stringify([...document.querySelectorAll(".st")].map((row) => row.dataset.story)) !== before, JSON.stringify(all));
    await look("moved");
  },
};

async function open() {
  await page.goto(`${base}/desk/`, { waitUntil: "load" });
  await page.waitForFunction(() => !document.querySelector("#blockers[hx-get]"), { timeout: 100_000 });
}

await open();
await answered("page", () => true);
seen.stories = (await rows()).length;
await look("the page");
const whole = { ...seen };
for (const each of changes.split(",")) {
  // Each change is the first one after the page was read, so labels that two changes have in common count for both.
  await open();
  known = new Map();
  read = new Map();
  await page.evaluate(() => document.querySelector(".told")?.remove());
  await look("again");
  const before = seen.seconds;
  await doing[each]();
  seen.costs[each] = Math.round((seen.seconds - before) * 10) / 10;
}
seen.seconds = whole.seconds;
await press("#do-approve");
await answered("page", () => document.querySelector("#do-reopen"));
await look("approved", { within: "state" });
seen.seconds = Math.round(seen.seconds * 10) / 10;
process.stdout.write(JSON.stringify(seen));
await chrome.stop();
