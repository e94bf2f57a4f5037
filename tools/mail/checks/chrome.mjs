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

  // Opens `file` in a page. With `images` false every image is refused, as clients do by default.
  async open(file, { images = true, width = 600, scheme = "light" } = {}) {
    const page = await this.browser.newPage();
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      const url = request.url();
      if (url.startsWith("file:") || url.startsWith("data:")) return request.continue();
      if (images && request.resourceType() === "image") {
        return request.respond({ status: 200, contentType: "image/png", body: IMAGE });
      }
      return request.abort();
    });
    await this.look(page, width, scheme);
    if (file) await page.goto(`file://${path.resolve(file)}`, { waitUntil: "load" });
    return page;
  }

  async look(page, width, scheme) {
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  }

  // Returns the whole page as PNG bytes. Each is taken once.
  shot(file, width, scheme) {
    const key = `${file} ${width} ${scheme}`;
    if (!this.shots.has(key)) this.shots.set(key, this.#take(file, width, scheme));
    return this.shots.get(key);
  }

  async #take(file, width, scheme) {
    const page = await this.open(file, { width, scheme });
    const png = Buffer.from(await page.screenshot({ fullPage: true }));
    await page.close();
    return png;
  }
}

export const WIDTHS = [600, 360];
export const SCHEMES = ["light", "dark"];
