// `npm run lock`: removes from package-lock.json what an install does not read. npm's own settings say where packages come from.
import fs from "node:fs";

const FILE = new URL("package-lock.json", import.meta.url);
const lock = JSON.parse(fs.readFileSync(FILE, "utf8"));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
}
fs.writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
