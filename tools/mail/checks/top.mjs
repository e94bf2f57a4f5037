// The ten-second read: headlines within the first 800 px of a phone. Only for an email with enough stories for a box of them.
import path from "node:path";

const WANTED = 5;
// Links to share are counted too.
const STORIES = 10;
const HEIGHT = 800;
// Characters. A shorter link is a word such as "more".
const HEADLINE = 10;

export async function check(folder, chrome) {
  const page = await chrome.open(path.join(folder, "email.html"), { width: 360 });
  const ends = await page.evaluate(headlines, HEADLINE);
  const seen = ends.filter((end) => end <= HEIGHT).length;
  const missing = ends.length < STORIES ? 0 : Math.max(0, WANTED - seen);
  const detail = missing ? [`${seen} of ${ends.length} headlines end within ${HEIGHT} px`] : [];
  return [{ what: "headlines that the first 800 px at 360 px lack of five", value: missing, limit: 0, detail }];
}

// Runs in the page. Returns where each linked headline ends, in px from the top. Of links to one address the first counts.
function headlines(least) {
  const ends = new Map();
  for (const link of document.links) {
    const end = link.getBoundingClientRect().bottom + scrollY;
    if (link.innerText.trim().length >= least && !ends.has(link.href)) ends.set(link.href, end);
  }
  return [...ends.values()];
}
