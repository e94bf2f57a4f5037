// html-validate with a profile for email, on the email and on Word's view of it.
import fs from "node:fs";
import path from "node:path";
import { HtmlValidate } from "html-validate";

// An email needs inline styles, size attributes, Microsoft's comments and tables without tbody.
const OFF = [
  "no-inline-style", "no-deprecated-attr", "no-conditional-comment", "prefer-tbody", "prefer-native-element",
  "attr-quotes", "void-style", "long-title",
];
const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: Object.fromEntries(OFF.map((rule) => [rule, "off"])),
});
// HTML does not specify Word's own elements (o:OfficeDocumentSettings, v:rect, xml) and their case.
const MICROSOFT = /^(no-unknown-elements|element-case|element-name|element-permitted-content)\b.*["<](o:|v:|w:|xml\b)/;

export async function check(folder) {
  const rows = [];
  for (const [file, name] of [["email.html", "email"], ["mso.html", "view of Word"]]) {
    const report = await validator.validateString(fs.readFileSync(path.join(folder, file), "utf8"));
    const messages = report.results.flatMap((result) => result.messages);
    const errors = messages.filter((one) => one.severity > 1 && !microsoft(one));
    const detail = errors.map((one) => `${file}:${one.line}: ${one.ruleId}: ${one.message}`);
    rows.push({ what: `html-validate errors, ${name}`, value: errors.length, limit: 0, detail });
  }
  return rows;
}

function microsoft(one) {
  return MICROSOFT.test(`${one.ruleId} ${one.message}`);
}
