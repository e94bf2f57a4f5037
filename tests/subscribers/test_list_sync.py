"""The store follows the list: it is read when it changed, and never from a file with errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.app import App, make_app
from digest.errors import ConfigurationError
from tests.support.folders import newsletter_folder

LIST = "subscribers:\n  - email: asha@example.com\n    topics: [खेल]\n  - email: Ravi@example.com\n    format: text\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    newsletter_folder(tmp_path / "newsletter")
    with make_app(tmp_path / "newsletter", environment={}) as opened:
        write(opened, LIST)
        yield opened


def write(app: App, text: str) -> None:
    (app.home / "subscribers.yaml").write_text(text, encoding="utf-8")


def listed(app: App) -> list[str]:
    return [one.email for one in app.subscribers.candidates("2026-11-23")]


def test_the_store_has_the_subscribers_of_the_file(app: App) -> None:
    app.subscriber_list.sync()
    assert listed(app) == ["asha@example.com", "Ravi@example.com"]
    assert set(app.subscribers.preference_combinations()) == {(("खेल",), "html"), ((), "text")}
    write(app, LIST.replace("  - email: asha@example.com\n    topics: [खेल]\n", "") + "  - email: meena@example.com\n")
    app.subscriber_list.sync()
    assert listed(app) == ["Ravi@example.com", "meena@example.com"]


def test_an_unchanged_file_is_not_read_again(app: App) -> None:
    """The store's list stays, although the file would correct it."""
    app.subscriber_list.sync()
    app.subscribers.sync([], now=app.now(), version=app.subscribers.synced_version())
    app.subscriber_list.sync()
    assert listed(app) == []
    write(app, LIST + "# a word\n")
    app.subscriber_list.sync()
    assert len(listed(app)) == 2


def test_an_invalid_file_changes_nothing_and_is_reported_each_time(app: App) -> None:
    app.subscriber_list.sync()
    write(app, LIST + "  - email: nobody\n  - email: meena@example.com\n    hour: 25\n")
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            app.subscriber_list.sync()
        assert [problem.line for problem in caught.value.problems] == [6, 8]
    assert len(listed(app)) == 2
    write(app, LIST)
    app.subscriber_list.sync()
    assert len(listed(app)) == 2


def test_changed_topics_cause_a_new_check(app: App) -> None:
    """A section that only a source's settings name, and that is then removed."""
    settings = app.home / "digest.yaml"
    plain = settings.read_text(encoding="utf-8")
    settings.write_text(plain.replace("section: विज्ञान", "section: मेला"), encoding="utf-8")
    write(app, LIST.replace("खेल", "मेला"))
    with make_app(app.home, environment={}) as other:
        other.subscriber_list.sync()
        assert len(listed(other)) == 2
    with pytest.raises(ConfigurationError, match="unknown topic 'मेला'"):
        app.subscriber_list.sync()


@pytest.fixture
def unattended(app: App) -> App:
    """The newsletter in `digest run`, with a list that was valid before."""
    app.subscriber_list.sync()
    return app.copy_with(unattended=True)


def test_an_unattended_newsletter_keeps_the_last_valid_list(unattended: App) -> None:
    write(unattended, LIST + "  - email: nobody\n")
    unattended.subscriber_list.sync()
    assert [problem.line for problem in unattended.subscriber_list.problems] == [6]
    assert listed(unattended) == ["asha@example.com", "Ravi@example.com"]
    write(unattended, LIST + "  - email: meena@example.com\n")
    unattended.subscriber_list.sync()
    assert unattended.subscriber_list.problems == ()
    assert len(listed(unattended)) == 3


def test_someone_deleted_in_the_faulty_edit_is_off_the_list_until_a_valid_one_has_them(unattended: App) -> None:
    write(unattended, "subscribers:\n  - email: asha@example.com\n    topics: [खेल]\n  - email: nobody\n")
    unattended.subscriber_list.sync()
    assert listed(unattended) == ["asha@example.com"]
    # The same file that was synced last.
    write(unattended, LIST)
    unattended.subscriber_list.sync()
    assert listed(unattended) == ["asha@example.com", "Ravi@example.com"]


def test_someone_paused_in_the_faulty_edit_is_paused(unattended: App) -> None:
    write(unattended, LIST + "    status: paused\n  - email: nobody\n")
    unattended.subscriber_list.sync()
    assert {each.email: each.status for each in unattended.subscribers.candidates("2026-11-23")} == {
        "asha@example.com": "active",
        "Ravi@example.com": "paused",
    }


def test_an_empty_file_of_an_unattended_newsletter_removes_nobody(unattended: App) -> None:
    """Such as one that is being replaced. An import would make it valid."""
    write(unattended, "")
    unattended.subscriber_list.sync(may_be_empty=True)
    (unattended.home / "subscribers.yaml").unlink()
    unattended.subscriber_list.sync(may_be_empty=True)
    assert unattended.subscriber_list.problems != ()
    assert len(listed(unattended)) == 2


def test_without_an_earlier_valid_list_a_faulty_one_is_refused(app: App) -> None:
    write(app, LIST + "  - email: nobody\n")
    with pytest.raises(ConfigurationError, match=r"subscribers\.yaml:6"):
        app.copy_with(unattended=True).subscriber_list.sync()


def test_a_newsletter_can_be_told_to_stop(app: App) -> None:
    app.subscriber_list.sync()
    settings = app.settings.model_copy(
        update={"subscribers": app.settings.subscribers.model_copy(update={"on_error": "stop"})}
    )
    write(app, LIST + "  - email: nobody\n")
    with pytest.raises(ConfigurationError, match=r"subscribers\.yaml:6"):
        app.copy_with(settings=settings, unattended=True).subscriber_list.sync()
