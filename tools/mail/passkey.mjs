// Passkeys in a real browser, with the virtual authenticator of DevTools: add one, decide by a link of a test email where
// the role needs a passkey, sign out, sign in.
// node passkey.mjs BASE COOKIE LINK; prints what it saw as a JSON document. LINK is the path behind the test email.
import { Chrome } from "./checks/chrome.mjs";

const [base, cookie, link] = process.argv.slice(2);
const chrome = await Chrome.start();
const page = await chrome.browser.newPage();
// However busy the machine is.
page.setDefaultTimeout(100_000);
const seen = { errors: [] };
page.on("console", (message) => message.type() === "error" && !message.text().startsWith("Failed to load resource") && seen.errors.push(message.text()));
page.on("pageerror", (error) => seen.errors.push(error.message));
await page.setViewport({ width: 360, height: 800 });
await page.setCookie({ name: "desk", value: cookie, url: base });

const devtools = await page.createCDPSession();
await devtools.send("WebAuthn.enable");
// A phone with a fingerprint reader.
const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
  options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
});
const stored = async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
const finger = (isUserVerified) => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
const text = (selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent.replace(/\s+/g, " ").trim()).join(" "));

async function open(path) {
  await page.goto(base + path, { waitUntil: "load" });
}

// Press Enter on an element that leads to another page.
async function follow(selector) {
  await page.focus(selector);
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
}

async function signOut() {
  await page.click(".me summary");
  await follow("form[action$='/logout'] button");
  seen.cookies = (await page.cookies()).length;
}

await open("/desk/passkeys");
await page.type("#label", "मेरा फ़ोन");
await follow("[data-passkey=create] button");
seen.listed = (await text("main li")).includes("मेरा फ़ोन");
const [made] = await stored();
seen.made = { resident: made.isResidentCredential, host: made.rpId };

// The phone that has a passkey of this user makes no second one.
await page.focus("[data-passkey=create] button");
await page.keyboard.press("Enter");
await page.waitForSelector("[data-passkey=create] [role=alert]:not([hidden])");
seen.keys = (await stored()).length;

await open(link);
seen.asked = (await page.$("[data-passkey=get]")) !== null && (await page.$(".btn.go")) === null;
await follow("[data-passkey=get] button");
seen.led = new URL(page.url()).pathname;
await follow(".btn.go");
seen.decided = await page.$$eval(".say.ok, #state.ok", (all) => all.length > 0);

await open("/desk/");
await signOut();
await open("/desk/");
seen.out = new URL(page.url()).pathname;
await finger(false);
await page.focus("[data-passkey=get] button");
await page.keyboard.press("Enter");
await page.waitForSelector("[data-passkey=get] [role=alert]:not([hidden])");
seen.refused = new URL(page.url()).pathname;
await finger(true);
await follow("[data-passkey=get] button");
seen.in = new URL(page.url()).pathname;
seen.uses = (await stored())[0].signCount;

await open("/desk/passkeys");
await follow("form[action$='/passkeys/remove'] button");
await signOut();
await open("/desk/login");
await follow("[data-passkey=get] button");
seen.removed = (await page.$("#wrong")) !== null;
process.stdout.write(JSON.stringify(seen));
await chrome.stop();
