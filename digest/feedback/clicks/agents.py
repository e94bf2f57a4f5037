"""Tables of the names of programs that identify machines."""

from __future__ import annotations

import re
from functools import lru_cache

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
