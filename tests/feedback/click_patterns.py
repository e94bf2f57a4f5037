"""Sequences of requests by machines and by people. Each has the number of the email's links and the requests."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from digest.feedback.clicks import ClickRequest
from digest.models import HONEYPOT

START = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LINKS = 16

ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
)
GMAIL = (
    "Mozilla/5.0 (Linux; Android 14; RMX3930 Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/141.0.7390.122 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
CUBOT = (
    "Mozilla/5.0 (Linux; Android 9; CUBOT X19 S) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.104 Mobile "
    "Safari/537.36"
)
JIO = "Mozilla/5.0 (Mobile; LYF/F320B/LYF-F320B-002-01; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5"
OPERA_MINI = "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; hi) Presto/2.12.423 Version/12.16"
UC = "UCWEB/2.0 (Java; U; MIDP-2.0; hi-IN; nokiac3) U2/1.0.0 UCBrowser/9.4.1.482 U2/1.0.0 Mobile UNTRUSTED/1.0"
IE = "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; WOW64; Trident/6.0)"
FACEBOOK = ANDROID + " [FB_IAB/FB4A;FBAV/540.0.0.32.93;]"

JIO_NETWORK, AIRTEL, OFFICE = "49.36.18.7", "2401:4900:1c5a:77::9", "103.21.58.4"
AZURE, AWS, GOOGLE, BARRACUDA, HETZNER = "40.94.33.20", "3.110.44.5", "34.93.10.1", "209.222.82.7", "88.99.4.4"
HINDI = {
    "accept": "text/html,application/xhtml+xml",
    "accept-language": "hi-IN,hi;q=0.9,en;q=0.8",
    "sec-fetch-user": "?1",
    "sec-fetch-mode": "navigate",
}


def _click(
    target: object, second: float, agent: str = WINDOWS, address: str = JIO_NETWORK, **more: Any
) -> ClickRequest:
    name = target if isinstance(target, str) else f"story {target}"
    return ClickRequest(name, START + timedelta(seconds=second), agent=agent, address=address, **more)


def _walk(targets: Iterable[object], seconds: Iterable[float], *args: Any, **more: Any) -> list[ClickRequest]:
    return [_click(target, second, *args, **more) for target, second in zip(targets, seconds, strict=False)]


def machines() -> Iterator[tuple[str, int, list[ClickRequest]]]:
    """Name, number of links, requests: none of them is a person's."""
    every = range(LINKS)
    rng = random.Random(7)
    agents = {
        "curl": "curl/8.14.1",
        "python-requests": "python-requests/2.32.5",
        "Go": "Go-http-client/2.0",
        "Java": "Java/17.0.9",
        "Barracuda": "Mozilla/5.0 (compatible; BarracudaCentral/1.0)",
        "Office": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
        "headless": WINDOWS.replace("Chrome/", "HeadlessChrome/"),
        "no name": "",
        "bare": "Mozilla/5.0",
        "bare in brackets": "Mozilla/4.0 (compatible;)",
        "WhatsApp preview": "WhatsApp/2.25.30.72 A",
        "Telegram preview": "TelegramBot (like TwitterBot)",
        "Facebook preview": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Google's image proxy": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "iMessage preview": "MyApp/1 CFNetwork/1568.200.51 Darwin/24.6.0",
        "Googlebot as a phone": ANDROID + " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "monitor": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "okhttp": "okhttp/4.12.0",
    }
    for name, agent in agents.items():
        yield name, LINKS, [_click(3, 10, agent)]
    yield "one HEAD", LINKS, [_click(0, 1, method="HEAD")]
    yield "HEAD, then GET of each", LINKS, [
        _click(each, each * 0.6 + more, method=method) for each in every for method, more in (("HEAD", 0), ("GET", 0.2))
    ]  # fmt: skip
    yield "HEAD, then one GET ten seconds later", LINKS, [_click(0, 1, method="HEAD"), _click(0, 11)]
    yield "OPTIONS", LINKS, [_click(0, 1, method="OPTIONS")]
    yield "all links in one second", LINKS, _walk(every, (each * 0.05 for each in every))
    yield "all links, one a second", LINKS, _walk(every, (each * 1.0 for each in every))
    yield "all links, every eight seconds", LINKS, _walk(every, (each * 8.2 for each in every))
    yield (
        "all links in any order in five seconds",
        LINKS,
        _walk(rng.sample(every, LINKS), sorted(rng.uniform(0, 5) for _ in every)),
    )
    yield (
        "half of the links in ten seconds",
        LINKS,
        _walk(rng.sample(every, 9), sorted(rng.uniform(0, 10) for _ in every)),
    )
    yield "every link twice in six seconds", LINKS, _walk([*every, *every], (each * 0.2 for each in range(2 * LINKS)))
    yield "three links at once", LINKS, _walk((2, 7, 11), (5, 5.02, 5.05))
    yield "the hidden link", LINKS, [_click(HONEYPOT, 3)]
    yield "the hidden link, and two others", LINKS, [_click(2, 1), _click(HONEYPOT, 4), _click(9, 40)]
    yield "the hidden link, by other addresses", LINKS, [
        _click(2, 1, WINDOWS, "103.9.9.1"), _click(HONEYPOT, 2, FIREFOX, "103.9.9.2"), _click(9, 3, IPHONE),
    ]  # fmt: skip
    yield "Microsoft's scanner as Chrome", LINKS, [_click(0, 2, WINDOWS, AZURE)]
    yield "Barracuda as Chrome", LINKS, [_click(0, 2, WINDOWS, BARRACUDA), _click(8, 9, WINDOWS, BARRACUDA)]
    yield "a cloud, in English", LINKS, [_click(0, 2, WINDOWS, AWS, headers={"accept-language": "en-US"})]
    yield "many addresses of a cloud", LINKS, [
        _click(each, each * 4.0, (WINDOWS, IPHONE, FIREFOX)[each % 3], f"34.93.{each}.9") for each in every
    ]  # fmt: skip
    yield "prefetch", LINKS, [_click(0, 3, ANDROID, headers={"sec-purpose": "prefetch;prerender"})]
    yield "preview of Safari", LINKS, [_click(0, 3, IPHONE, headers={"x-purpose": "preview"})]
    yield "prefetch of Firefox", LINKS, [_click(0, 3, FIREFOX, headers={"x-moz": "prefetch"})]
    yield "one link, every minute", LINKS, _walk([4] * 9, (each * 60.0 for each in range(9)))
    yield "five links, like a clock", LINKS, _walk((1, 5, 2, 9, 13), (0, 1.5, 3.0, 4.5, 6.0))
    yield "hosting company, at night", LINKS, [_click(4, 3600, FIREFOX, HETZNER)]
    mixed = rng.sample(every, LINKS)
    yield "all links in any order in a minute", LINKS, _walk(mixed, sorted(rng.uniform(0, 60) for _ in every))
    yield "all links, every half minute", LINKS, _walk(every, (each * 30.0 for each in every))
    yield "one link, every hour", LINKS, _walk([4] * 8, (each * 3600.0 for each in range(8)))
    yield "one link, twenty times in five seconds", LINKS, _walk([4] * 20, (each * 0.25 for each in range(20)))
    yield "two links at the same instant", LINKS, _walk((2, 9), (5, 5.01))
    yield "five links in two seconds", LINKS, _walk((1, 2, 3, 4, 5), (0, 0.4, 0.9, 1.5, 2.0))
    yield "all three links of a short email", 3, _walk((0, 1, 2), (0, 1.1, 2.0))


def people() -> Iterator[tuple[str, int, list[ClickRequest]]]:
    """Name, number of links, requests: at least one is a person's, and those that are not are proven."""
    rng = random.Random(11)
    agents = {
        "Android": ANDROID, "Gmail's own browser": GMAIL, "iPhone": IPHONE, "Windows": WINDOWS, "Firefox": FIREFOX,
        "a Cubot phone": CUBOT, "JioPhone": JIO, "Opera Mini": OPERA_MINI, "UC Browser": UC, "old Explorer": IE,
        "Facebook's own browser": FACEBOOK, "Lynx": "Lynx/2.9.2 libwww-FM/2.14SSL-MM/1.4.1 OpenSSL/3.5.0",
        "w3m": "w3m/0.5.3+git20230121", "Samsung": ANDROID.replace("Chrome/", "SamsungBrowser/29.0 Chrome/"),
        "Avast's browser": WINDOWS + " Avast/142.0.0.0",
        "iPad as a Mac": IPHONE.replace("iPhone; CPU iPhone", "Macintosh; Intel"),
    }  # fmt: skip
    for name, agent in agents.items():
        yield name, LINKS, [_click(2, 40, agent)]
    yield "two stories", LINKS, _walk((0, 6), (12, 150), ANDROID)
    yield "a double tap", LINKS, _walk((3, 3), (12, 12.2), ANDROID)
    yield "three tabs in four seconds", LINKS, _walk((0, 2, 5), (10, 11.3, 14))
    yield "five tabs in seven seconds", LINKS, _walk((0, 2, 5, 9, 12), (10, 11.4, 12.1, 15, 16.9))
    yield (
        "eight tabs in twelve seconds",
        LINKS,
        _walk((0, 1, 2, 4, 7, 9, 11, 13), (3, 4.1, 5.9, 7.2, 9.8, 12, 13.2, 15)),
    )
    yield "four tabs in two seconds", LINKS, _walk((0, 2, 3, 5), (3, 3.6, 4.3, 4.9))
    yield "five stories, one every ten seconds", LINKS, _walk(range(5), (each * 10.0 for each in range(5)), ANDROID)
    yield "six reloads", LINKS, _walk([2] * 6, (0, 3, 9, 11, 20, 44), ANDROID)
    yield "back, and the same again", LINKS, _walk((0, 0, 0), (10, 31, 47), IPHONE)
    yield (
        "everything, in half an hour",
        LINKS,
        _walk(range(LINKS), sorted(rng.uniform(0, 1800) for _ in range(LINKS)), ANDROID),
    )
    yield "everything, in the order of the letter", LINKS, _walk(range(LINKS), _sums(rng, LINKS, 15, 240), ANDROID)
    yield "at once after delivery", LINKS, [_click(0, 0.4, ANDROID)]
    yield "morning and evening", LINKS, _walk((0, 8), (60, 39_000), ANDROID)
    yield "five days later", LINKS, [_click(7, 432_000, IPHONE)]
    yield "phone, then laptop", LINKS, [_click(0, 10, ANDROID), _click(0, 900, WINDOWS, OFFICE)]
    yield "forwarded to friends", LINKS, [
        _click(4, 10, ANDROID), _click(4, 400, IPHONE, AIRTEL), _click(4, 420, WINDOWS, OFFICE), _click(1, 2000, JIO),
    ]  # fmt: skip
    yield "VPN in a cloud, in Hindi", LINKS, [_click(1, 50, ANDROID, AWS, headers=HINDI)]
    yield "webmail through a cloud proxy", LINKS, [
        _click(1, 50, WINDOWS, GOOGLE, headers={"accept-language": "en-IN", "referer": "https://mail.google.com/"}),
    ]  # fmt: skip
    yield "Opera Mini's servers", LINKS, [_click(1, 50, OPERA_MINI, HETZNER)]
    yield "prefetch, then a click", LINKS, [
        _click(1, 50, ANDROID, headers={"sec-purpose": "prefetch"}), _click(1, 52, ANDROID, headers=HINDI),
    ]  # fmt: skip
    yield "the gateway first, then the reader", LINKS, [
        *(_click(each, each * 0.1, WINDOWS, AZURE) for each in range(LINKS)), _click(3, 700, WINDOWS, OFFICE),
    ]  # fmt: skip
    yield "the gateway's HEAD, then the reader", LINKS, [
        _click(3, 1, "", AZURE, method="HEAD"), _click(3, 95, ANDROID),
    ]  # fmt: skip
    yield "the gateway and the hidden link, then the reader", LINKS, [
        _click(HONEYPOT, 1, WINDOWS, BARRACUDA), _click(3, 95, ANDROID),
    ]  # fmt: skip
    yield "a preview is drawn, then the friend comes", LINKS, [
        _click(3, 1, "WhatsApp/2.25.30.72 A"), _click(3, 20, IPHONE, AIRTEL),
    ]  # fmt: skip
    yield (
        "thirty readers behind one address",
        LINKS,
        _walk(
            [rng.choice((0, 0, 0, 1, 2, 3, 5, 8, 9)) for _ in range(30)],
            sorted(rng.uniform(0, 60) for _ in range(30)),
            ANDROID,
        ),
    )
    yield "two readers of one office at once", LINKS, _walk((0, 4), (10, 10.1), WINDOWS, OFFICE)
    yield "both links of a short email", 2, _walk((0, 1), (10, 12), ANDROID)
    yield "all of a short email", 4, _walk(range(4), (10, 55, 130, 160), ANDROID)
    yield "the same link on four days", LINKS, _walk([2] * 4, (0, 90_000, 170_000, 262_000), ANDROID)


def mixed() -> Iterator[tuple[str, int, list[ClickRequest], list[bool]]]:
    """Name, number of links, requests, and for each whether a machine made it: patterns at the limits of the rules."""
    rng, every = random.Random(13), range(LINKS)
    machines = {
        "a program in C#": (LINKS, [_click(7, 2.8, "RestSharp/112.1.0.0")]),
        "prefetch of an older Chrome": (LINKS, [_click(0, 2, ANDROID, headers={"purpose": "prefetch"})]),
        "all twice in two minutes": (LINKS, _walk([*every, *every], _sums(rng, 2 * LINKS, 2.0, 5.0), FIREFOX, OFFICE)),
        "five links, one each second": (LINKS, _walk(range(1, 6), range(1, 6), FIREFOX, OFFICE)),
    }
    people = {
        "the desk opens nine tabs": (LINKS, _walk(range(9), _sums(rng, 9, 2.2, 6.5), WINDOWS, OFFICE)),
        "every story of a short email": (5, _walk(range(5), (20, 63, 130, 190, 300), ANDROID)),
        "a class on one story": (LINKS, _walk([4] * 18, sorted(rng.uniform(0, 40) for _ in range(18)), WINDOWS)),
        "two of ten readers of one network at once": (
            LINKS,
            _walk((0, 1, 0, 2, 0, 5, 0, 1, 0, 3), (2, 40, 41, 90, 130, 130.04, 170, 260, 300, 350), ANDROID),
        ),
    }
    for verdict, patterns in ((True, machines), (False, people)):
        for name, (links, requests) in patterns.items():
            yield name, links, requests, [verdict] * len(requests)
    yield (
        "the appliance at five, the reader at nine",
        LINKS,
        [*_walk(every, _sums(rng, LINKS, 0.2, 0.5), WINDOWS, OFFICE), _click(3, 14_000, WINDOWS, OFFICE)],
        [True] * LINKS + [False],
    )


def _sums(rng: random.Random, count: int, least: float, most: float) -> list[float]:
    at, found = 0.0, []
    for _ in range(count):
        at += rng.uniform(least, most)
        found.append(at)
    return found
