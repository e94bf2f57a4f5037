"""Two days of a newsletter through its commands: replayed samples come again, real news does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.newsroom import Newsroom

TUESDAY = "2026-11-24T07:00+05:30"
MORE = {
    "chess": "तेरह साल की मीना ने जीती शतरंज प्रतियोगिता\n\n"
    "रामगढ़िया की तेरह वर्षीय मीना ने राज्य शतरंज प्रतियोगिता का खिताब जीत लिया। "
    "निर्णायक बाजी में मीना ने 52 चाल में शीर्ष वरीयता प्राप्त खिलाड़ी को हराया।\n",
    "mango": "मंडी में आम की आवक बढ़ी, भाव गिरे\n\n"
    "बेलापुर मंडी में आम की आवक दोगुनी होने से भाव गिरकर 30 रुपये किलो रह गए हैं। "
    "व्यापारियों ने कहा कि अगले हफ्ते तक भाव और नीचे आ सकते हैं।\n",
}


def room(tmp_path: Path) -> Newsroom:
    newsroom = Newsroom(tmp_path)
    assert newsroom.digest("init", "letter").code == 0
    return Newsroom(tmp_path / "letter")


@pytest.mark.slow
def test_the_demo_gives_a_full_edition_on_two_days(tmp_path: Path) -> None:
    newsroom = room(tmp_path)
    first = newsroom.json("demo")
    second = newsroom.json("demo", DIGEST_NOW=TUESDAY)
    assert first["edition"] != second["edition"]
    assert first["stories"] == second["stories"] > 5
    assert second["accepted"] == first["accepted"]


@pytest.mark.slow
def test_what_was_sent_on_monday_stays_out_on_tuesday(tmp_path: Path) -> None:
    newsroom = room(tmp_path)
    own = newsroom.home / "own"
    own.mkdir()
    for name, text in MORE.items():
        (own / f"{name}.txt").write_text(text, encoding="utf-8")
    environment = {
        "DIGEST_SOURCES": "[{name: अपना, path: own}]",
        "DIGEST_EDITION__MIN_STORIES": "1",
        "DIGEST_EDITION__MIN_SCORE": "0",
        "DIGEST_EDITION__WINDOW": "300d",
        "DIGEST_EDITION__BOOST": "{शतरंज: 1.5}",
    }
    before = newsroom.json("send", **environment)
    assert before["state"] == "done"
    shown = newsroom.json("edition", "show", before["edition"], **environment)
    stories = [story for section in shown["sections"] for story in section["stories"]]
    assert len(stories) == 2
    assert any("आपने ‘शतरंज’ को बढ़ाया या घटाया है: +1.50" in story["reasons"] for story in stories)
    after = newsroom.json("compose", DIGEST_NOW=TUESDAY, **environment)
    assert after["state"] == "skipped"
    assert "without those sent before" in after["reason"]
    assert f"2 already sent ({before['edition']})" in after["left_out"]
    later = newsroom.json("compose", "--slug", "later", DIGEST_NOW="2026-12-02T07:00+05:30", **environment)
    assert later["state"] == "draft"


def test_a_model_without_a_url_is_a_configuration_error(tmp_path: Path) -> None:
    run = room(tmp_path).digest("check", DIGEST_SUMMARY__ENGINE="openai")
    assert run.code == 2
    assert "expected url and model" in run.out + run.err
