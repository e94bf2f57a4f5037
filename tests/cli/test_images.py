"""Images of the drop folder, from a file beside an article to every email."""

from __future__ import annotations

import random
import re
import shutil

import pytest
from PIL import Image

from tests.cli.newsroom import Newsroom, parse_mail
from tests.support.sendgrid_server import KEY, SendGridServer

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

EDITION = "2026-11-23"


def shown(mail: bytes) -> list[str]:
    """Return the Content-IDs in the HTML of a mail. Fails unless each is an attached image."""
    message = parse_mail(mail)
    images = {part["Content-ID"].strip("<> "): part.get_content() for part in message.walk() if part["Content-ID"]}
    html = message.get_body(("html",))
    cids = re.findall(r'src="cid:([^"]+)"', html.get_content()) if html else []
    assert images.keys() == set(cids)
    assert all(data.startswith((b"\x89PNG", b"\xff\xd8\xff")) for data in images.values())
    return cids


@pytest.mark.all_sources
def test_the_starter_newsletter_has_a_lead_image_and_others(newsroom: Newsroom) -> None:
    newsroom.json("send")
    edition = newsroom.json("edition", "show", EDITION)
    stories = {story["id"]: story for section in edition["sections"] for story in section["stories"]}
    mails = newsroom.outbox()
    cids = shown(mails["asha@example.com"])
    assert stories[edition["lead"]]["image"] == f"cid:{cids[0]}"
    assert len(cids) >= 3
    # Kabir chose the text format.
    assert shown(mails["kabir@example.com"]) == []
    assert len({tuple(shown(mails[f"{name}@example.com"])) for name in ("asha", "farah", "joseph")}) == 1


@pytest.mark.all_sources
def test_variants_share_images_and_attach_only_their_own(newsroom: Newsroom) -> None:
    newsroom.json("send")
    mails = newsroom.outbox()
    everything, some = set(shown(mails["asha@example.com"])), set(shown(mails["meena@example.com"]))
    assert some
    assert some & everything
    assert not everything <= some


def test_a_sent_edition_keeps_its_images_when_the_files_are_gone(newsroom: Newsroom) -> None:
    newsroom.set_subscribers("email: asha@example.com")
    newsroom.json("send")
    before = shown(newsroom.outbox()["asha@example.com"])
    assert before
    shutil.rmtree(newsroom.home / "samples")
    newsroom.set_subscribers("email: asha@example.com", "email: late@example.com")
    assert newsroom.json("send", EDITION)["accepted"] == 2
    assert shown(newsroom.outbox()["late@example.com"]) == before


def test_test_sends_and_previews_have_images_too(newsroom: Newsroom) -> None:
    newsroom.json("send", "--to", "desk@example.com")
    tested = shown(newsroom.outbox(f"{EDITION}-test")["desk@example.com"])
    newsroom.json("preview")
    folder = newsroom.home / "preview"
    assert shown((folder / f"{EDITION}.eml").read_bytes()) == tested != []
    html = (folder / f"{EDITION}.html").read_text("utf-8")
    assert len(re.findall('src="data:image/(?:png|jpeg);base64,', html)) == len(tested)
    assert "cid:" not in html


@pytest.mark.all_sources
def test_sendgrid_accepts_the_images(newsroom: Newsroom) -> None:
    with SendGridServer() as server:
        newsroom.edit_settings("transport: outbox", "transport: sendgrid")
        environment = {"DIGEST_DELIVERY__SENDGRID__HOST": server.url, "SENDGRID_API_KEY": KEY}
        assert newsroom.json("send", **environment)["accepted"] == 6
        assert server.violations == []
        attached = [len(payload.get("attachments", [])) for payload in server.payloads]
    assert max(attached) >= 4
    # The text variant has no images.
    assert 0 in attached


@pytest.mark.all_sources
def test_photographs_of_any_size_make_a_small_email(newsroom: Newsroom) -> None:
    for number, path in enumerate(sorted((newsroom.home / "samples").rglob("*.png"))):
        grain = Image.frombytes("RGB", (300, 200), random.Random(number).randbytes(180_000))
        grain.resize((1500, 1000)).save(path, "JPEG", quality=90)
        assert path.stat().st_size > 200_000
    newsroom.json("compose")
    run = newsroom.digest("send", "--dry-run")
    assert (run.code, "the attached images have" in run.err) == (0, False)
    assert newsroom.json("send")["state"] == "done"
    mail = newsroom.outbox()["asha@example.com"]
    assert 3 <= len(shown(mail)) <= 6
    assert len(mail) < 350_000


@pytest.mark.parametrize("most", [0, 1])
def test_no_more_images_are_attached_than_the_theme_allows(newsroom: Newsroom, most: int) -> None:
    newsroom.environment["DIGEST_THEME__MAX_IMAGES"] = str(most)
    newsroom.json("send")
    assert len(shown(newsroom.outbox()["asha@example.com"])) == most
