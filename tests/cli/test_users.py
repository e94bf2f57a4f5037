"""`digest users`: accounts of the desk by command, and the log of commands."""

from __future__ import annotations

import getpass
import re

import pytest

from digest.app import make_app
from tests.cli.newsroom import Newsroom


def test_a_user_is_added_changed_and_removed(newsroom: Newsroom) -> None:
    assert "digest users add" in newsroom.digest("users", "list").out
    added = newsroom.digest("users", "add", "suman", "--role", "admin")
    assert re.fullmatch(r"https://news\.example\.com/desk/link/[\w-]{43}\n", added.out)
    assert newsroom.digest("users", "link", "suman").out != added.out
    assert newsroom.json("users", "list") == {
        "users": [{"name": "suman", "role": "admin", "set_up": False, "email": "", "sessions": 0, "last_seen": None}]
    }
    assert newsroom.digest("users", "role", "suman", "viewer").code == 1, "the only admin"
    newsroom.digest("users", "add", "ravi", "--role", "admin")
    assert newsroom.digest("users", "role", "suman", "viewer").code == 0
    assert "viewer" in newsroom.digest("users", "list").out
    assert "0 sessions" in newsroom.digest("users", "end-sessions", "suman").out
    assert newsroom.digest("users", "remove", "suman").code == 0
    assert newsroom.digest("users", "remove", "suman").code == 1


def test_names_and_roles_are_checked(newsroom: Newsroom) -> None:
    assert newsroom.digest("users", "add", "सुमन").code == 1
    assert newsroom.digest("users", "add", "suman", "--role", "boss").code == 2
    assert newsroom.digest("users", "add", "suman").code == 0
    assert "already" in newsroom.digest("users", "add", "suman").err


@pytest.mark.slow
def test_the_log_has_commands_with_the_name_of_who_ran_them(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    story = newsroom.json("edition", "show", "2026-11-23")["lead"]
    newsroom.digest("edition", "drop", "2026-11-23", story)
    newsroom.digest("edition", "approve", "2026-11-23")
    with make_app(newsroom.home) as app:
        acts = app.audit.newest(5)
    assert [(act.who, act.via, act.what) for act in acts if act.via == "command"] == [
        (getpass.getuser(), "command", "approved"),
        (getpass.getuser(), "command", "dropped"),
        (getpass.getuser(), "command", "composed"),
    ]
