// Chromium for the checks: pages without network, images answered locally or refused, and screenshots.
import fs from "node:fs";
import path from "node:path";
import { PNG } from "pngjs";
import puppeteer from "puppeteer-core";

const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const IMAGE = solid(120, 80, [120, 140, 160, 255]);

function solid(width, height, colour) {
  const png = new PNG({ width, height });
  for (let at = 0; at < png.data.length; at += 4) png.data.set(colour, at);
  return PNG.sync.write(png);
}

export const WIDTHS = [600, 360];
export const SCHEMES = ["light", "dark"];

// A browser that opens one file at a time, in one page: a page for each file would start a process and compile axe again.
export class Chrome {
  static async start() {
    if (!fs.existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing; install Debian's chromium or name one in CHROMIUM`);
    // Chromium has no sandbox for root, as in a container. Only our own emails are opened.
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const args = [...root, "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--disable-background-networking"];
    return new Chrome(await puppeteer.launch({ executablePath: PROGRAM, headless: true, args }));
  }

  constructor(browser) {
    this.browser = browser;
    this.shots = new Map();
  }

  stop() {
    return this.browser.close();
  }

  // Opens `file`, or an empty page. With `images` false every image is refused, as clients do by default.
  async open(file, { images = true, width = 600, scheme = "light" } = {}) {
    this.page ??= await this.#empty();
    this.images = images;
    await this.look(this.page, width, scheme);
    await this.page.goto(file ? `file://${path.resolve(file)}` : "about:blank", { waitUntil: "load" });
    return this.page;
  }

  async #empty() {
    const page = await this.browser.newPage();
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      const url = request.url();
      if (url.startsWith("file:") || url.startsWith("data:")) return request.continue();
      if (this.images && request.resourceType() === "image") {
        return request.respond({ status: 200, contentType: "image/png", body: IMAGE });
      }
      return request.abort();
    });
    return page;
  }

  async look(page, width, scheme) {
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  }

  // Returns the whole page as PNG bytes. Each is taken once.
  async shot(file, width, scheme) {
    if (!this.shots.has(file)) this.shots.set(file, await this.#take(file));
    return this.shots.get(file).get(`${width} ${scheme}`);
  }

  async #take(file) {
    const shots = new Map();
    const page = await this.open(file);
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) {
        await this.look(page, width, scheme);
        shots.set(`${width} ${scheme}`, await this.picture(page));
      }
    }
    return shots;
  }

  // Without loss, and larger than need be: to compress it well would take longer than to draw it.
  async picture(page, fullPage = true) {
    return Buffer.from(await page.screenshot({ fullPage, optimizeForSpeed: true }));
  }
}
