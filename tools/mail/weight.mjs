// What pages transfer in a browser that has none of their files, until they are quiet: every response with its headers.
// node weight.mjs BASE COOKIE WIDTH PATH…; prints {PATH: {bytes, largest}} as a JSON document.
import { Chrome } from "./checks/chrome.mjs";

const [base, cookie, width, ...paths] = process.argv.slice(2);
const chrome = await Chrome.start();
const found = {};
// Mostly the pages wait, so some are open at a time.
const AT_A_TIME = 4;
await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
  while (paths.length) await weigh(paths.shift());
}));
process.stdout.write(JSON.stringify(found));
await chrome.stop();

async function weigh(path) {
  // A context of its own, because a page leaves its files in the cache.
  const context = await chrome.browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: Number(width), height: 800, isMobile: Number(width) < 900, hasTouch: Number(width) < 900 });
  if (cookie) await page.setCookie({ name: "desk", value: cookie, url: base });
  const network = await page.createCDPSession();
  await network.send("Network.enable");
  // A response that is open, such as a stream of events, counts with what came so far.
  const [urls, sizes] = [new Map(), new Map()];
  network.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
  network.on("Network.responseReceived", ({ requestId, response }) => sizes.set(requestId, response.encodedDataLength));
  network.on("Network.dataReceived", ({ requestId, encodedDataLength }) => sizes.set(requestId, (sizes.get(requestId) ?? 0) + encodedDataLength));
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await page.goto(base + path, { waitUntil: "load" });
  // The checks and the next best stories come when they are ready. Then only the stream of events is open.
  await page.waitForFunction(() => !document.querySelector("#blockers[hx-get], #next-list [hx-get]"), { timeout: 100_000 });
  const isFollowed = (await page.$("#state [data-changes]")) !== null;
  await page.waitForNetworkIdle({ idleTime: isFollowed ? 1500 : 300, concurrency: 1 });
  // What is in the page's own bytes, such as the pictures of the email, has no response of its own.
  const parts = [...sizes].map(([id, bytes]) => [bytes, (urls.get(id) ?? "").replace(base, "")]).filter(([, url]) => !url.startsWith("data:"));
  parts.sort((one, other) => other[0] - one[0]);
  const pictures = await page.$$eval("img.thumb", (all) => all.filter((one) => one.complete && one.naturalWidth).length);
  found[path] = { bytes: parts.reduce((sum, [bytes]) => sum + bytes, 0), pictures, largest: parts.slice(0, 5) };
  await context.close();
}
