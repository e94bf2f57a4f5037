"""Click patterns that were written after the rules, by their author, from the behaviour of gateways, previews, people.

Each pattern has a name, the number of the email's links, the requests, and for each whether a machine made it. The
second set was written after the rules had been corrected by the first, and the third after the second.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from digest.feedback.clicks import ClickRequest
from digest.models import HONEYPOT

Pattern = tuple[str, int, list[ClickRequest], list[bool]]

START = datetime(2026, 11, 30, 1, 30, tzinfo=UTC)
LINKS = 14


def _chrome(version: int = 143, system: str = "Windows NT 10.0; Win64; x64", mobile: str = "") -> str:
    return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 {mobile}Safari/537.36"


EDGE = _chrome() + " Edg/143.0.0.0"
PHONE = _chrome(system="Linux; Android 10; K", mobile="Mobile ")
WEBVIEW = _chrome(141, "Linux; Android 13; M2101K6P Build/TKQ1; wv", "Mobile ").replace(
    "Gecko) ", "Gecko) Version/4.0 "
)
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Safari/605.1.15"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
    "Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
LINUX = _chrome(system="X11; Linux x86_64")

JIO, JIO_2, AIRTEL, VODAFONE, BSNL = "49.43.7.21", "2409:40c2:1012:9a::1", "106.205.17.3", "1.38.22.90", "117.206.4.8"
OFFICE, SCHOOL, HOME = "14.142.11.4", "115.240.18.66", "122.161.50.9"
READS_HINDI = {
    "accept-language": "hi-IN,hi;q=0.9,en-IN;q=0.8,en;q=0.7",
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-user": "?1",
    "sec-fetch-dest": "document",
}
READS_ENGLISH = {**READS_HINDI, "accept-language": "en-US,en;q=0.9"}
IN_INDIA = {**READS_HINDI, "accept-language": "en-IN,en;q=0.9"}
SCRIPTED = {
    "accept-language": "en-US,en;q=0.9",
    "sec-fetch-site": "none",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}


def _get(target: object, second: float, agent: str, address: str = HOME, **more: Any) -> ClickRequest:
    name = target if isinstance(target, str) else f"link {target}"
    return ClickRequest(name, START + timedelta(seconds=second), agent=agent, address=address, **more)


def _series(
    targets: Iterable[object], seconds: Iterable[float], agent: str, address: str = HOME, **more: Any
) -> list[ClickRequest]:
    return [_get(target, second, agent, address, **more) for target, second in zip(targets, seconds, strict=True)]


def _after(rng: random.Random, count: int, least: float, most: float, begin: float = 2.0) -> list[float]:
    found, at = [], begin
    for _ in range(count):
        found.append(at)
        at += rng.uniform(least, most)
    return found


def _machine(name: str, requests: list[ClickRequest], links: int = LINKS) -> Pattern:
    return name, links, requests, [True] * len(requests)


def _person(name: str, requests: list[ClickRequest], links: int = LINKS) -> Pattern:
    return name, links, requests, [False] * len(requests)


def first_machines() -> Iterator[Pattern]:
    rng = random.Random(101)
    every = range(LINKS)
    one = {
        # Gateways that open a link with a real browser, from their own networks.
        "Safe Links, on delivery": (EDGE, "40.94.28.91", SCRIPTED),
        "Safe Links, in Europe": (_chrome(128), "20.103.218.7", SCRIPTED),
        "Exchange Online Protection": (_chrome(109), "104.47.58.126", SCRIPTED),
        "Mimecast in America": (_chrome(120), "207.211.30.141", SCRIPTED),
        "Mimecast in Europe": (_chrome(120), "195.130.217.77", SCRIPTED),
        "Barracuda": (_chrome(112), "64.235.154.105", SCRIPTED),
        "Proofpoint": (_chrome(114, "Windows NT 6.1; Win64; x64"), "67.231.156.40", {}),
        "Proofpoint in a cloud": (_chrome(126), "54.186.198.11", SCRIPTED),
        "MessageLabs": ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)", "216.82.251.38", {}),
        "Trend Micro": (
            "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
            "150.70.173.22",
            {},
        ),
        "Forcepoint": (_chrome(118), "85.115.52.190", SCRIPTED),
        "Trellix in a cloud": (_chrome(103), "34.212.80.5", SCRIPTED),
        "Sophos in a cloud": (FIREFOX, "52.31.106.19", {"accept-language": "en-GB,en;q=0.5"}),
        "Cisco": (_chrome(99), "208.90.57.13", {}),
        "a browser farm at DigitalOcean": (LINUX, "167.99.88.20", SCRIPTED),
        "a browser farm at OVH": (LINUX, "51.68.44.9", SCRIPTED),
        "a browser farm at Alibaba": (LINUX, "47.88.12.4", SCRIPTED),
        # Apple and Google on behalf of a mailbox.
        "Apple's link preview": (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            "17.58.100.20",
            {"accept-language": "en-US"},
        ),
        "Gmail's image proxy": (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            "66.249.84.33",
            {},
        ),
        "Google's safety check": (LINUX, "66.102.8.115", SCRIPTED),
        "Yahoo's proxy": (
            "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
            "98.137.64.4",
            {},
        ),
        # Programs that say who they are.
        "Sentinel": ("Mozilla/5.0 (compatible; BarracudaSentinel/1.0)", OFFICE, {}),
        "urllib": ("Python-urllib/3.12", OFFICE, {}),
        "aiohttp": ("Python/3.11 aiohttp/3.11.7", OFFICE, {}),
        "node": ("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", OFFICE, {}),
        "axios": ("axios/1.7.9", OFFICE, {}),
        "Apache": ("Apache-HttpClient/5.3.1 (Java/17.0.13)", OFFICE, {}),
        "wget": ("Wget/1.21.4", OFFICE, {}),
        "Skype": ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "52.114.77.33", {}),
        "Outlook asks whether it exists": ("Microsoft Office Existence Discovery", OFFICE, {}),
        "LinkedIn": (
            "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
            OFFICE,
            {},
        ),
        "Discord": ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "35.227.62.178", {}),
        "Bing": (
            "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
            OFFICE,
            {},
        ),
        "OpenAI": ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)", "20.171.206.8", {}),
        "Lighthouse": (_chrome() + " Chrome-Lighthouse", OFFICE, SCRIPTED),
        "PhantomJS": ("Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 PhantomJS/2.1.1 Safari/538.1", OFFICE, {}),
    }
    for name, (agent, address, headers) in one.items():
        yield _machine(name, [_get(2, 3.4, agent, address, headers=headers)])
    # Behaviour, from an office's own line.
    yield _machine("an office's appliance opens all", _series(every, _after(rng, LINKS, 0.1, 0.4), EDGE, OFFICE))
    yield _machine(
        "all in a random order, a few seconds each",
        _series(rng.sample(every, LINKS), _after(rng, LINKS, 1.5, 4.0), EDGE, OFFICE),
    )
    yield _machine(
        "each twice, HEAD before GET",
        [
            _get(each, each * 1.5 + more, "", OFFICE, method=method)
            for each in every
            for method, more in (("HEAD", 0.0), ("GET", 0.4))
        ],
    )
    yield _machine(
        "HEAD without a name, GET as Chrome",
        [
            _get(each, each * 2.0 + more, agent, OFFICE, method=method)
            for each in (1, 4, 6)
            for method, agent, more in (("HEAD", "", 0.0), ("GET", EDGE, 0.3))
        ],
    )
    yield _machine(
        "two engines open all",
        [
            *_series(every, _after(rng, LINKS, 0.2, 0.6), EDGE, OFFICE),
            *_series(every, _after(rng, LINKS, 0.2, 0.6, 45), FIREFOX, OFFICE),
        ],
    )
    yield _machine(
        "the hidden link among others",
        [
            *_series((0, 3, 5), (1, 9, 20), EDGE, OFFICE),
            _get(HONEYPOT, 33, EDGE, OFFICE),
        ],
    )
    yield _machine(
        "the hidden link first, the rest four minutes later",
        [
            _get(HONEYPOT, 1, EDGE, OFFICE),
            *_series((2, 8), (240, 251), EDGE, OFFICE),
        ],
    )
    yield _machine(
        "ten of them in twelve seconds", _series(rng.sample(every, 10), _after(rng, 10, 0.6, 1.9), EDGE, OFFICE)
    )
    yield _machine(
        "two workers in parallel",
        [
            *_series(range(0, LINKS, 2), _after(rng, 7, 0.8, 1.4), EDGE, OFFICE),
            *_series(range(1, LINKS, 2), _after(rng, 7, 0.8, 1.4, 2.3), EDGE, OFFICE),
        ],
    )
    yield _machine("all, with a pause of five seconds", _series(every, (each * 5.0 for each in every), EDGE, OFFICE))
    yield _machine(
        "prerender by the mail program",
        [
            _get(0, 2, PHONE, JIO, headers={**SCRIPTED, "sec-purpose": "prefetch;prerender"}),
        ],
    )
    yield _machine(
        "prefetch by a private proxy",
        [
            _get(0, 2, PHONE, JIO, headers={"sec-purpose": "prefetch;anonymous-client-ip"}),
        ],
    )
    yield _machine(
        "a monitor, every five minutes", _series([0] * 12, (each * 300.0 for each in range(12)), LINUX, HOME)
    )
    yield _machine("links of a short email at once", _series(range(4), (1, 1.2, 1.5, 1.9), EDGE, OFFICE), 4)


def first_people() -> Iterator[Pattern]:
    rng = random.Random(202)
    every = range(LINKS)
    one = {
        "a phone of Jio": (PHONE, JIO, READS_HINDI),
        "a phone of Jio, IPv6": (PHONE, JIO_2, READS_HINDI),
        "Gmail's own browser": (WEBVIEW, AIRTEL, {**READS_HINDI, "x-requested-with": "com.google.android.gm"}),
        "Yahoo Mail's own browser": (WEBVIEW, VODAFONE, {"x-requested-with": "com.yahoo.mobile.client.android.mail"}),
        "Outlook on a phone": (IPHONE, AIRTEL, IN_INDIA),
        "an old Android": (
            "Mozilla/5.0 (Linux; U; Android 4.4.2; hi-in; Micromax A106) AppleWebKit/534.30 (KHTML, like Gecko) "
            "Version/4.0 Mobile Safari/534.30",
            BSNL,
            {},
        ),
        "Samsung": (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
            "Chrome/130.0.0.0 Mobile Safari/537.36",
            AIRTEL,
            READS_HINDI,
        ),
        "Brave": (PHONE, HOME, {**IN_INDIA, "sec-gpc": "1"}),
        "Firefox Focus": ("Mozilla/5.0 (Android 14; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", JIO, {"dnt": "1"}),
        "DuckDuckGo": (PHONE + " Ddg/18.6", JIO, {}),
        "a Mac behind Private Relay": (SAFARI, "172.224.240.14", {"accept-language": "hi-IN,hi;q=0.9"}),
        "an iPhone behind Private Relay": (IPHONE, "104.28.45.12", {"accept-language": "en-IN,en;q=0.9"}),
        "WARP": (PHONE, "104.28.229.6", READS_HINDI),
        "a VPN, in Hindi": (PHONE, "89.187.163.20", READS_HINDI),
        "Tor": (
            "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
            "185.220.101.40",
            {"accept-language": "en-US,en;q=0.5", "sec-fetch-user": "?1", "sec-fetch-mode": "navigate"},
        ),
        "Zscaler": (EDGE, "165.225.120.44", IN_INDIA),
        "Netskope": (EDGE, "163.116.206.31", IN_INDIA),
        "a desktop in Azure": (EDGE, "20.204.13.70", IN_INDIA),
        "a desktop in AWS": (FIREFOX, "13.233.44.9", READS_HINDI),
        "Opera Mini": (
            "Opera/9.80 (Android; Opera Mini/77.0.2254/191.303; U; hi) Presto/2.12.423 Version/12.16",
            "82.145.211.9",
            {},
        ),
        "UC": (
            "Mozilla/5.0 (Linux; U; Android 9; hi; vivo 1906) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
            "Chrome/100.0.4896.58 UCBrowser/13.7.8.1319 Mobile Safari/537.36",
            BSNL,
            {},
        ),
        "KaiOS": ("Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.1", JIO, {}),
        "a Chromebook": (_chrome(system="X11; CrOS x86_64 14541.0.0"), HOME, IN_INDIA),
        "a television": (_chrome(94, "Linux; Android 11; BRAVIA 4K GB"), HOME, {}),
        "w3m": ("w3m/0.5.3+git20230718", HOME, {}),
        "Telegram's own browser": (WEBVIEW + " Telegram-Android/11.5.3", AIRTEL, READS_HINDI),
        "Windows 7": (_chrome(109, "Windows NT 6.1; Win64; x64"), OFFICE, IN_INDIA),
    }
    for name, (agent, address, headers) in one.items():
        yield _person(name, [_get(0, 95, agent, address, headers=headers)])
    yield _person("a double tap", _series((1, 1), (40, 40.35), PHONE, JIO))
    yield _person("an impatient finger", _series((1, 1, 1, 1), (40, 41.1, 42.0, 44.6), PHONE, JIO))
    yield _person("reloads of a slow page", _series([3] * 6, (10, 18, 21, 33, 60, 64), PHONE, BSNL))
    yield _person("back and on", _series((0, 0, 2, 2, 5), (10, 31, 50, 52, 130), PHONE, AIRTEL))
    yield _person("six stories at breakfast", _series(range(6), _after(rng, 6, 25, 90), IPHONE, AIRTEL))
    yield _person("all of them, read", _series(every, _after(rng, LINKS, 20, 160), FIREFOX, HOME))
    yield _person("the desk opens nine tabs", _series(range(9), _after(rng, 9, 2.2, 6.5), EDGE, OFFICE))
    yield _person("the desk opens twelve in forty minutes", _series(range(12), _after(rng, 12, 30, 400), EDGE, OFFICE))
    yield _person("tabs by keyboard", _series((0, 1, 3, 4, 8), (5, 5.9, 7.4, 8.2, 9.9), FIREFOX, OFFICE))
    yield _person("tabs by the wheel", _series((2, 3, 4, 6, 9, 11), (5, 6.3, 7.2, 9, 9.9, 12), FIREFOX, HOME))
    yield _person("a screen reader", _series((0, 1, 2, 3), (60, 210, 395, 700), FIREFOX, HOME))
    yield _person("every story of a short email", _series(range(5), (20, 63, 130, 190, 300), PHONE, JIO), 5)
    yield _person("an advertisement, three times a day", _series(["ad"] * 3, (0, 14_000, 39_000), PHONE, JIO))
    yield _person(
        "a school's class on one story",
        _series(
            [4] * 18,
            sorted(rng.uniform(0, 40) for _ in range(18)),
            _chrome(),
            SCHOOL,
        ),
    )
    yield _person(
        "a mobile network's forty readers",
        _series(
            [rng.choice((0, 0, 0, 0, 1, 1, 2, 3, 5, 8, 12)) for _ in range(40)],
            sorted(rng.uniform(0, 420) for _ in range(40)),
            PHONE,
            JIO,
        ),
    )
    yield _person(
        "a newsroom of ten on one line",
        _series(
            [rng.randrange(LINKS) for _ in range(20)],
            sorted(rng.uniform(0, 900) for _ in range(20)),
            EDGE,
            OFFICE,
        ),
    )
    yield _person("two colleagues in the same second", _series((0, 7), (50, 50.3), EDGE, OFFICE))
    yield (
        "fetched in advance, then opened",
        LINKS,
        [
            _get(0, 40, PHONE, JIO, headers={**READS_HINDI, "sec-purpose": "prefetch"}),
            _get(0, 44, PHONE, JIO, headers=READS_HINDI),
        ],
        [True, False],
    )
    yield (
        "the appliance at five, the reader at nine",
        LINKS,
        [*_series(every, _after(rng, LINKS, 0.2, 0.5), _chrome(112), OFFICE), _get(3, 14_000, EDGE, OFFICE)],
        [True] * LINKS + [False],
    )
    yield (
        "Safe Links when clicked, then the reader",
        LINKS,
        [_get(3, 100, EDGE, "40.94.28.91", headers=SCRIPTED), _get(3, 101.2, EDGE, OFFICE, headers=IN_INDIA)],
        [True, False],
    )
    yield (
        "a preview for the family group, then three of the family",
        LINKS,
        [
            _get(3, 5, "WhatsApp/2.25.33.77 A", JIO),
            _get(3, 30, PHONE, AIRTEL),
            _get(3, 44, IPHONE, HOME),
            _get(3, 300, PHONE, BSNL),
        ],
        [True, False, False, False],
    )
    yield _person("yesterday's email at night", _series((2, 6), (61_000, 61_200), IPHONE, JIO_2))
    yield _person("a train without a network", _series([1] * 5, (5, 12, 13.4, 40, 75), PHONE, VODAFONE))


def second_machines() -> Iterator[Pattern]:
    rng = random.Random(303)
    every = range(LINKS)
    one = {
        "Linode": (LINUX, "172.105.40.9", SCRIPTED),
        "Vultr": (LINUX, "149.28.131.7", SCRIPTED),
        "Oracle": (LINUX, "129.146.77.3", SCRIPTED),
        "Hetzner, IPv6": (LINUX, "2a01:4f8:c2c:11::1", SCRIPTED),
        "OVH, IPv6": (LINUX, "2001:41d0:8:aa::1", SCRIPTED),
        "Tencent": (IPHONE, "43.130.9.12", {"accept-language": "zh-CN,zh;q=0.9"}),
        "Huawei": (LINUX, "159.138.84.6", SCRIPTED),
        "Contabo": (FIREFOX, "161.97.101.8", SCRIPTED),
        "IONOS": (FIREFOX, "82.165.9.4", SCRIPTED),
        "Scaleway": (LINUX, "51.159.70.2", SCRIPTED),
        "DigitalOcean in Bengaluru": (_chrome(), "139.59.11.8", SCRIPTED),
        "Amazon in Mumbai": (_chrome(), "13.232.8.90", SCRIPTED),
        "Amazon in Mumbai, IPv6": (_chrome(), "2406:da1a:8e8:e863::9", SCRIPTED),
        "Azure in Pune, IPv6": (EDGE, "2603:1040:a06:1::2", SCRIPTED),
        "Google Cloud in Mumbai": (_chrome(), "34.100.151.7", SCRIPTED),
        "Hornetsecurity": (_chrome(104), "83.246.65.20", SCRIPTED),
        "Cloudmark in a cloud": (_chrome(90), "52.204.7.61", {}),
        "Semrush": ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", "185.191.171.4", {}),
        "Petal": (
            PHONE + " (compatible;PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
            "114.119.130.2",
            {},
        ),
        "Common Crawl": ("CCBot/2.0 (https://commoncrawl.org/faq/)", "18.97.14.80", {}),
        "Yandex": ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "5.255.231.9", {}),
        "Baidu": ("Mozilla/5.0 (compatible; Baiduspider/2.0)", "116.179.32.5", {}),
        "Apple's crawler": (SAFARI + " (Applebot/0.1; +http://www.apple.com/go/applebot)", "17.241.75.9", {}),
        "Snapchat's preview": (
            "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
            OFFICE,
            {},
        ),
        "Reddit": ("redditbot/1.0", OFFICE, {}),
        "Mattermost": ("Mattermost-Bot/1.1", OFFICE, {}),
        "Feedly": ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)", OFFICE, {}),
        "Ruby": ("rest-client/2.1.0 (linux x86_64) ruby/3.2.3p157", OFFICE, {}),
        "HTTrack": ("Mozilla/4.5 (compatible; HTTrack 3.0x; Windows 98)", OFFICE, {}),
        "Xenu": ("Xenu Link Sleuth/1.3.8", OFFICE, {}),
        "a link checker": ("W3C-checklink/4.81 libwww-perl/6.67", OFFICE, {}),
        "PowerShell": ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-IN) WindowsPowerShell/5.1.22621", OFFICE, {}),
        "Electron": (_chrome() + " Electron/31.0 Playwright/1.48", OFFICE, {}),
        "no name at all": ("", OFFICE, {}),
    }
    for name, (agent, address, headers) in one.items():
        yield _machine(name, [_get(5, 1.2, agent, address, headers=headers)])
    yield _machine("a script that posts", [_get(3, 2, _chrome(), OFFICE, method="POST")])
    yield _machine("HEAD of five", [_get(each, each * 0.9, EDGE, OFFICE, method="HEAD") for each in range(5)])
    yield _machine("purpose of an older Chrome", [_get(0, 2, PHONE, JIO, headers={"purpose": "prefetch"})])
    yield _machine("preview by long press", [_get(0, 2, IPHONE, JIO, headers={"x-purpose": "preview"})])
    yield _machine(
        "bursts of four",
        _series(
            every,
            [burst * 4.0 + step * 0.15 for burst in range(4) for step in range(4)][:LINKS],
            EDGE,
            OFFICE,
        ),
    )
    yield _machine("from the last to the first", _series(reversed(every), _after(rng, LINKS, 0.5, 1.2), EDGE, OFFICE))
    yield _machine("twelve in half a minute", _series(rng.sample(every, 12), _after(rng, 12, 1.0, 3.2), EDGE, OFFICE))
    yield _machine(
        "again on the next day",
        [
            *_series(every, _after(rng, LINKS, 0.2, 0.9), EDGE, OFFICE),
            *_series(every, _after(rng, LINKS, 0.2, 0.9, 86_000), EDGE, OFFICE),
        ],
    )
    yield _machine(
        "one of Azure's addresses for each",
        [_get(each, each * 2.5, EDGE, f"40.94.{20 + each}.{60 + each}") for each in every],
    )
    yield _machine("three at once", _series((1, 6, 9), (8, 8.1, 8.2), EDGE, OFFICE))
    yield _machine("seven in six seconds", _series(rng.sample(every, 7), _after(rng, 7, 0.5, 0.69), EDGE, OFFICE))
    yield _machine("all, like a hand that never rests", _series(every, _after(rng, LINKS, 1.0, 8.0), EDGE, OFFICE))
    yield _machine(
        "every 45 seconds", _series(every, (each * 45.0 + rng.uniform(0, 0.8) for each in every), EDGE, OFFICE)
    )
    yield _machine(
        "the hidden link by another program of the gateway",
        [
            _get(HONEYPOT, 10, "Go-http-client/1.1", OFFICE),
            *_series((2, 5), (12, 16), EDGE, OFFICE),
        ],
    )
    yield _machine("one link, sixty times in a minute", _series([2] * 60, _after(rng, 60, 0.2, 0.9), LINUX, HOME))
    yield _machine("a short email, all of it, at once", _series(range(6), _after(rng, 6, 0.3, 0.6), EDGE, OFFICE), 6)


def second_people() -> Iterator[Pattern]:
    rng = random.Random(404)
    every = range(LINKS)
    android = "Mozilla/5.0 (Linux; Android 13; {}) AppleWebKit/537.36 (KHTML, like Gecko) {} Mobile Safari/537.36{}"
    one = {
        "Vivaldi": (_chrome() + " Vivaldi/7.5", HOME, IN_INDIA),
        "Opera": (_chrome() + " OPR/124.0.0.0", HOME, IN_INDIA),
        "Opera's VPN": (_chrome() + " OPR/124.0.0.0", "77.111.245.11", READS_HINDI),
        "Edge on a phone": (PHONE + " EdgA/143.0.0.0", AIRTEL, READS_HINDI),
        "Firefox on an iPhone": (IPHONE.replace("Version/26.0", "FxiOS/145.0"), AIRTEL, IN_INDIA),
        "Chrome on an iPhone": (IPHONE.replace("Version/26.0", "CriOS/143.0.7499.38"), AIRTEL, IN_INDIA),
        "Google's app": (IPHONE.replace("Version/26.0", "GSA/395.0"), AIRTEL, IN_INDIA),
        "Instagram": (android.format("CPH2387", "Version/4.0 Chrome/141.0", " Instagram 405.0.0.46 Android"), JIO, {}),
        "LinkedIn": (IPHONE + " [LinkedInApp]/9.31", AIRTEL, {}),
        "X": (IPHONE.replace("Version/26.0 ", "") + " Twitter for iPhone/11.40", AIRTEL, {}),
        "Snapchat": (IPHONE + " Snapchat/13.20 (like Safari/8616.2.9)", JIO, {}),
        "Xiaomi": (android.format("Redmi Note 12", "Version/4.0 Chrome/122.0", " XiaoMi/MiuiBrowser/14.5"), JIO, {}),
        "Vivo": (android.format("V2134", "Version/4.0 Chrome/109.0 VivoBrowser/14.1", ""), BSNL, {}),
        "Oppo": (android.format("CPH2269", "Version/4.0 Chrome/115.0 HeyTapBrowser/45.10", ""), VODAFONE, {}),
        "Huawei": (android.format("JKM-LX1", "HuaweiBrowser/15.0 Chrome/114.0", ""), AIRTEL, {}),
        "Silk, from Amazon": (
            android.format("KFTRWI", "Silk/131.3.5 like Chrome/131.0", "") + " Silk-Accelerated=true",
            "44.234.9.1",
            {},
        ),
        "Puffin, from Amazon": (android.format("RMX2020", "Chrome/79.0", " Puffin/10.4.0.51691AP"), "52.39.7.7", {}),
        "JioPages": (android.format("JioPhone Next", "Chrome/116.0 JioPages/5.0", ""), JIO, READS_HINDI),
        "a Nokia with keys": (
            "NokiaC2-01/5.0 (11.40) Profile/MIDP-2.1 Configuration/CLDC-1.1 Mozilla/5.0 AppleWebKit/420+ "
            "(KHTML, like Gecko) Safari/420+",
            BSNL,
            {},
        ),
        "a Samsung with keys": ("SAMSUNG-GT-E2252/E2252DDLD1 Dolfin/2.0 SMM-MMS/1.2.0 profile/MIDP-2.1", BSNL, {}),
        "Internet Explorer 11": ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", OFFICE, {}),
        "GNOME Web": (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            HOME,
            IN_INDIA,
        ),
        "a PlayStation": (
            "Mozilla/5.0 (PlayStation; PlayStation 5/9.60) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            HOME,
            {},
        ),
        "Tizen": ("Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 Chrome/94.0 TV Safari/537.36", HOME, {}),
        "Dillo": ("Dillo/3.1.1", HOME, {}),
        "Emacs": ("Emacs-W3M/1.4 w3m/0.5.3", HOME, {}),
        "a university": (FIREFOX, "14.139.82.6", READS_ENGLISH),
        "a family in New Jersey": (SAFARI, "73.198.12.40", READS_ENGLISH),
        "Dubai": (PHONE, "94.200.17.5", {"accept-language": "ar-AE,hi;q=0.8"}),
        "Starlink": (PHONE, "129.224.201.7", IN_INDIA),
        "a VPN at OVH, in Indian English": (FIREFOX, "51.79.44.3", IN_INDIA),
        "a VPN at Vultr, in Marathi": (PHONE, "139.84.130.8", {**READS_HINDI, "accept-language": "mr-IN,mr;q=0.9"}),
        "a desktop in Google's cloud": (LINUX, "34.93.200.8", READS_HINDI),
        "webmail that names itself": (FIREFOX, OFFICE, {**IN_INDIA, "referer": "https://webmail.example.com/"}),
    }
    for name, (agent, address, headers) in one.items():
        yield _person(name, [_get(1, 420, agent, address, headers=headers)])
    yield _person("three taps on a slow phone", _series((6, 6, 6), (9, 9.2, 9.9), PHONE, BSNL))
    yield _person(
        "seven tabs by the wheel, quickly",
        _series(
            (0, 1, 2, 4, 5, 6, 8),
            (4, 4.9, 6.1, 7.0, 8.3, 9.2, 10.6),
            FIREFOX,
            HOME,
        ),
    )
    yield _person("four tabs by a long press", _series((0, 3, 4, 9), (12, 14.5, 16.6, 20.1), PHONE, JIO))
    yield _person(
        "ten tabs with a coffee between",
        _series(
            range(10),
            [3, 5.1, 8.4, 10, 13.2, 190, 193.5, 196, 199.2, 203],
            EDGE,
            OFFICE,
        ),
    )
    yield _person("the whole email, skimmed", _series(every, _after(rng, LINKS, 7, 45), IPHONE, JIO))
    yield _person(
        "half before work, half after",
        _series(range(8), [*_after(rng, 4, 30, 90), *_after(rng, 4, 30, 90, 36_000)], PHONE, AIRTEL),
    )
    yield _person(
        "a hostel at seven",
        _series(
            [rng.choice((0, 0, 0, 1, 1, 2, 3, 4, 6, 7, 9, 11)) for _ in range(60)],
            sorted(rng.uniform(0, 180) for _ in range(60)),
            PHONE,
            JIO,
        ),
    )
    yield _person(
        "a small office, nine people, nine stories",
        _series(
            rng.sample(every, 9),
            _after(rng, 9, 6, 60),
            EDGE,
            OFFICE,
        ),
    )
    yield _person(
        "a shared computer in a library",
        _series(
            [0, 2, 0, 5, 0, 3],
            _after(rng, 6, 200, 900),
            _chrome(109, "Windows NT 6.1"),
            SCHOOL,
        ),
    )
    yield _person("a reader who compares two stories", _series([1, 2, 1, 2, 1], (5, 26, 44, 60, 81), FIREFOX, HOME))
    yield _person("a reload every few minutes, by hand", _series([0] * 5, (0, 170, 420, 500, 910), FIREFOX, HOME))
    yield _person("the poll's story and the advertisement", _series(("ad", 3), (5, 6.1), PHONE, JIO))
    yield (
        "tabs, restored when the browser starts again",
        LINKS,
        [
            *_series((0, 4, 6, 9, 10), (5, 40, 99, 140, 200), EDGE, OFFICE),
            *_series((0, 4, 6, 9, 10), (30_000, 30_000.1, 30_000.2, 30_000.3, 30_000.4), EDGE, OFFICE),
        ],
        [False] * 5 + [True] * 5,
    )
    yield (
        "two gateways, then the reader after lunch",
        LINKS,
        [
            *_series(every, _after(rng, LINKS, 0.1, 0.5), _chrome(112), "209.222.82.30"),
            *_series(every, _after(rng, LINKS, 0.1, 0.5, 20), EDGE, "40.94.20.3"),
            *_series((2, 5), (20_000, 20_090), EDGE, OFFICE, headers=IN_INDIA),
        ],
        [True] * (2 * LINKS) + [False] * 2,
    )
    yield (
        "a reader, and the monitor of the same house",
        LINKS,
        [_get(0, 20, PHONE, HOME), _get(3, 60, PHONE, HOME), _get(0, 400, "Uptime-Kuma/1.23.16", HOME)],
        [False, False, True],
    )
    yield (
        "the hidden link by a gateway while the reader reads",
        LINKS,
        [_get(0, 20, PHONE, JIO), _get(HONEYPOT, 130, _chrome(112), OFFICE), _get(3, 300, PHONE, JIO)],
        [False, True, False],
    )


def third_machines() -> Iterator[Pattern]:
    rng = random.Random(505)
    every = range(LINKS)
    one = {
        "Safe Links in India": (EDGE, "52.172.33.8", SCRIPTED),
        "Safe Links in Singapore": (_chrome(131), "20.43.160.11", SCRIPTED),
        "Defender, in another region": (_chrome(125, "Macintosh; Intel Mac OS X 10_15_7"), "40.80.50.6", SCRIPTED),
        "Mimecast in South Africa": (_chrome(119), "41.74.201.14", SCRIPTED),
        "Mimecast's second block": (_chrome(119), "205.139.111.40", SCRIPTED),
        "Proofpoint's second block": (_chrome(121), "148.163.156.3", {}),
        "Proofpoint's third block": (_chrome(121), "205.220.178.9", {}),
        "Barracuda in Britain": (_chrome(117), "35.176.92.100", SCRIPTED),
        "Cisco's second block": (_chrome(96), "68.232.141.8", {}),
        "Trend Micro's second block": (FIREFOX, "216.104.10.7", {}),
        "Sophos in Ireland": (FIREFOX, "54.77.90.3", {}),
        "Check Point in a cloud": (_chrome(122), "3.252.11.9", SCRIPTED),
        "Perception Point in a cloud": (_chrome(124), "18.198.7.66", SCRIPTED),
        "Abnormal in a cloud": (_chrome(127), "44.226.1.80", SCRIPTED),
        "Cloudflare's email security": (_chrome(128), "34.160.111.2", SCRIPTED),
        "Google's sandbox": (_chrome(140), "74.125.212.5", SCRIPTED),
        "Zoho's scanner in a cloud": (_chrome(110), "35.200.180.9", SCRIPTED),
        "Rediff's scanner": ("Java/1.8.0_392", "119.252.147.10", {}),
        "a sandbox at Leaseweb": (LINUX, "95.211.44.90", SCRIPTED),
        "a sandbox at Hetzner": (_chrome(), "65.109.3.8", SCRIPTED),
        # Programs.
        "Thunderbird's preview": ("Mozilla/5.0 (X11; Linux x86_64) LinkPreview/1.0", HOME, {}),
        "Viber": ("Viber/1.0 LinkPreview", JIO, {}),
        "Teams": (
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
            OFFICE,
            {},
        ),
        "Twitter": ("Twitterbot/1.0", OFFICE, {}),
        "Facebook": (
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            OFFICE,
            {},
        ),
        "Anthropic": ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0)", "3.15.9.9", {}),
        "Perplexity": ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0)", OFFICE, {}),
        "Mediapartners": ("Mediapartners-Google", "66.249.90.7", {}),
        "PHP": ("GuzzleHttp/7", OFFICE, {}),
        "Rust": ("reqwest/0.12.9", OFFICE, {}),
        "Dart": ("Dart/3.5 (dart:io)", OFFICE, {}),
        "C#": ("RestSharp/112.1.0.0", OFFICE, {}),
        "Perl": ("libwww-perl/6.77", OFFICE, {}),
        "Outlook's own check": (
            "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
            OFFICE,
            {},
        ),
        "a checker of broken links": ("Mozilla/5.0 (compatible; LinkChecker/10.4)", OFFICE, {}),
    }
    for name, (agent, address, headers) in one.items():
        yield _machine(name, [_get(7, 2.8, agent, address, headers=headers)])
    yield _machine("HEAD by a phone's mail program", [_get(0, 2, PHONE, JIO, method="HEAD")])
    yield _machine("PROPFIND", [_get(0, 2, "Microsoft-WebDAV-MiniRedir/10.0.22631", OFFICE, method="PROPFIND")])
    yield _machine(
        "prefetch, twice", [_get(each, 2 + each, PHONE, AIRTEL, headers={"sec-purpose": "prefetch"}) for each in (0, 1)]
    )
    yield _machine("all in ten seconds, as an iPhone", _series(every, _after(rng, LINKS, 0.4, 1.0), IPHONE, OFFICE))
    yield _machine("all at once, as Safari", _series(every, [1 + rng.uniform(0, 0.4) for _ in every], SAFARI, OFFICE))
    yield _machine(
        "three, and the hidden link last",
        [
            *_series((0, 1, 2), (1, 2.5, 4), SAFARI, OFFICE),
            _get(HONEYPOT, 5.5, SAFARI, OFFICE),
        ],
    )
    yield _machine("all, three seconds each", _series(every, _after(rng, LINKS, 2.8, 3.2), SAFARI, OFFICE))
    yield _machine(
        "thirteen of fourteen, shuffled", _series(rng.sample(every, 13), _after(rng, 13, 0.3, 2.5), FIREFOX, OFFICE)
    )
    yield _machine(
        "all twice in two minutes", _series([*every, *every], _after(rng, 2 * LINKS, 2.0, 5.0), FIREFOX, OFFICE)
    )
    yield _machine("four links in one second", _series((3, 5, 8, 11), (6, 6.25, 6.5, 6.8), FIREFOX, OFFICE))
    yield _machine("five links, one each second", _series((1, 2, 3, 4, 5), (1, 2, 3, 4, 5), FIREFOX, OFFICE))
    yield _machine("a cron job, each hour", _series([1] * 10, (each * 3600.0 for each in range(10)), FIREFOX, HOME))
    yield _machine("all links of forty", _series(range(40), _after(rng, 40, 0.2, 1.5), EDGE, OFFICE), 40)
    yield _machine(
        "a dozen of forty, quickly", _series(rng.sample(range(40), 12), _after(rng, 12, 0.3, 1.5), EDGE, OFFICE), 40
    )
    yield _machine(
        "all, through a pool of an operator's addresses",
        [_get(each, 1 + each * 0.8, EDGE, f"103.21.58.{10 + each}") for each in every],
    )
