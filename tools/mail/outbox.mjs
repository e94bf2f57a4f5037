// Finds the links of emails in the outbox of a newsletter.
import fs from "node:fs";
import path from "node:path";

// The path of the link that an email to this address has, by its beginning. Waits until it is there.
export async function linkTo(outbox, email, start) {
  for (let tries = 0; tries < 400; tries++) {
    const files = fs.existsSync(outbox) ? fs.readdirSync(outbox, { recursive: true }) : [];
    for (const file of files.filter((name) => name.endsWith(`-${email}.eml`))) {
      const raw = fs.readFileSync(path.join(outbox, file), "utf8");
      const part = raw.split(/\r?\n\r?\n/).find((text, at, all) => all[at - 1]?.includes("text/plain"));
      const text = Buffer.from(part.split("\n--")[0], "base64").toString("utf8");
      const link = (text.match(/https?:\/\/\S+/g) ?? []).map((one) => new URL(one).pathname).find((one) => one.startsWith(start));
      if (link) return link;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`no email to ${email} with a link to ${start}`);
}
