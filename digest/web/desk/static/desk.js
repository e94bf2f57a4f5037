// The desk works without this script. It adds counts while typing, dragging, keys, and focus after a form.
"use strict";

const clusters = window.Intl?.Segmenter ? new Intl.Segmenter("hi", { granularity: "grapheme" }) : null;

// Counts akshars: letters joined by a virama are one.
function count(text) {
  const parts = clusters ? [...clusters.segment(text)].map((each) => each.segment) : [...text];
  return parts.filter((part, at) => at === 0 || !/\u094d[\u200c\u200d]?$/.test(parts[at - 1])).length;
}

function countFields(root) {
  for (const label of root.querySelectorAll("[data-count]")) {
    const field = document.getElementById(label.dataset.count);
    if (!field || field.dataset.counted) continue;
    field.dataset.counted = "1";
    const show = () => {
      const number = count(field.value.trim());
      label.textContent = `${number}/${label.dataset.most}`;
      label.classList.toggle("over", number > Number(label.dataset.most));
      label.classList.toggle("near", number > 0.8 * Number(label.dataset.most));
    };
    field.addEventListener("input", show);
    show();
  }
}

// Dragging fills in the same form as the arrows.
function makeSortable(root) {
  const form = document.getElementById("dragged");
  if (!form || phone.matches) return;
  document.body.classList.add("sorting");
  if (!window.Sortable) return;
  for (const list of root.querySelectorAll("[data-sortable]")) {
    if (list.sortable) continue;
    list.sortable = window.Sortable.create(list, {
      group: "stories",
      handle: ".grip",
      draggable: ".st",
      ghostClass: "held",
      delay: 100,
      delayOnTouchOnly: true,
      onEnd(event) {
        if (event.from === event.to && event.oldIndex === event.newIndex) return;
        form.elements.story.value = event.item.dataset.story;
        form.elements.section.value = event.to.dataset.sortable;
        form.elements.place.value = place(event.to, event.newDraggableIndex);
        form.requestSubmit();
      },
    });
  }
}

// The library is loaded when a pointer first moves, because nobody drags before. A phone has no handles, and never loads it.
function loadSortable() {
  const form = document.getElementById("dragged");
  if (!form || phone.matches) return;
  document.removeEventListener("pointermove", loadSortable);
  const script = document.createElement("script");
  script.src = form.dataset.script;
  script.addEventListener("load", () => makeSortable(document));
  document.head.append(script);
}
document.addEventListener("pointermove", loadSortable);

// The lead belongs to its section too, where it is the first.
function place(list, index) {
  const lead = document.querySelector(`[data-lead="${CSS.escape(list.dataset.sortable)}"]`);
  return index + 1 + (lead ? 1 : 0);
}

// j and k choose a row, Shift and an arrow move it, p pins, x removes, m splits or merges, e edits, u takes back, a asks
// whether to approve, and ? lists the keys.
const KEYS = { p: "pin", x: "drop", m: "regroup" };

// On a keyboard of another script the place of a key counts.
function letter(event) {
  const place = /^Key([A-Z])$/.exec(event.code)?.[1] ?? event.key;
  return (/^[a-z]$/i.test(event.key) ? event.key : place).toLowerCase();
}

function onKey(event) {
  if (event.target.closest("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...document.querySelectorAll(".st")];
  const keys = document.getElementById("keys");
  if (!rows.length || !keys || document.querySelector("dialog[open]")) return;
  const row = document.activeElement.closest?.(".st");
  const at = rows.indexOf(row);
  const key = letter(event);
  const press = (name) => row && document.getElementById(`acts-${name}-${row.dataset.story}`)?.click();
  if (key === "j" || key === "k") {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))];
    next.querySelector("h4 a").focus();
    next.scrollIntoView({ block: "nearest" });
  } else if (event.shiftKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    press(event.key === "ArrowUp" ? "up" : "down");
  } else if (KEYS[key]) {
    press(KEYS[key]);
  } else if (key === "e" && row) {
    openTexts(row.querySelector("h4 a"));
  } else if (key === "u") {
    document.getElementById("undo")?.click();
  } else if (key === "a" && document.getElementById("do-approve")) {
    askApproval();
  } else if (key === "?") {
    keys.showModal();
  } else {
    return;
  }
  event.preventDefault();
}

// On a story's page the focus begins in its headline.
function openTexts(link) {
  const before = link.href;
  link.hash = "title";
  link.click();
  link.href = before;
}

// One key never approves: it opens a question, whose button to go back has the focus.
function askApproval() {
  const dialog = document.getElementById("ask-approve");
  const approve = document.getElementById("do-approve");
  const title = document.querySelector("#state h1");
  const parts = [...title.childNodes].map((each) => each.textContent.trim()).filter(Boolean);
  dialog.querySelector("[data-state]").textContent = parts.join(title.matches(".given") ? " " : " · ");
  dialog.querySelector("[data-approve]").textContent = approve.textContent;
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.id === "show-keys") document.getElementById("keys").showModal();
  if (!event.target.matches("[data-approve]")) return;
  event.target.closest("dialog").close();
  document.getElementById("do-approve")?.click();
});

// The server says when the edition changed. Without that the line of state asks every two seconds, and also while
// emails are handed over. A page that nobody sees does neither: browsers open only few connections to a server.
const POLL = 2000;
let followed = "";
let stream = null;

const line = () => document.querySelector("#state [data-changes]");
const look = () => line()?.dispatchEvent(new Event("look"));

function follow() {
  const place = document.hidden ? "" : (line()?.dataset.changes ?? "");
  if (place === followed) return;
  stream?.close();
  stream = place && window.EventSource ? new EventSource(place) : null;
  followed = place;
  if (!stream) return;
  stream.addEventListener("open", look);
  stream.addEventListener("changed", look);
}

document.addEventListener("visibilitychange", () => {
  follow();
  if (!document.hidden) look();
});
setInterval(() => {
  if (!document.hidden && (stream?.readyState !== 1 || document.querySelector("#sending[data-moves]"))) look();
}, POLL);

// When the send has begun, nothing on an open page can be changed any more. A page with unsaved text stays: saving it says
// what can still be done.
function renew() {
  if (document.querySelector("#state[data-stale]") && isUntouched()) window.location.reload();
}

function typedFields() {
  const fields = [...document.querySelectorAll("main textarea, main input:not([type=hidden])")];
  return fields.filter((each) => each.value !== each.defaultValue);
}

const isUntouched = () => typedFields().length === 0;

// The forms for texts of the edition, in which something is not saved yet. They say by data-keeps what their Save sends.
const unsaved = () => [...new Set(typedFields().map((field) => field.form))].filter((form) => form?.matches("[data-keeps]"));

// Whether the browser is on its way to another page, with everything saved or sent.
let leaves = false;
window.addEventListener("beforeunload", (event) => {
  if (!leaves && unsaved().length) event.preventDefault();
});
window.addEventListener("pageshow", () => {
  leaves = false;
  atWork(null);
});

// Saves what was typed before another form is sent or a link is followed. A form that is refused is sent once more, so its
// page says why. Returns whether all is saved.
async function saveFirst(forms) {
  document.body.classList.add("busy");
  for (const form of forms) {
    const body = new URLSearchParams(new FormData(form));
    if (form.dataset.keeps) body.append(...form.dataset.keeps.split("="));
    const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
    const failed = !answer || answer.status >= 500;
    unreachable(failed);
    if (failed) {
      atWork(null);
      return false;
    }
    if (answer.status === 401) {
      signInAgain(form);
      return false;
    }
    if (!answer.redirected) {
      leaves = true;
      form.querySelector(".btn.dark").click();
      return false;
    }
    for (const field of typedFields().filter((each) => each.form === form)) field.defaultValue = field.value;
  }
  leaves = true;
  return true;
}

// Marks the pressed button and its row until the answer is there. Another press has no effect meanwhile.
function atWork(button) {
  document.body.classList.toggle("busy", button !== null);
  for (const each of document.querySelectorAll(".working")) each.classList.remove("working");
  button?.classList.add("working");
}

// A text that somebody saved meanwhile is shown below the field in which the user types another one. The field of a text
// that the user saved elsewhere only knows of it.
function showNewer() {
  for (const each of document.querySelectorAll("#newer li")) {
    const { story, field: name, says, take } = each.dataset;
    const field = document.querySelector(story ? `form[action$="/story/${CSS.escape(story)}"] textarea[name=${name}]` : `#texts [name=${name}]`);
    const was = field?.form.elements[`was_${name}`];
    const text = each.textContent;
    if (!field || was.value.trim() === text.trim()) continue;
    if (!says) was.value = text;
    if (!says || (field !== document.activeElement && field.value === field.defaultValue)) continue;
    let notice = field.parentElement.querySelector(".newer");
    if (!notice) {
      notice = document.createElement("div");
      notice.className = "newer";
      notice.setAttribute("role", "status");
      field.after(notice);
    }
    if (notice.dataset.text === text) continue;
    notice.dataset.text = text;
    const [line, shown, button] = ["b", "p", "button"].map((tag) => document.createElement(tag));
    [line.textContent, shown.textContent, button.textContent] = [says, text, take];
    [shown.className, button.className, button.type] = ["typed", "btn", "button"];
    button.addEventListener("click", () => {
      field.value = field.defaultValue = was.value = text;
      field.dispatchEvent(new Event("input"));
      notice.remove();
      field.focus();
    });
    notice.replaceChildren(line, shown, button);
  }
}
document.addEventListener("focusin", showNewer);

function prepare() {
  renew();
  showNewer();
  countFields(document);
  makeSortable(document);
  follow();
}

// The lines about a change do not cover its row.
function arrangeTold(changed) {
  const told = document.querySelector(".told");
  if (!told) return;
  const box = (element) => element.getBoundingClientRect();
  told.style.top = told.style.bottom = "";
  // On a phone only the first part of the line of state stays on top.
  const top = Math.max(0, ...[...document.querySelectorAll("#state, #state .line")].map((each) => box(each).bottom));
  const row = document.getElementById(changed);
  if (row && box(row).bottom > box(told).top && box(row).top > top + told.offsetHeight) {
    told.style.top = `${top + 8}px`;
    told.style.bottom = "auto";
  }
}

// The rows and their places, to keep them there when lines above them come and go.
const places = () => [...document.querySelectorAll(".st")].map((row) => [row.id, row.getBoundingClientRect().top]);
function putBack(before) {
  const [id, top] = before.find(([id, top]) => top > 0 && document.getElementById(id)) ?? [];
  if (id) window.scrollBy({ top: document.getElementById(id).getBoundingClientRect().top - top, behavior: "instant" });
}

// After a change the line about it is above all for a while, so that it is seen wherever the change was.
let quiet = 0;
function tell() {
  document.body.classList.add("acted");
  clearTimeout(quiet);
  quiet = setTimeout(hush, 10000);
}

function hush() {
  const before = places();
  clearTimeout(quiet);
  document.body.classList.remove("acted");
  putBack(before);
}

// An opened menu of the lowest row would be behind that line, or the tabs at the bottom of a phone.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.more[open]")) return;
  hush();
  event.target.nextElementSibling.scrollIntoView({ block: "nearest" });
}, true);

// Escape, and a press elsewhere, close the menu behind the name.
const openMenu = () => document.querySelector("details.me[open]");
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" ? openMenu() : null;
  menu?.removeAttribute("open");
  menu?.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  const menu = openMenu();
  if (!menu?.contains(event.target)) menu?.removeAttribute("open");
});

// The row of the last act, and the row beside it, which gets the focus if the act removes the row.
let acted = [];
// The place of the form that is being saved.
let saving = null;
// Whether the last act added one of the next best stories.
let adding = false;
function focusBeside() {
  const [row, beside] = acted;
  acted = [];
  if (row && beside && !document.getElementById(row)) document.getElementById(beside)?.querySelector("h4 a").focus({ preventScroll: true });
}

// A line on top says that the desk does not answer. The page stays as it is, with everything that was typed.
const unreachable = (is) => {
  document.getElementById("unreachable").hidden = !is;
};
document.addEventListener("htmx:error", (event) => {
  if (!event.detail.ctx?.response) unreachable(true);
});
// A session that has ended. All forms with unsaved texts go to the page to sign in, which keeps them. A page on which somebody
// types stays until a form is sent.
function signInAgain(source) {
  const forms = unsaved();
  if (!source.matches("form")) {
    if (isUntouched()) window.location.reload();
    return;
  }
  leaves = true;
  HTMLFormElement.prototype.submit.call(forms.length ? together(forms) : source);
}

// One form with several. Its encoding takes a third of the bytes of the usual one for Devanagari.
function together(forms) {
  const made = document.createElement("form");
  Object.assign(made, { method: "post", enctype: "multipart/form-data", action: document.body.dataset.again, hidden: true });
  const root = made.action.slice(0, -"/again".length);
  const fields = (form) => Object.fromEntries([...new FormData(form), ...(form.dataset.keeps ? [form.dataset.keeps.split("=")] : [])]);
  const kept = forms.map((form) => [form.action.slice(root.length), fields(form)]);
  for (const [name, value] of [["csrf", forms[0].elements.csrf.value], ["forms", JSON.stringify(kept)]]) {
    made.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(made);
  return made;
}

// The line of state of a page that a form replaces or has replaced would call the user's own change somebody's.
function isOutdated(context) {
  if (context.target.id !== "state" || context.sourceElement.matches("form")) return false;
  const asked = new URL(context.request.action, window.location.href).searchParams.get("seen");
  const shown = new URL(line()?.getAttribute("hx-get") ?? "", window.location.href).searchParams.get("seen");
  return document.body.classList.contains("busy") || asked !== shown;
}

document.addEventListener("htmx:before:response", (event) => {
  if (isOutdated(event.detail.ctx)) {
    event.preventDefault();
    return;
  }
  const { status, headers } = event.detail.ctx.response;
  if (status === 401) {
    event.preventDefault();
    signInAgain(event.detail.ctx.sourceElement);
    return;
  }
  // Pages of the desk name their language; those of a proxy before it do not.
  const failed = status >= 500 && (status !== 502 || !headers.has("content-language"));
  unreachable(failed);
  // A page that only says what is wrong has no list: the one before stays.
  const isNoList = event.detail.ctx.target?.closest?.("#next") && status !== 200;
  if (failed || isNoList) event.preventDefault();
});

// On a phone the form for a story's texts opens in its place in the list. If there is none, the link leads to the
// story's page.
const phone = window.matchMedia("(max-width: 900px)");
document.addEventListener("click", async (event) => {
  const close = event.target.closest("[data-close]");
  const isChanged = close && typedFields().some((field) => field.form === close.form);
  if (close && !(isChanged && !window.confirm(close.dataset.close))) {
    const closed = close.closest(".st");
    closed.querySelector(".edit").replaceChildren();
    closed.querySelector("h4 a").focus();
  }
  const link = event.target.closest(".st h4 a, .st .write");
  const place = link?.closest(".st").querySelector(".edit");
  if (!place || !phone.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(`${link.pathname}?edit=1`).catch(() => null);
  unreachable(!answer);
  if (!answer) return;
  if (!answer.ok || answer.redirected) return window.location.assign(link.href);
  // The line about the last change would cover the form.
  hush();
  place.innerHTML = await answer.text();
  window.htmx.process(place);
  countFields(place);
  const headline = place.querySelector("textarea");
  headline.focus({ preventScroll: true });
  headline.setSelectionRange(headline.value.length, headline.value.length);
  place.scrollIntoView({ block: "nearest" });
});

// Other forms leave the page. What was typed elsewhere is saved first. If the desk did not answer, the browser would replace
// the page, and the text would be gone.
const reached = new WeakSet();
document.addEventListener("submit", async (event) => {
  const form = event.target;
  // The page stays when a file is saved.
  if (form.matches("[data-download], [method=dialog]")) return;
  const others = unsaved().filter((each) => each !== form);
  atWork(event.submitter);
  if (form.matches("[hx-boost]") || form.hasAttribute("hx-post")) return;
  if (reached.has(form) || !(others.length || form.querySelector("textarea"))) {
    leaves = true;
    return;
  }
  event.preventDefault();
  if (!(await saveFirst(others))) return;
  const answer = others.length ? { ok: true } : await fetch(document.querySelector("link[rel=icon]").href, { cache: "no-store" }).catch(() => null);
  unreachable(!answer?.ok);
  leaves = Boolean(answer?.ok);
  if (!answer?.ok) {
    atWork(null);
    return;
  }
  reached.add(form);
  form.requestSubmit(event.submitter);
  reached.delete(form);
});

// A link to another page of the desk saves first, too.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  const forms = unsaved();
  if (!link || !forms.length || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
  if (link.matches("[data-leaves]")) {
    leaves = true;
    return;
  }
  const isHere = link.pathname === window.location.pathname && link.hash;
  if (link.origin !== window.location.origin || isHere) return;
  event.preventDefault();
  if (await saveFirst(forms)) window.location.assign(link.href);
});

// A file that is too large is refused before it is sent.
document.addEventListener("change", (event) => {
  const { most, large } = event.target.dataset;
  if (event.target.type === "file" && most) event.target.setCustomValidity(event.target.files[0]?.size > Number(most) ? large : "");
});

// Enter saves a text of one line.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("textarea[data-line]")) return;
  event.preventDefault();
  event.target.form.querySelector(".btn.dark")?.click();
});

// A stripe on top says at once that a press arrived, also on a slow network. The line of state asks by itself.
document.addEventListener("htmx:before:request", (event) => {
  const source = event.detail.ctx.sourceElement;
  if (!source.matches("form")) return;
  document.body.classList.add("busy");
  saving = source.closest(".edit");
  adding = source.closest("#next") !== null;
  const rows = [...document.querySelectorAll(".st")];
  const at = rows.indexOf(source.closest(".st"));
  acted = at < 0 ? [] : [rows[at].id, (rows[at + 1] ?? rows[at - 1])?.id];
});
document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.sourceElement.matches("form")) atWork(null);
});
document.addEventListener("keydown", onKey);
let swapped = [];
document.addEventListener("htmx:before:swap", () => {
  swapped = places();
});
document.addEventListener("htmx:after:swap", (event) => {
  // A form that its answer removed is not there to say that the request has ended. While one is at work, only its answer
  // replaces the line of state.
  const { target } = event.detail.ctx;
  if (target === document.body || target.id === "state") atWork(null);
  prepare();
  // The button that was pressed is gone with its story.
  if (adding && target.id === "next") {
    adding = false;
    target.querySelector(".btn")?.focus({ preventScroll: true });
  }
  // An obstacle is also in the line of state.
  if (target.id === "blockers") look();
  // After a change of the edition the next best stories differ.
  if (target !== document.body) return;
  saving?.replaceChildren();
  document.getElementById("next")?.dispatchEvent(new Event("again"));
  const [changed] = acted;
  focusBeside();
  // On a phone the list of the edition is in sight again.
  const fold = document.getElementById("fold-pool");
  if (adding && phone.matches && fold?.open) {
    adding = false;
    fold.open = false;
    fold.firstElementChild.focus({ preventScroll: true });
  }
  tell();
  putBack(swapped);
  if (saving) document.getElementById(changed)?.scrollIntoView({ block: "nearest" });
  arrangeTold(changed);
});
prepare();
// A change that led to this page from another one, such as that of a story.
window.addEventListener("load", () => {
  if (window.location.hash.startsWith("#row-")) document.getElementById(window.location.hash.slice(1))?.querySelector("h4 a").focus({ preventScroll: true });
  if (!document.querySelector(".told[data-fresh]")) return;
  tell();
  setTimeout(() => arrangeTold(window.location.hash.slice(1)));
});
