// `npm run lock`: package-lock.json without what no install reads. Its only addresses would be those of people who ask for money;
// where packages come from is for npm's own settings to say.
import fs from "node:fs";

const FILE = new URL("package-lock.json", import.meta.url);
const lock = JSON.parse(fs.readFileSync(FILE, "utf8"));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
}
fs.writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
