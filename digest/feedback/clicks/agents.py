"""Tables that identify machines: names of programs, and networks of data centres."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

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

# Networks in which scanners run and people do not browse: email gateways, and the large blocks of clouds. The list need
# not be complete, because it is one sign among several.
_NETWORKS = (
    # Microsoft 365, whose scanner opens links before delivery.
    "13.64.0.0/11", "20.33.0.0/16", "20.40.0.0/13", "20.64.0.0/10", "20.128.0.0/16", "20.160.0.0/12", "20.184.0.0/13",
    "20.192.0.0/10", "40.64.0.0/10", "51.103.0.0/16", "51.104.0.0/15", "51.132.0.0/16", "51.136.0.0/15",
    "52.96.0.0/12", "52.112.0.0/14", "52.120.0.0/14", "52.125.0.0/16", "52.126.0.0/15", "52.130.0.0/15",
    "52.132.0.0/14", "52.136.0.0/13", "52.145.0.0/16", "52.146.0.0/15", "52.148.0.0/14", "52.152.0.0/13",
    "52.160.0.0/11", "52.224.0.0/11", "65.52.0.0/14", "70.37.0.0/17", "94.245.64.0/18", "104.40.0.0/13",
    "104.47.0.0/16", "104.146.0.0/15", "104.208.0.0/13", "134.170.0.0/16", "137.116.0.0/15", "137.135.0.0/16",
    "138.91.0.0/16", "157.55.0.0/16", "157.56.0.0/14", "168.61.0.0/16", "168.62.0.0/15", "191.232.0.0/13",
    "207.46.0.0/16", "2603:1000::/24", "2a01:111::/32",
    # Gateways: Barracuda, Proofpoint, Mimecast, Symantec, Trend Micro, Cisco, Sophos, Forcepoint.
    "64.235.144.0/20", "209.222.80.0/21", "35.176.92.96/27", "67.231.144.0/20", "148.163.128.0/19", "185.132.180.0/22",
    "205.220.160.0/19", "91.220.42.0/24", "185.58.84.0/22", "195.130.217.0/24", "205.139.110.0/23", "207.211.30.0/23",
    "207.82.80.0/24", "67.219.240.0/20", "85.158.136.0/21", "117.120.16.0/21", "193.109.254.0/23", "194.106.220.0/23",
    "195.245.230.0/23", "216.82.240.0/20", "150.70.0.0/16", "216.104.0.0/19", "68.232.128.0/19", "216.71.128.0/19",
    "208.90.56.0/22", "85.115.32.0/19", "86.111.216.0/21",
    # Mimecast in Africa and Australia, Hornetsecurity, Trustwave, Fortinet.
    "41.74.192.0/20", "103.13.69.0/24", "124.47.150.0/24", "180.189.28.0/24", "83.246.65.0/24",
    "94.100.128.0/20", "185.140.204.0/22", "173.45.18.0/24", "204.13.200.0/22",
    "208.91.112.0/22", "154.52.0.0/19", "173.243.128.0/20",
    # Apple: previews and crawlers. The proxies of its readers (Private Relay) have addresses of other companies.
    "17.0.0.0/8", "2620:149::/32",
    # Google's crawlers, and Google Cloud.
    "66.249.64.0/19", "66.102.0.0/20", "72.14.192.0/18", "74.125.0.0/16", "209.85.128.0/17", "34.64.0.0/10",
    "34.128.0.0/10",
    "35.184.0.0/13", "35.192.0.0/12", "35.208.0.0/12", "35.224.0.0/12", "35.240.0.0/13", "104.154.0.0/15",
    "104.196.0.0/14", "130.211.0.0/16", "146.148.0.0/17", "2001:4860:4801::/48", "2600:1900::/28",
    # Amazon.
    "3.0.0.0/9", "3.128.0.0/9", "13.32.0.0/12", "13.48.0.0/13", "13.56.0.0/14", "13.112.0.0/14", "13.124.0.0/14",
    "13.200.0.0/13", "13.208.0.0/12", "13.224.0.0/12", "13.244.0.0/14", "15.152.0.0/13", "15.160.0.0/12",
    "15.184.0.0/13", "15.206.0.0/15", "15.220.0.0/14", "18.64.0.0/10", "18.128.0.0/9", "34.192.0.0/10",
    "35.72.0.0/13", "35.80.0.0/12", "35.152.0.0/13", "35.160.0.0/12", "35.176.0.0/13", "43.200.0.0/13",
    "43.204.0.0/14", "44.192.0.0/10", "50.16.0.0/14", "52.0.0.0/10", "52.64.0.0/12", "52.84.0.0/14", "52.88.0.0/13",
    "52.192.0.0/11", "54.64.0.0/10", "54.128.0.0/9", "98.80.0.0/12", "100.20.0.0/14", "100.24.0.0/13",
    "63.32.0.0/14", "65.0.0.0/14", "99.77.0.0/16", "107.20.0.0/14", "174.129.0.0/16",
    "184.72.0.0/15", "204.236.128.0/17", "2600:1f00::/24", "2406:da00::/24", "2a05:d000::/25",
    # Tencent, Huawei, IBM, Rackspace.
    "43.128.0.0/10", "49.51.0.0/16", "101.32.0.0/14", "119.28.0.0/15", "124.156.0.0/16", "129.226.0.0/16",
    "150.109.0.0/16", "162.62.0.0/16", "170.106.0.0/16", "110.238.64.0/18", "114.119.128.0/18", "119.8.0.0/16",
    "119.13.64.0/18", "159.138.0.0/16", "169.38.0.0/16", "169.44.0.0/14", "169.48.0.0/13", "169.56.0.0/14",
    "23.253.0.0/16", "104.130.0.0/16", "162.242.0.0/16",
    # Contabo, IONOS, Leaseweb, UpCloud, netcup, GoDaddy, Hostinger, DreamHost.
    "5.189.128.0/18", "38.242.192.0/18", "62.171.128.0/18", "75.119.128.0/19", "79.143.176.0/20", "109.199.96.0/19",
    "144.91.64.0/18", "154.12.224.0/19", "161.97.64.0/18", "164.68.96.0/19", "167.86.64.0/18", "173.212.192.0/18",
    "173.249.0.0/18", "194.163.128.0/18", "207.180.192.0/18", "213.136.64.0/19", "74.208.0.0/16", "82.165.0.0/16",
    "87.106.0.0/16", "212.227.0.0/16", "217.160.0.0/16", "85.17.0.0/16", "95.211.0.0/16", "178.162.128.0/17",
    "83.136.248.0/21", "94.237.0.0/17", "37.120.160.0/19", "46.38.224.0/19", "188.68.32.0/19", "50.62.0.0/16",
    "72.167.0.0/16", "132.148.0.0/16", "148.66.128.0/17", "160.153.0.0/16", "166.62.0.0/17", "184.168.0.0/16",
    "45.84.204.0/22", "153.92.0.0/20", "64.90.32.0/19", "67.205.0.0/18", "69.163.128.0/17", "173.236.128.0/17",
    # Hosting: DigitalOcean, Linode, Hetzner, OVH, Vultr, Oracle, Alibaba, Scaleway.
    "45.55.0.0/16", "46.101.0.0/16", "64.225.0.0/16", "64.227.0.0/16", "67.205.128.0/18", "68.183.0.0/16",
    "104.131.0.0/16", "104.236.0.0/16", "104.248.0.0/16", "128.199.0.0/16", "134.122.0.0/16", "134.209.0.0/16",
    "137.184.0.0/16", "138.68.0.0/16", "138.197.0.0/16", "139.59.0.0/16", "142.93.0.0/16", "143.110.0.0/16",
    "143.198.0.0/16", "143.244.128.0/17", "146.190.0.0/16", "147.182.0.0/16", "157.230.0.0/16", "157.245.0.0/16",
    "159.65.0.0/16", "159.89.0.0/16", "159.203.0.0/16", "159.223.0.0/16", "161.35.0.0/16", "164.90.0.0/16",
    "164.92.0.0/16", "165.22.0.0/16", "165.227.0.0/16", "165.232.0.0/16", "167.71.0.0/16", "167.99.0.0/16",
    "167.172.0.0/16", "170.64.0.0/16", "174.138.0.0/17", "178.62.0.0/16", "178.128.0.0/16", "188.166.0.0/16",
    "188.226.128.0/17", "192.241.128.0/17", "198.199.64.0/18", "206.81.0.0/19", "206.189.0.0/16", "207.154.192.0/18",
    "209.97.128.0/18", "45.33.0.0/17", "45.56.64.0/18", "45.79.0.0/16", "50.116.0.0/18", "66.175.208.0/20",
    "72.14.176.0/20", "96.126.96.0/19", "97.107.128.0/20", "139.144.0.0/16", "139.162.0.0/16", "143.42.0.0/16",
    "170.187.128.0/17", "172.104.0.0/15", "173.230.128.0/19", "173.255.192.0/18", "176.58.96.0/19",
    "178.79.128.0/18", "192.155.80.0/20", "194.195.208.0/20", "198.58.96.0/19", "5.9.0.0/16", "5.75.128.0/17",
    "46.4.0.0/16", "49.12.0.0/15", "65.108.0.0/15", "65.21.0.0/16", "78.46.0.0/15", "88.198.0.0/16", "88.99.0.0/16",
    "91.107.128.0/17", "94.130.0.0/16", "95.216.0.0/15", "116.202.0.0/15", "128.140.0.0/17", "135.181.0.0/16",
    "136.243.0.0/16", "138.201.0.0/16", "142.132.128.0/17", "144.76.0.0/16", "148.251.0.0/16", "157.90.0.0/16",
    "159.69.0.0/16", "162.55.0.0/16", "167.235.0.0/16", "168.119.0.0/16", "176.9.0.0/16", "178.63.0.0/16",
    "188.40.0.0/16", "195.201.0.0/16", "213.239.192.0/18", "2a01:4f8::/29", "37.187.0.0/16", "51.38.0.0/16",
    "51.68.0.0/16", "51.75.0.0/16", "51.77.0.0/16", "51.79.0.0/16", "51.81.0.0/16", "51.83.0.0/16", "51.89.0.0/16",
    "51.91.0.0/16", "51.161.0.0/16", "51.178.0.0/16", "51.195.0.0/16", "51.210.0.0/16", "51.222.0.0/16",
    "51.254.0.0/15", "54.36.0.0/14", "87.98.128.0/17", "91.121.0.0/16", "92.222.0.0/16", "135.125.0.0/16",
    "137.74.0.0/16", "139.99.0.0/16", "141.94.0.0/15", "142.44.128.0/17", "144.217.0.0/16", "145.239.0.0/16",
    "147.135.0.0/16", "149.202.0.0/16", "151.80.0.0/16", "158.69.0.0/16", "164.132.0.0/16", "167.114.0.0/16",
    "176.31.0.0/16", "178.32.0.0/15", "188.165.0.0/16", "192.95.0.0/18", "192.99.0.0/16", "193.70.0.0/17",
    "198.27.64.0/18", "198.50.128.0/17", "198.100.144.0/20", "198.244.128.0/17", "213.32.0.0/17", "213.186.32.0/19",
    "217.182.0.0/16", "2001:41d0::/32", "45.32.0.0/16", "45.63.0.0/17", "45.76.0.0/15", "64.176.0.0/16",
    "66.42.32.0/19", "95.179.128.0/17", "104.156.224.0/19", "104.207.128.0/19", "108.61.0.0/16", "136.244.64.0/18",
    "140.82.0.0/18", "144.202.0.0/16", "149.28.0.0/16", "155.138.128.0/17", "207.148.0.0/17", "207.246.64.0/18",
    "208.167.224.0/19", "209.250.224.0/19", "216.128.128.0/18", "129.146.0.0/16", "129.213.0.0/16", "130.61.0.0/16",
    "132.145.0.0/16", "140.238.0.0/16", "150.136.0.0/16", "152.67.0.0/16", "152.70.0.0/15", "158.101.0.0/16",
    "168.138.0.0/16", "193.122.0.0/15", "8.208.0.0/12", "47.74.0.0/15", "47.88.0.0/14", "47.236.0.0/14",
    "47.240.0.0/14", "47.250.0.0/15", "47.252.0.0/15", "47.254.0.0/16", "149.129.0.0/16", "161.117.0.0/16",
    "51.15.0.0/16", "51.158.0.0/15", "62.210.0.0/16", "163.172.0.0/16", "195.154.0.0/16", "212.47.224.0/19",
    "212.83.128.0/19", "212.129.0.0/18",
)  # fmt: skip


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


@lru_cache(maxsize=1)
def _networks() -> dict[int, dict[tuple[int, int], None]]:
    """IP version → (prefix length, network's leading bits)."""
    found: dict[int, dict[tuple[int, int], None]] = {4: {}, 6: {}}
    for text in _NETWORKS:
        network: IPv4Network | IPv6Network = ip_network(text)
        size = network.max_prefixlen - network.prefixlen
        found[network.version][network.prefixlen, int(network.network_address) >> size] = None
    return found


@lru_cache(maxsize=4096)
def is_data_centre(address: str) -> bool:
    """Whether an IP address belongs to a gateway, a cloud or a hosting company. False for invalid addresses."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(known, "ipv4_mapped", None)
    known = mapped or known
    networks, number, size = _networks()[known.version], int(known), known.max_prefixlen
    return any((length, number >> (size - length)) in networks for length in {length for length, _ in networks})
