"""Distinguish clicks by people from clicks by machines.

Pure: it maps a sequence of requests to a verdict for each. Gateways open the links of an email before delivery, apps
draw previews of shared links, and browsers prefetch pages. There are two steps, so that addresses and user agents need
not be stored: `read_signs` examines one request, `classify_visits` all visits of one visitor.
People get the benefit of the doubt: several tabs opened at once, double taps, reloads, and many people behind one
address of a mobile network do not count as machines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from statistics import median

from digest.feedback.networks import is_data_centre
from digest.models import HONEYPOT

# Parts of user agents, in lower case. Most of them check the links of an email, or draw a preview of a shared link.
_NAMES = (
    # Gateways and virus scanners.
    "barracuda", "proofpoint", "mimecast", "messagelabs", "symantec", "trendmicro", "trend micro", "fireeye",
    "safelinks", "forcepoint", "zscaler", "cisco", "ironport", "sophos", "fortigate", "fortinet", "fortiguard",
    "paloalto", "palo alto", "websense", "bitdefender", "kaspersky", "mcafee", "checkpoint",
    "spamassassin", "rspamd", "virustotal", "urlscan", "phishtank", "netcraft", "vade", "antivirus", "urldefense",
    "ms-office", "microsoft office", "msoffice", "existence discovery", "google-safety", "safebrowsing",
    # Previews and crawlers.
    "facebookexternalhit", "facebookcatalog", "meta-external", "whatsapp/", "telegrambot", "skypeuripreview",
    "googleimageproxy", "google-read-aloud", "google-inspectiontool", "apis-google", "mediapartners-google",
    "feedfetcher", "bingpreview", "yahoo! slurp", "yahoomailproxy", "embedly", "iframely", "preview", "vkshare",
    "pinterest/0", "outbrain", "ia_archiver", "archive.org", "facebot", "bytespider", "gptbot", "chatgpt-user",
    "perplexity", "claude-user", "oai-search", "cloudflare-", "w3c_", "validator", "lighthouse", "pagespeed",
    # Monitors.
    "pingdom", "uptime", "statuscake", "site24x7", "datadog", "newrelic", "nagios", "check_http", "monitor",
    "zabbix", "prometheus", "blackbox",
    # Libraries and tools.
    "python", "urllib", "requests/", "aiohttp", "httpx", "scrapy", "go-http-client", "curl", "wget", "libwww",
    "lwp::", "perl/", "ruby", "faraday", "php/", "guzzle", "java/", "jakarta", "apache-httpclient", "okhttp",
    "node-fetch", "node.js", "undici", "axios", "got (", "superagent", "deno/", "dart/", "httpie", "postman",
    "insomnia", "cfnetwork", "dalvik/", "winhttp", "wininet", "winhttprequest", "powershell", "rest-client",
    "httpclient", "http-client", "http_request", "libfetch", "reqwest", "hyper/", "fasthttp", "colly",
    # Headless browsers.
    "headless", "phantomjs", "puppeteer", "playwright", "selenium", "webdriver", "cypress", "splash", "htmlunit",
    "electron-fetch", "jsdom", "slimerjs", "casperjs",
    # Words by which programs describe themselves as machines.
    "crawl", "spider", "scan", "fetch", "linkcheck", "link check", "link-check", "link sleuth", "httrack",
    "scraper", "slurp", "http://",
    "https://",
)  # fmt: skip
# A robot, and neither a phone of the brand Cubot nor a word such as "both".
_BOT = re.compile(r"(?<!cu)bot(?![a-z])|robot", re.I)
# Browsers have started their name with it since 1998. Machines often send nothing more.
_BARE = re.compile(r"mozilla/[0-9.]+(?: \((?:compatible)?;?[^a-z0-9]*\))?\s*", re.I)
_COMPATIBLE = re.compile(r"\(compatible;(?! msie)", re.I)
# One name and a version, as of a library: browsers also name the programs that they are compatible with.
_ONE_NAME = re.compile(r"(?!mozilla/|opera/)[a-z0-9_.#+-]+/[a-z0-9_.+-]+(?: \([^)]*\))?", re.I)
# Text browsers have short names and people who use them.
_TEXT_BROWSERS = re.compile(r"(?:lynx|links|elinks|w3m|emacs|dillo|netsurf)\b", re.I)
# Opera Mini and UC Browser ask for pages on a phone's behalf, from data centres.
_PROXIED = ("opera mini", "opera mobi", "ucbrowser", "ucweb", "puffin", "jiopages", "kaios", "silk-accelerated")


class MachineSign(StrEnum):
    """The sign of a machine in a request; HAND, the sign of a person; or NONE."""

    HEAD = "head"
    HONEYPOT = "honeypot"
    PREFETCH = "prefetch"
    AGENT = "agent"
    CENTRE = "centre"
    HAND = "hand"
    NONE = ""

    @property
    def is_machine(self) -> bool:
        return self not in (MachineSign.HAND, MachineSign.NONE)


# Seconds around a request for the hidden link, or a HEAD request, in which other requests are a machine's too: those of
# the same visitor; and those of other addresses, because a scanner may have many.
_AROUND_HONEYPOT, _AROUND_HEAD, _AROUND_BY_OTHERS = 600.0, 60.0, 20.0
# No person opens this many different links with less than this many seconds between them.
_RAPID = ((2, 0.05), (3, 0.35), (5, 0.7))
# If a visitor has more clicks than this, two close ones are a coincidence: many subscribers share the address.
_FEW_CLICKS = 8
# Nor requests one link this often in a row, with half of the gaps below this many seconds.
_HAMMERED, _HAMMER = 10, 0.5
# Only machines open this share of an email's links, or this many of them …
_MOST_LINKS, _MANY, _FEWEST = 0.55, 10, 6
# … if half of the gaps are at most this long, in seconds, …
_SCAN_GAP = 2.0
# … (this long if each click has the sign of a person, who then opens tabs one after the other) …
_SCAN_GAP_BY_HAND = 0.5
# … or nearly all of the links, within such gaps, or longer ones that are alike, or still longer ones that are equal.
_ALL_LINKS, _ALL_GAP, _STEADY_GAP, _STEADY, _EQUAL_GAP = 0.8, 5.0, 20.0, 0.25, 300.0
# A machine opens each link about once, or all links equally often. Several people behind one address do not.
_ONCE = 1.3
# This many requests for one link at equal intervals are a monitor; this many links at equal short intervals (seconds)
# are a script.
_REPEATS, _TICKS, _TICK = 5, 5, 5.0
# Intervals are equal if none differs more than this from the median.
_EQUAL = 0.03
# Seconds after which a visitor's next click begins another visit.
_VISIT = 1800.0


@dataclass(frozen=True, slots=True)
class ClickRequest:
    """A request for the target of a link."""

    # HONEYPOT for the hidden link.
    target: str
    at: datetime
    method: str = "GET"
    agent: str = ""
    # The client's IP address.
    address: str = ""
    # Names are in lower case. Nothing is concluded from a request without headers.
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkVisit:
    """The stored part of a request."""

    target: str
    at: datetime
    sign: MachineSign = MachineSign.NONE
    # Equal for visits of the same program at the same address.
    source: str = ""


def read_signs(request: ClickRequest) -> MachineSign:
    """Return the strongest sign of a machine in one request, else HAND if a person surely clicked, else NONE."""
    if request.method.upper() != "GET":
        return MachineSign.HEAD
    if request.target == HONEYPOT:
        return MachineSign.HONEYPOT
    headers = request.headers
    purposes = (headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    if any(word in value.lower() for value in purposes for word in ("prefetch", "preview", "prerender")):
        return MachineSign.PREFETCH
    if is_machine_agent(request.agent):
        return MachineSign.AGENT
    if is_data_centre(request.address) and not _is_person_in_data_centre(request):
        return MachineSign.CENTRE
    # Browsers say that a person followed a link, and from which site or app. Programs that drive a browser open
    # addresses, which come from nowhere.
    by_hand = headers.get("sec-fetch-user") == "?1" and bool(headers.get("referer"))
    return MachineSign.HAND if by_hand else MachineSign.NONE


def _is_person_in_data_centre(request: ClickRequest) -> bool:
    """Whether a request from a data centre may be a person's: by the proxy of a phone's browser, or by a VPN."""
    headers = request.headers
    if is_proxied(request.agent) or "x-operamini-phone-ua" in headers:
        return True
    languages = headers.get("accept-language", "").lower()
    by_hand = headers.get("sec-fetch-user") == "?1" or bool(headers.get("referer"))
    return by_hand and any(word in languages for word in ("hi", "-in"))


def classify_visits(visits: Sequence[LinkVisit], links: int) -> list[bool]:
    """Return for each visit whether a machine made it. The visits are those of one visitor or one recipient, in any
    order.

    `links` is the number of different links of the email.
    """
    order = sorted(range(len(visits)), key=lambda number: visits[number].at)
    ordered = [visits[number] for number in order]
    machine = [visit.sign.is_machine for visit in ordered]
    _spread_proof(ordered, machine)
    if _is_monitor(ordered):
        return [True] * len(visits)
    for start, end in _sittings(ordered):
        rest = [number for number in range(start, end) if not ordered[number].sign.is_machine]
        clicks = [ordered[number] for number in rest]
        for number, found in zip(rest, _judge_sitting(clicks, links), strict=True):
            machine[number] = machine[number] or found
    result = [False] * len(visits)
    for position, number in enumerate(order):
        result[number] = machine[position]
    return result


def _spread_proof(ordered: Sequence[LinkVisit], machine: list[bool]) -> None:
    """Mark visits around a request for the hidden link, or a HEAD request, as a machine's."""
    reaches = {MachineSign.HONEYPOT: (_AROUND_HONEYPOT, _AROUND_BY_OTHERS), MachineSign.HEAD: (_AROUND_HEAD, 0.0)}
    for proof in ordered:
        own, others = reaches.get(proof.sign, (0.0, 0.0))
        for number, visit in enumerate(ordered if own else ()):
            reach = own if visit.source == proof.source else others
            if reach and abs((visit.at - proof.at).total_seconds()) <= reach:
                machine[number] = True


def _sittings(ordered: Sequence[LinkVisit]) -> list[tuple[int, int]]:
    """Return the visits, as ranges: a break of half an hour begins a new one."""
    edges = [0]
    for number, (earlier, later) in enumerate(pairwise(ordered), start=1):
        if (later.at - earlier.at).total_seconds() > _VISIT:
            edges.append(number)
    edges.append(len(ordered))
    return [(start, end) for start, end in pairwise(edges) if end > start]


def _is_monitor(ordered: Sequence[LinkVisit]) -> bool:
    """Whether one link was requested repeatedly at equal intervals, such as once an hour."""
    gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(ordered)]
    return (
        len(ordered) >= _REPEATS and len({each.target for each in ordered}) == 1 and min(gaps) >= 1 and _is_clock(gaps)
    )


def _judge_sitting(clicks: Sequence[LinkVisit], links: int) -> list[bool]:
    if len(clicks) < 2:
        return [False] * len(clicks)
    gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(clicks)]
    if _is_scan(clicks, gaps, links) or _is_clockwork(clicks, gaps):
        return [True] * len(clicks)
    return _rapid(clicks, gaps)


def _is_scan(clicks: Sequence[LinkVisit], gaps: Sequence[float], links: int) -> bool:
    """Whether most links of the email were opened one after the other."""
    counts = Counter(click.target for click in clicks)
    different, share = len(counts), len(counts) / max(links, 1)
    if different < min(_FEWEST, max(links, 3)) or (share < _MOST_LINKS and different < _MANY):
        return False
    if len(clicks) > _ONCE * different and len(set(counts.values())) > 1:
        return False
    moving = [gap for gap, (one, next) in zip(gaps, pairwise(clicks), strict=True) if one.target != next.target]
    pace = median(moving)
    by_hand = all(click.sign is MachineSign.HAND for click in clicks)
    if pace <= (_SCAN_GAP_BY_HAND if by_hand else _SCAN_GAP):
        return True
    if by_hand or share < _ALL_LINKS:
        return False
    # A person who opens everything reads for different durations, and takes breaks.
    return pace <= _ALL_GAP or (pace <= _STEADY_GAP and _spread(moving) <= _STEADY) or _is_clock(moving, _EQUAL_GAP)


def _is_clockwork(clicks: Sequence[LinkVisit], gaps: Sequence[float]) -> bool:
    """Whether the visits follow a clock: one link repeatedly, or several links once each."""
    different = len({click.target for click in clicks})
    if different == 1:
        is_hammered = len(clicks) >= _HAMMERED and median(gaps) <= _HAMMER
        return is_hammered or (len(clicks) >= _REPEATS and min(gaps) >= 1 and _is_clock(gaps))
    return different == len(clicks) >= _TICKS and _is_clock(gaps, _TICK)


def _rapid(clicks: Sequence[LinkVisit], gaps: Sequence[float]) -> list[bool]:
    """Return the clicks on several links in faster succession than a person can make."""
    machine = [False] * len(clicks)
    for links, longest in _RAPID:
        if links == 2 and len(clicks) > _FEW_CLICKS:
            continue
        start = 0
        for end in range(1, len(clicks) + 1):
            if end < len(clicks) and gaps[end - 1] <= longest:
                continue
            if len({click.target for click in clicks[start:end]}) >= links:
                machine[start:end] = [True] * (end - start)
            start = end
    return machine


def _is_clock(gaps: Sequence[float], longest: float = float("inf")) -> bool:
    """Whether the gaps are equal, and not longer than that."""
    if len(gaps) < 3:
        return False
    middle = median(gaps)
    return 0 < middle <= longest and max(abs(gap - middle) for gap in gaps) <= _EQUAL * middle


def _spread(gaps: Sequence[float]) -> float:
    """Return the spread of the middle gaps, relative to their median. 0 for a clock."""
    if len(gaps) < 3:
        return 1.0
    middle = median(gaps)
    return median(abs(gap - middle) for gap in gaps) / middle if middle else 0.0


@lru_cache(maxsize=4096)
def is_machine_agent(agent: str) -> bool:
    """Whether a program of this name requests pages without a person reading them. An empty name counts."""
    name = agent.strip()
    if len(name) < 6 or _BARE.fullmatch(name):
        return not _TEXT_BROWSERS.match(name)
    if _TEXT_BROWSERS.match(name):
        return False
    low = name.lower()
    if is_proxied(name):
        return bool(_BOT.search(low))
    if _ONE_NAME.fullmatch(name):
        return True
    return bool(_BOT.search(low) or _COMPATIBLE.search(low)) or any(word in low for word in _NAMES)


def is_proxied(agent: str) -> bool:
    """Whether it is a phone's browser whose own servers request the pages."""
    low = agent.lower()
    return any(word in low for word in _PROXIED)
