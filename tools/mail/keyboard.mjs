// Somebody who uses a page with the keyboard alone, in a real browser. Every page that a step ends on is checked, and
// what is wrong there is in `faults`.
import { Chrome } from "./checks/chrome.mjs";

// A step ends within this time, however busy the machine is.
const PATIENCE = 60_000;

export class Keyboard {
  static async open(base, { width, scripts, scheme = "light" }) {
    const chrome = await Chrome.start();
    const page = await chrome.browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.setJavaScriptEnabled(scripts);
    await page.setViewport({ width, height: 740 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const session = await page.createCDPSession();
    await chrome.browser.defaultBrowserContext().overridePermissions(base, ["clipboard-sanitized-write"]);
    // A file that is saved is only looked at.
    await session.send("Browser.setDownloadBehavior", { behavior: "deny" });
    return new Keyboard(chrome, page, base, width);
  }

  constructor(chrome, page, base, width) {
    Object.assign(this, { chrome, page, base, narrow: width < 900, faults: [], at: "", leaving: false });
    page.on("pageerror", (error) => this.fault(`script: ${error.message}`));
    // The status of an answer is checked for itself.
    page.on("console", (message) => message.type() === "error" && !message.text().startsWith("Failed to load resource") && this.fault(`console: ${message.text()}`));
    page.on("request", (request) => !request.url().startsWith(`${base}/`) && !request.url().startsWith("data:") && this.fault(`a request to elsewhere: ${request.url()}`));
    page.on("response", (answer) => answer.status() >= 400 && answer.request().resourceType() !== "document" && !(this.leaving && answer.status() === 401) && this.fault(`${answer.status()} for ${answer.url()}`));
  }

  stop() {
    return this.chrome.stop();
  }

  fault(text) {
    if (!this.faults.includes(`${this.at}: ${text}`)) this.faults.push(`${this.at}: ${text}`);
  }

  text(selector = "main") {
    return this.page.$$eval(selector, (all) => all.map((one) => one.textContent.replace(/\s+/g, " ").trim()).join(" "));
  }

  async go(path) {
    this.#arrived(await this.page.goto(this.base + path, { waitUntil: "load" }), 200);
    await this.look();
  }

  // Moves the focus with Tab, as somebody does who sees where it is.
  async reach(selector) {
    const target = await this.page.$(selector);
    if (!target) throw new Error(`${this.at}: there is no ${selector}`);
    // A field for a time has a stop for each of its parts.
    for (let tries = 0; tries < 12; tries++) {
      const steps = await target.evaluate(stepsTo);
      if (steps === null) throw new Error(`${this.at}: Tab does not lead to ${selector}`);
      if (steps < 0) await this.page.keyboard.down("Shift");
      for (let step = 0; step < Math.abs(steps); step++) await this.page.keyboard.press("Tab");
      if (steps < 0) await this.page.keyboard.up("Shift");
      if (await target.evaluate((one) => one === document.activeElement)) break;
      if (tries === 11) throw new Error(`${this.at}: the focus does not arrive at ${selector}`);
    }
    for (const fault of await target.evaluate(seenFocus)) this.fault(fault);
    return target;
  }

  // Presses a button or follows a link, and checks the page that follows. `selector` may be a field: Enter sends its form.
  async press(selector, { key = "Enter", status = 200, says = "" } = {}) {
    await this.reach(selector);
    const [answer] = await Promise.all([this.page.waitForNavigation({ waitUntil: "load" }), this.page.keyboard.press(key)]);
    this.#arrived(answer, status);
    await this.look(says);
  }

  // Ends the session. The page that is left may just ask for a part of itself.
  async leave() {
    this.leaving = true;
    await this.press("form[action$='/logout'] button");
    this.leaving = false;
  }

  // Presses a button, and waits until the page shows what follows. With scripts the answer may take its place in the same page.
  async act(selector, follows) {
    await this.reach(selector);
    await this.page.keyboard.press("Enter");
    const until = Date.now() + PATIENCE;
    // While the page is being replaced it cannot be asked.
    const there = async () => (await this.page.evaluate(() => document.readyState === "complete" && !document.querySelector(".busy"))) && (await follows());
    while (!(await there().catch(() => false))) {
      if (Date.now() > until) throw new Error(`${this.at}: nothing followed ${selector}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    this.#arrived(null);
    await this.look();
  }

  // Switches the page to a language, if it has another one.
  async speak(language) {
    const button = `form[action$='/language'] button[value=${language}]`;
    if (!(await this.page.$(button))) return;
    if (await this.page.$("details.me")) await this.toggle("details.me summary");
    await this.press(button);
    if ((await this.page.$eval("html", (one) => one.lang)) !== language) this.fault(`the page is not in ${language}`);
  }

  // Presses what stays on its page, such as a fold or a box.
  async toggle(selector, key = "Space") {
    await this.reach(selector);
    await this.page.keyboard.press(key);
  }

  async type(selector, text) {
    await this.reach(selector);
    await this.page.keyboard.down("Control");
    await this.page.keyboard.press("a");
    await this.page.keyboard.up("Control");
    await this.page.keyboard.press("Backspace");
    await this.page.keyboard.type(text);
  }

  async choose(selector, value) {
    const list = await this.reach(selector);
    const steps = await list.evaluate((one, value) => [...one.options].findIndex((each) => each.value === value) - one.selectedIndex, value);
    for (let step = 0; step < Math.abs(steps); step++) await this.page.keyboard.press(steps < 0 ? "ArrowUp" : "ArrowDown");
    const chosen = await list.evaluate((one) => one.value);
    if (chosen !== value) throw new Error(`${this.at}: ${selector} has ${chosen}, not ${value}`);
  }

  // Chooses a radio button: Tab leads to its group, the arrows through it.
  async pick(selector) {
    const stop = await this.page.$eval(selector, (one) => {
      const group = [...document.querySelectorAll(`input[type=radio][name="${one.name}"]`)].filter((other) => other.form === one.form);
      const at = group.findIndex((other) => other.checked);
      return { first: `input[type=radio][name="${one.name}"][value="${group[Math.max(0, at)].value}"]`, steps: group.indexOf(one) - Math.max(0, at) };
    });
    await this.reach(stop.first);
    if (!stop.steps) await this.page.keyboard.press("Space");
    for (let step = 0; step < Math.abs(stop.steps); step++) await this.page.keyboard.press(stop.steps < 0 ? "ArrowUp" : "ArrowDown");
    if (!(await this.page.$eval(selector, (one) => one.checked))) throw new Error(`${this.at}: ${selector} is not chosen`);
  }

  async give(selector, file) {
    await this.reach(selector);
    // The browser must be told first that nobody sees its dialog.
    const chooser = this.page.waitForFileChooser();
    await new Promise((done) => setTimeout(done, 100));
    await this.page.keyboard.press("Enter");
    await (await chooser).accept([file]);
  }

  // Presses what saves a file, and returns its name. The page stays, with the focus where it was.
  async save(selector) {
    const target = await this.reach(selector);
    const saved = this.page.waitForResponse((answer) => (answer.headers()["content-disposition"] ?? "").startsWith("attachment"));
    await this.page.keyboard.press("Enter");
    const answer = await saved;
    if (answer.status() !== 200) this.fault(`${answer.status()} for a file`);
    if (!(await target.evaluate((one) => one === document.activeElement))) this.fault(`the focus is lost after ${selector}`);
    return decodeURIComponent(answer.headers()["content-disposition"].split("''")[1] ?? answer.headers()["content-disposition"]);
  }

  #arrived(answer, status) {
    this.at = this.page.url().slice(this.base.length);
    if (answer && answer.status() !== status) this.fault(`${answer.status()}, not ${status}`);
  }

  // Checks the page; `says` is in a message that is in the window.
  async look(says = "") {
    let found = await this.page.evaluate(faultsOf, this.narrow, says);
    // On a busy machine the browser scrolls to the field with the focus some time after the page is there.
    for (let tries = 0; found.length && tries < 20; tries++) {
      await new Promise((done) => setTimeout(done, 100));
      found = await this.page.evaluate(faultsOf, this.narrow, says);
    }
    for (const fault of found) this.fault(fault);
  }
}

// How often Tab is pressed to come from the focus to an element; below 0 with Shift, null if never.
function stepsTo(target) {
  const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex='0']")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0 && !one.disabled);
  // Tab reaches one radio button of a group.
  const stops = all.filter((one) => {
    if (one.type !== "radio" || one === target || one === document.activeElement) return true;
    const group = all.filter((other) => other.type === "radio" && other.name === one.name && other.form === one.form);
    if (group.includes(target) || group.includes(document.activeElement)) return false;
    return one === (group.find((other) => other.checked) ?? group[0]);
  });
  const to = stops.indexOf(target);
  if (to < 0) return null;
  const active = document.activeElement;
  const from = stops.indexOf(active);
  if (from >= 0) return to - from;
  // Without a focus Tab begins where the page was opened, such as at an anchor.
  const start = active && active !== document.body ? active : document.getElementById(location.hash.slice(1));
  const before = start ? stops.filter((one) => start.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING).length : 0;
  return to < before ? to - before : to - before + 1;
}

// What is wrong with the focus on an element. A box that is drawn by its neighbour shows the ring there.
function seenFocus(one) {
  const found = [];
  const has = (element) => {
    const style = element && getComputedStyle(element);
    return Boolean(style) && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = one.getBoundingClientRect();
  const middle = [box.left + Math.min(box.width, innerWidth) / 2, box.top + Math.min(box.height, innerHeight) / 2];
  if (!has(one) && !(getComputedStyle(one).opacity === "0" && has(one.nextElementSibling))) found.push(`no ring at the focus: ${one.outerHTML.slice(0, 120)}`);
  if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) found.push(`the focus is outside the window: ${one.outerHTML.slice(0, 120)}`);
  const above = document.elementFromPoint(...middle);
  const isCovered = above && !one.contains(above) && !above.contains(one) && getComputedStyle(one).opacity !== "0" && getComputedStyle(above.closest("header, nav, section, .told") ?? above).position.match(/fixed|sticky/);
  if (isCovered) found.push(`the focus is covered: ${one.outerHTML.slice(0, 120)} ${above.outerHTML.slice(0, 80)} ${JSON.stringify(box)}`);
  return found;
}

// What is wrong with a page.
function faultsOf(narrow, says) {
  const found = [];
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const headings = [...document.querySelectorAll("h1")].filter(shown).length;
  if (headings !== 1) found.push(`${headings} headings of the first level`);
  if (!document.title.trim()) found.push("no title");
  const sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (sideways > 0) found.push(`${sideways} px of sideways scroll`);
  const focus = document.activeElement;
  if (focus && focus !== document.body && !shown(focus)) found.push("the focus is on something invisible");
  if (narrow) {
    // A box is pressed by its label, and a link within a sentence is as high as its line.
    const target = (one) => (one.matches("[type=checkbox], [type=radio]") ? one.closest("label") ?? document.querySelector(`label[for="${one.id}"]`) ?? one : one);
    const inSentence = (one) => one.matches("a") && [...(one.closest("p, li, td, h2, dd")?.childNodes ?? [])].some((node) => node.nodeType === 3 && node.textContent.trim().length > 2);
    const small = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
      .filter((one) => shown(one) && !one.closest(".vh, .skip, .trap, [aria-hidden=true]") && !inSentence(one))
      .map((one) => [target(one), one])
      .filter(([one]) => one.getBoundingClientRect().height > 0 && one.getBoundingClientRect().height < 43.5);
    for (const [one, own] of small) found.push(`${Math.round(one.getBoundingClientRect().height)} px high: ${own.outerHTML.slice(0, 120)}`);
  }
  if (says) {
    const flat = (text) => text.replace(/\s+/g, " ").trim();
    const told = [...document.querySelectorAll("h1, [role=status], [role=alert], [role=note], .errmsg, .say, .note")].filter((one) => shown(one) && flat(one.textContent).includes(flat(says)));
    const inWindow = (one) => one.getBoundingClientRect().top >= 0 && one.getBoundingClientRect().top < innerHeight - 20;
    if (!told.length) found.push(`no message says “${says}”`);
    else if (!told.some(inWindow)) found.push(`the message “${says}” is outside the window, at ${Math.round(told[0].getBoundingClientRect().top)} px`);
  }
  return found;
}
