// html-validate with the profile of a mail, on the letter and on what Word sees of it.
import fs from "node:fs";
import path from "node:path";
import { HtmlValidate } from "html-validate";

// What a mail must do and a page must not: inline styles, sizing attributes, Microsoft's comments, tables without tbody.
const OFF = [
  "no-inline-style", "no-deprecated-attr", "no-conditional-comment", "prefer-tbody", "prefer-native-element",
  "attr-quotes", "void-style", "long-title",
];
const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: Object.fromEntries(OFF.map((rule) => [rule, "off"])),
});
// Word's own elements (o:OfficeDocumentSettings, v:rect, xml) are in no specification of HTML, nor is their case.
const MICROSOFT = /^(no-unknown-elements|element-case|element-name|element-permitted-content)\b.*["<](o:|v:|w:|xml\b)/;

export async function judge(folder) {
  const rows = [];
  for (const [file, name] of [["letter.html", "letter"], ["mso.html", "view of Word"]]) {
    const report = await validator.validateString(fs.readFileSync(path.join(folder, file), "utf8"));
    const messages = report.results.flatMap((result) => result.messages);
    const errors = messages.filter((one) => one.severity > 1 && !microsoft(one));
    const detail = errors.map((one) => `${file}:${one.line}: ${one.ruleId}: ${one.message}`);
    rows.push({ what: `html-validate errors, ${name}`, value: errors.length, bar: 0, detail });
  }
  return rows;
}

function microsoft(one) {
  return MICROSOFT.test(`${one.ruleId} ${one.message}`);
}
