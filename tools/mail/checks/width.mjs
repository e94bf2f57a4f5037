// No sideways scrolling at any width, with and without styles, and standards mode.
import path from "node:path";

export async function check(folder, chrome) {
  const wide = [];
  const quirks = [];
  let most = 0;
  for (const file of ["email.html", "nostyle.html"]) {
    for (const images of [true, false]) {
      const page = await chrome.open(path.join(folder, file), { images });
      for (const width of [320, 360, 600, 1200]) {
        await chrome.look(page, width, "light");
        const seen = await page.evaluate(() => ({
          over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          mode: document.compatMode,
        }));
        if (seen.over > 0) wide.push(`${file}, ${width} px, images ${images ? "on" : "off"}: ${seen.over} px too wide`);
        if (seen.mode !== "CSS1Compat") quirks.push(`${file}: ${seen.mode}`);
        most = Math.max(most, seen.over);
      }
    }
  }
  return [
    { what: "sideways scroll at 320/360/600/1200, px", value: most, limit: 0, detail: wide },
    { what: "quirks mode", value: quirks.length, limit: 0, detail: quirks },
  ];
}
