"""robots.txt (RFC 9309), and sites that don't answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.http.fetch import AGENT, Fetcher
from digest.collect.http.politeness import HostLimiter
from digest.collect.http.robots import MAX_BYTES, Robots, parse_robots
from tests.support.cpu import is_linear
from tests.support.http_server import HttpServer
from tests.support.tables import each_row


@each_row(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("user-agent: *\ndisallow: /private # desk\n", "/private/1", False),
        ("User-agent: *\nAllow: /\nDisallow: /private", "/private", False),
        ("User-agent: *\nDisallow: /\nAllow: /news", "/news/1", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?q", True),
        ("User-agent: *\nDisallow: /*?print=", "/n/1?print=1", False),
        ("User-agent: *\nDisallow: /a*b*c", "/axxbyyc", False),
        ("User-agent: *\nDisallow: /a*b*c", "/axxcyyb", True),
        ("User-agent: *\nDisallow: /*a$", "/ba", False),
        ("User-agent: other\nDisallow: /\n", "/a", True),
        ("User-agent: *\nDisallow: /\nUser-agent: hindi-digest\nDisallow: /x", "/a", True),
        ("User-agent: a\nUser-agent: Hindi-Digest/2.0\nDisallow: /\n", "/a", False),
        ("User-agent: hindi-digest\nDisallow: /x\nUser-agent: *\nDisallow: /\nUser-agent: hindi-digest\nDisallow: /y",
         "/y", False),
        ("User-agent: *\nSitemap: https://a.example/s.xml\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /%E0%A4%95", "/क", False),
        ("User-agent: *\nDisallow: /क", "/%E0%A4%95", False),
        ("<html>not a robots.txt</html>", "/a", True),
    ],
)  # fmt: skip
def test_the_longest_rule_of_our_group_decides(text: str, path: str, allowed: bool) -> None:
    assert allows(text, path) is allowed


def allows(text: str, path: str) -> bool:
    return parse_robots(text).can_fetch(f"https://village.example{path}", AGENT)


def test_a_crawl_delay_is_read() -> None:
    assert parse_robots("User-agent: *\nCrawl-delay: 2.5\nDisallow: /x").crawl_delay(AGENT) == 2.5
    assert parse_robots("User-agent: *\nCrawl-delay: soon").crawl_delay(AGENT) is None
    assert parse_robots("User-agent: *\nCrawl-delay: inf\n").crawl_delay(AGENT) is None


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["User-agent", "Disallow", "Allow", "Crawl-delay", "x"]), st.text("*$/ab%2?क", max_size=9)
        )
    ),
    path=st.text("ab/*$%?", max_size=20),
)
def test_no_rules_raise(lines: list[tuple[str, str]], path: str) -> None:
    text = "User-agent: *\n" + "\n".join(f"{key}: {value}" for key, value in lines)
    assert allows(text, f"/{path}") in (True, False)


@pytest.mark.parametrize(("status", "answer"), [(404, "yes"), (403, "yes"), (429, "later"), (503, "later")])
def test_a_site_without_robots_txt_allows_and_a_failing_one_does_not(status: int, answer: str) -> None:
    with HttpServer() as site:
        site.route("/robots.txt", b"", status=status)
        assert Robots(Fetcher()).may(site.url("/a"), allow_private=True) == answer


def test_a_site_is_asked_once_a_day_and_sooner_after_a_failure() -> None:
    now = 0.0
    with HttpServer() as site:
        site.route("/robots.txt", "User-agent: *\nDisallow: /private\nCrawl-delay: 4")
        fetcher = Fetcher(limiter=HostLimiter(exempt_local=False, min_interval=0, sleep=lambda _seconds: None))
        robots = Robots(fetcher, clock=lambda: now)
        answers = [robots.may(site.url(path), allow_private=True) for path in ("/a", "/private/a", "/b?c")]
        assert answers == ["yes", "no", "yes"]
        assert len(site.hits("/robots.txt")) == 1
        site.route("/robots.txt", b"", status=500)
        now += 24 * 3600 + 1
        assert robots.may(site.url("/a"), allow_private=True) == "later"
        site.route("/robots.txt", b"", status=404)
        now += 3600
        assert robots.may(site.url("/private"), allow_private=True) == "yes"
        assert len(site.hits("/robots.txt")) == 3


def test_a_long_file_is_truncated_and_an_unreachable_site_is_retried_later() -> None:
    with HttpServer() as site:
        site.route("/robots.txt", "User-agent: *\nDisallow: /private\n" + "# \n" * MAX_BYTES)
        assert Robots(Fetcher()).may(site.url("/private"), allow_private=True) == "no"
        gone = site.url("/a")
    assert Robots(Fetcher()).may(gone, allow_private=True) == "later"
    assert Robots(Fetcher()).may("https://", allow_private=True) == "yes"


def test_a_hostile_file_is_parsed_in_linear_time() -> None:
    def make(size: int) -> str:
        agents = "".join(f"user-agent: a{n}\n" for n in range(size))
        return agents + "user-agent: *\n" + "".join(f"disallow: /*a{n}*b\n" for n in range(size))

    assert is_linear(lambda text: allows(text, "/" + "ab" * 1_000), make, 4_000)
    assert allows(make(4_000), "/" + "ab" * 1_000) is True


def test_another_agent_of_a_similar_name_is_not_us() -> None:
    assert allows("User-agent: hindi\nDisallow: /\n", "/a")
    assert allows("User agent: hindi-digest-2\nDisallow: /\n", "/a")
