// Dotted circles: HarfBuzz draws one for a dependent sign (matra, nukta, virama) without its letter, so that one in the
// shaped text shows a cluster that was cut, or broken at its source.
import fs from "node:fs";
import path from "node:path";
import * as hb from "harfbuzzjs";

const FONT = process.env.DEVANAGARI_FONT ?? "/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf";
// A browser shapes this as one run: the letters and signs of the script, and joiners between them.
const RUN = /[\p{Script=Devanagari}\p{Script=Inherited}]+/gu;
const LETTER = /\p{Script=Devanagari}/u;
let font;

export async function check(folder) {
  const texts = JSON.parse(fs.readFileSync(path.join(folder, "texts.json"), "utf8"));
  const detail = [];
  for (const [where, lines] of Object.entries(texts)) {
    for (const line of lines) if (circled(line)) detail.push(`${where}: ${line}`);
  }
  return [{ what: "lines with a dotted circle, shaped by HarfBuzz", value: detail.length, limit: 0, detail }];
}

function circled(line) {
  return (line.match(RUN) ?? []).some((run) => LETTER.test(run) && !run.includes("\u25cc") && glyphs(run).includes(circle()));
}

function circle() {
  return glyphs("\u25cc")[0];
}

function glyphs(text) {
  font ??= load();
  const buffer = new hb.Buffer();
  buffer.addText(text);
  buffer.guessSegmentProperties();
  hb.shape(font, buffer);
  return buffer.getGlyphInfos().map((glyph) => glyph.codepoint);
}

function load() {
  if (!fs.existsSync(FONT)) throw new Error(`${FONT} is missing; install Debian's fonts-noto-core or name a font in DEVANAGARI_FONT`);
  const data = fs.readFileSync(FONT);
  return new hb.Font(new hb.Face(new hb.Blob(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))));
}
