"""`make webcheck`: check every page in Chromium, in both languages; exit 1 on a finding. Needs `make mailtools`.

It runs axe with every rule, moves through each page with Tab, and finds horizontal scrolling at 320 px, scripts,
requests to other hosts and targets lower than 44 px. Screenshots at 1000 and 360 px, light and dark, are in
build/webcheck.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from pyotp import TOTP

from digest import pipeline
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.models import Actor, Role
from digest.store.people.reengagement import SilentSubscriber
from digest.store.people.requests import MailboxSide, RequestKind, RequestStore
from digest.store.people.signups import SignupStore
from digest.usecases.approval import approval_link
from digest.usecases.reengage import ReengagePlan
from digest.usecases.send_test import LinkAct
from digest.web.app import load_pages
from digest.web.own_data_emails import path_of, purpose_of
from digest.web.server import run_pages
from digest.web.stay import question
from tools.web.admin_pages import admin_pages

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-11-23"
DRAFT = "vishesh"
NOW = f"{DAY}T07:00+05:30"
Step = dict[str, object]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.web", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/webcheck")
    parser.add_argument("--theme", default="newspaper")
    parser.add_argument("--language", default="", help="only hi or en")
    parser.add_argument("--only", default="", help="parts of the names of pages, separated by commas")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if not args.language:
        return _in_both_languages()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        environment = {
            "DIGEST_NOW": NOW,
            "DIGEST_THEME__NAME": args.theme,
            # The form to sign in has its button.
            "DIGEST_DESK__OIDC__ISSUER": "https://accounts.example.com",
            "DIGEST_DESK__OIDC__CLIENT_ID": "webcheck",
        }
        with make_app(home, environment=environment) as app:
            pipeline.send(app, DAY)
            with run_pages(app, port=0) as pages:
                chosen = [name for name in args.only.split(",") if name]
                found = [page for page in steps(app, args.language) if _matches(str(page["name"]), chosen)]
                return check(pages.base, args.out, found)


def _in_both_languages() -> int:
    """Check each language in a process of its own, because one browser mostly waits. Returns 1 on a finding."""
    command = [sys.executable, "-m", "tools.web", *sys.argv[1:], "--language"]
    started = [subprocess.Popen([*command, language], stdout=subprocess.PIPE, text=True) for language in ("hi", "en")]
    for each in started:
        printed, _ = each.communicate()
        sys.stdout.write(printed)
    return int(any(each.returncode for each in started))


def _matches(name: str, parts: list[str]) -> bool:
    return not parts or any(part in name for part in parts)


def check(base: str, out: Path, pages: list[Step]) -> int:
    """Check the pages, and print a line for each with its findings."""
    command = ["node", "pages.mjs", base, str(out.resolve())]
    here = ROOT / "tools/mail"
    done = subprocess.run(command, cwd=here, input=json.dumps(pages).encode(), stdout=subprocess.PIPE, check=False)
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    count = 0
    for row in rows:
        findings = [*row["axe"], *row["foreign"], *row["small"]]
        findings += [f"{row['sideways']} px of sideways scroll"] if row["sideways"] else []
        findings += [f"{row['scripts']} scripts"] if row["scripts"] else []
        count += len(findings)
        sys.stdout.write(f"{'ok ' if not findings else 'BAD'}  {row['name']}: {row['title']}\n")
        sys.stdout.writelines(f"      {finding}\n" for finding in findings)
    sys.stdout.write(f"{len(rows)} of {len(pages)} pages checked, {count} findings\n")
    return int(bool(count) or done.returncode != 0 or len(rows) != len(pages))


def steps(app: App, language: str = "") -> list[Step]:
    """Return every page in every state, in the order of use, in both languages or in one."""
    sign = app.signer.sign
    # The second subscriber's email has bounced, for the desk.
    asha, farah = (sign("leave", id) for id in (1, 5))
    preferences = f"/preferences/{sign('preferences', 3)}"
    choose = RequestStore(app.database).open(3, RequestKind.CHOOSE, now=app.now())
    form = {"days": "mon", "format": "html", "hour": ""}
    pages: list[Step] = [
        {"name": "join", "path": "/join"},
        {"name": "join-wrong", "path": "/join", "form": {"email": "nobody"}},
        {"name": "asked", "path": "/join", "form": {"email": "neha@example.org"}},
        {"name": "leave", "path": f"/leave/{asha}"},
        {"name": "left", "path": f"/leave/{asha}", "form": {"List-Unsubscribe": "One-Click"}},
        {"name": "back", "path": f"/leave/{asha}/back", "form": {}},
        {"name": "leave-choose", "path": f"/leave/{farah}/choose", "form": {}},
        {"name": "pause-unknown", "path": preferences.replace("preferences", "pause", 1)},
        {"name": "leave-email", "path": f"/leave/{sign('preferences', 6)}"},
        {"name": "left-email", "path": f"/leave/{sign('preferences', 6)}/leave", "form": {}},
        {"name": "leave-nobody", "path": f"/leave/{sign('leave', 0)}"},
        {"name": "broken", "path": "/leave/x"},
        {"name": "preferences-short", "path": preferences},
        {"name": "preferences-mailed", "path": f"/preferences/{sign('preferences', 4)}/choose", "form": {}},
        # From here on the browser is known as this subscriber's.
        {"name": "preferences", "path": f"/choose/{sign('own-choose', choose.id)}"},
        {"name": "preferences-wrong", "path": preferences, "form": form},
        {"name": "preferences-saved", "path": preferences, "form": {**form, "topics": app.topics[0]}},
        {"name": "preferences-paused", "path": preferences, "form": {**form, "topics": app.topics[0], "weeks": "4"}},
        {"name": "pause", "path": preferences.replace("preferences", "pause", 1)},
        {"name": "preferences-again", "path": f"{preferences}/again", "form": {}},
        {"name": "view", "path": f"/view/{DAY}/{sign('view', 1)}"},
        {"name": "archive", "path": "/archive"},
        {"name": "edition", "path": f"/archive/{DAY}"},
        *_archive(app),
        *_feedback(app),
        {"name": "nothing", "path": "/nowhere"},
        {"name": "privacy", "path": "/privacy"},
        *_own_data(app, preferences),
        {"name": "preferences-forgotten", "path": f"{preferences}/forget", "form": {"browsers": "this"}},
    ]
    pages += _approval(app)
    desk = _desk(app)
    signup = _add_signup(app)
    pages += [
        {"name": "confirm", "path": f"/confirm/{sign('confirm', signup)}"},
        {"name": "confirmed", "path": f"/confirm/{sign('confirm', signup)}", "form": {}},
        {"name": "late", "path": f"/confirm/{sign('confirm', 1)}"},
    ]
    english: list[Step] = [{**at, "name": f"{at['name']}-en", "path": _in_english(str(at["path"]))} for at in pages]
    pages += desk
    english += [
        {**at, "name": f"{at['name']}-en", "cookies": {**at["cookies"], "desk-language": "en"}}  # type: ignore[dict-item]
        for at in desk
    ]
    # They have the templates and colours of the Hindi ones.
    english = [{**at, "brief": True} for at in english]
    return {"hi": pages, "en": english}.get(language, [*pages, *english])


def _in_english(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang=en"


def _archive(app: App) -> list[Step]:
    """The archive's other pages."""
    now = app.now()
    stories = app.archive.topic(app.archive.topics(now)[0].name, now, limit=1)
    story = stories[0]
    return [
        {"name": "story", "path": f"/story/{story.thread}"},
        {"name": "topic", "path": f"/topic/{quote(story.section)}"},
        {"name": "search", "path": "/search"},
        {"name": "found", "path": f"/search?q={quote(story.title)}"},
        {"name": "not-found", "path": f"/search?q={quote('कखग')}"},
        {"name": "corrections", "path": "/corrections"},
    ]


def _feedback(app: App) -> list[Step]:
    """Answers to a block of the edition, a comment, and the question whether to continue."""
    answer = f"/answer/{DAY}/feedback/1/{app.signer.sign('preferences', 1)}"
    question_key = app.reengagement.key()
    silent = SilentSubscriber(1, "", app.now())
    email = question(load_pages(app, ""), app.signer, question_key)
    app.reengagement.ask(ReengagePlan((silent,), (), 0), email)
    code = app.signer.sign_link("stay", question_key)
    stay = f"/stay/{question_key}/{code}/{app.signer.sign('preferences', 1)}"
    return [
        {"name": "answer", "path": answer},
        {"name": "answered", "path": answer, "form": {}},
        {"name": "answer-word", "path": f"{answer}/word", "form": {"word": "अच्छा अंक था।"}},
        {"name": "answer-before", "path": answer.replace("/1/", "/2/"), "form": {}},
        {"name": "stay", "path": stay},
        {"name": "stayed", "path": stay, "form": {}},
        {"name": "stay-nobody", "path": f"/stay/{question_key}/{code}/{app.signer.sign('preferences', 99)}"},
        {"name": "click-broken", "path": f"/c/{DAY}/x"},
    ]


def _approval(app: App) -> list[Step]:
    """The page behind an alert's link, for a draft and for an edition that was sent."""
    pipeline.compose(app, DRAFT, fetch=False)
    return [
        {"name": "approve", "path": approval_link("", app.signer, DRAFT)},
        {"name": "approved-too-late", "path": approval_link("", app.signer, DAY), "form": {"seen": "0"}},
    ]


def _desk(app: App) -> list[Step]:
    """The pages of the desk: of a draft, and of an edition that was sent."""
    by = Actor("webcheck", "command")
    for name, role in (("suman", Role.ADMIN), ("ravi", Role.EDITOR)):
        app.accounts.add(name, role, by)
    link = app.accounts.make_link("ravi", by)
    key = app.accounts.make_link("suman", by)
    code = TOTP(app.accounts.app_key(key)).at(app.now())
    signed_in = app.accounts.use_link(key, "nadi ke paar gaon", code, agent="webcheck")
    draft = app.editions.get(DRAFT)
    if signed_in is None or draft is None:
        raise SystemExit("the desk could not be opened")
    story = next(draft.stories())
    app.editor.write(DRAFT, by, intro="**नमस्ते।** आज *दो* बातें, [पूरी सूची](https://example.com/soochi) यहाँ है।")
    app.editor.write_block(DRAFT, "quote", by, {"text": "जहाँ चाह, वहाँ राह।", "by": "कहावत"})
    app.editor.leave_out_block(DRAFT, "mandi", by)
    app.editor.move(DRAFT, story.id, story.section, 2, by)
    # Its page can split it.
    app.editor.merge(DRAFT, story.id, next(each.id for each in draft.stories() if each.id != story.id), by)
    sent = app.editions.get(DAY)
    if sent is None:
        raise SystemExit("no edition was sent")
    sent_story = next(sent.stories())
    decide = app.draft_mailer.make_link(app.editions.get(DRAFT) or draft, LinkAct.APPROVE)
    own, at = {"desk": signed_in.token}, f"/desk/edition/{DRAFT}"
    places = {
        "desk-draft": at,
        "desk-email": f"{at}/email",
        "desk-dark": f"{at}?form=dark",
        "desk-story": f"{at}/story/{story.id}",
        "desk-next": f"{at}/next",
        "desk-pool": f"{at}/pool",
        "desk-cancel": f"{at}/cancel",
        "desk-plain": f"{at}?form=plain",
        "desk-calendar": "/desk/calendar",
        "desk-passkeys": "/desk/passkeys",
        "desk-correct": f"/desk/edition/{DAY}/correct/{sent_story.id}",
        "desk-decide": f"{at}/decide/{decide}",
        "desk-sent": f"/desk/edition/{DAY}",
        "desk-users": "/desk/users",
        "desk-log": "/desk/log",
        "desk-nothing": "/desk/nowhere",
        **admin_pages(app),
    }
    pages: list[Step] = [{"name": name, "path": path, "cookies": own, "scripts": True} for name, path in places.items()]
    return [
        {"name": "desk-login", "path": "/desk/login", "cookies": {}, "scripts": True},
        {"name": "desk-link", "path": f"/desk/link/{link}", "cookies": {}, "scripts": True},
        *pages,
    ]


def _own_data(app: App, preferences: str) -> list[Step]:
    """Requests of a subscriber about their own data, and the pages of the links that go to the mailbox."""
    requests, now, new = RequestStore(app.database), app.now(), "asha@example.org"
    opened = {
        kind: requests.open(4, kind, now=now, address=new if kind == RequestKind.ADDRESS else "", email=new)
        for kind in RequestKind
    }
    both = requests.open(5, RequestKind.ADDRESS, now=now, address="ravi@example.org", email="ravi@example.org")
    requests.confirm(both.id, MailboxSide.PRESENT, now)
    undo = requests.open_undo(6, {"left": False}, now=now, most=None)
    if undo is None:
        raise SystemExit("a change could not be stored")

    def link(kind: RequestKind, side: MailboxSide = MailboxSide.PRESENT, number: int = 0) -> str:
        token = app.signer.sign(purpose_of(kind, side), number or opened[kind].id)
        return f"{path_of(kind, side)}{token}"

    return [
        {"name": "leave-known", "path": preferences.replace("preferences", "leave", 1)},
        {"name": "address-form", "path": f"{preferences}/address"},
        {"name": "address-odd", "path": f"{preferences}/address", "form": {"email": "asha@gmial.com"}},
        {"name": "address-asked", "path": f"{preferences}/address", "form": {"email": new}},
        {"name": "data-asked", "path": f"{preferences}/data", "form": {}},
        {"name": "erase-asked", "path": f"{preferences}/erase", "form": {}},
        {"name": "address", "path": link(RequestKind.ADDRESS)},
        {"name": "address-new", "path": link(RequestKind.ADDRESS, MailboxSide.NEW)},
        {"name": "address-waiting", "path": link(RequestKind.ADDRESS), "form": {}},
        {"name": "address-changed", "path": link(RequestKind.ADDRESS, MailboxSide.NEW, both.id), "form": {}},
        {"name": "data", "path": link(RequestKind.DATA)},
        {"name": "nominee", "path": link(RequestKind.NOMINEE)},
        {"name": "nominee-wrong", "path": link(RequestKind.NOMINEE), "form": {"nominee": "x"}},
        {"name": "nominated", "path": link(RequestKind.NOMINEE), "form": {"nominee": "आशा", "contact": "x"}},
        {"name": "undo", "path": link(RequestKind.UNDO)},
        {"name": "undo-left", "path": link(RequestKind.UNDO, number=undo.id)},
        {"name": "undone", "path": link(RequestKind.UNDO, number=undo.id), "form": {}},
        {"name": "erase", "path": link(RequestKind.ERASE)},
        {"name": "erased", "path": link(RequestKind.ERASE), "form": {}},
        {"name": "request-late", "path": f"/data/{app.signer.sign('own-data', 1)}"},
    ]


def _add_signup(app: App) -> int:
    """Store a sign-up that waits for its confirmation, and return its number."""
    address = "kavita@example.org"
    return SignupStore(app.database).request(address, address, wording="", detail="", now=app.now())


if __name__ == "__main__":
    sys.exit(main())
