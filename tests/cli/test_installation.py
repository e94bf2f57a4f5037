"""`digest doctor` without a file, and `digest check --launch`, against a DNS server on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from digest.mail.dns.dkim import public_key
from digest.web.consent import consent_wording
from tests.cli.newsroom import NOW, Newsroom
from tests.deliver.test_dkim import PEM
from tests.support.dns_server import DnsServer, txt
from tests.support.http_server import HttpServer
from tests.support.resend_server import KEY as RESEND_KEY
from tests.support.resend_server import ResendServer
from tests.support.sendgrid_server import KEY, SendGridServer
from tests.support.ses_server import KEY as SES_KEY
from tests.support.ses_server import SECRET as SES_SECRET
from tests.support.ses_server import SesServer
from tests.support.smtp_server import RecordingSmtp

DOMAIN = "khabar.in"
ZONE: Mapping[tuple[str, str], Sequence[str]] = {
    (DOMAIN, "MX"): [f"10 mx.{DOMAIN}."],
    (f"_dmarc.{DOMAIN}", "TXT"): [txt(f"v=DMARC1; p=none; rua=mailto:d@{DOMAIN}")],
    (f"bounce.{DOMAIN}", "MX"): [f"10 mx.{DOMAIN}."],
    (f"bounce.{DOMAIN}", "TXT"): [txt("v=spf1 ip4:192.0.2.1 ~all")],
    (f"s1._domainkey.{DOMAIN}", "TXT"): [txt(f"v=DKIM1; k=rsa; p={public_key(PEM)}")],
}


@pytest.fixture
def smtp_newsroom(newsroom: Newsroom) -> Newsroom:
    """A newsroom that signs by itself. Its server and its time server do not answer."""
    (newsroom.home / "dkim.pem").write_bytes(PEM)
    (newsroom.home / "dkim.pem").chmod(0o600)
    newsroom.environment = {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": "1",
        "DIGEST_DELIVERY__SMTP__BOUNCES": f"bounces@bounce.{DOMAIN}",
        "DIGEST_DELIVERY__SMTP__DKIM": f"{{domain: {DOMAIN}, selector: s1, key_file: dkim.pem}}",
        "DIGEST_NEWSLETTER__SENDER__EMAIL": f"news@{DOMAIN}",
        "DIGEST_NEWSLETTER__BASE_URL": "",
    }
    return newsroom


def doctor(newsroom: Newsroom, zone: Mapping[tuple[str, str], Sequence[str]], *more: str, **dns: Any) -> Any:
    """Run the doctor; return its document. Nothing answers at the time server."""
    with DnsServer(zone, **dns) as server:
        run = newsroom.digest("doctor", "--json", "--nameserver", server.address, "--ntp", "127.0.0.1:1", *more)
    assert run.code == (1 if run.json["errors"] else 0)
    return run.json


def of(document: Any, check: str) -> dict[str, str]:
    return {finding["level"]: finding["message"] for finding in document["findings"] if finding["check"] == check}


@pytest.mark.slow
def test_records_in_order_are_good(smtp_newsroom: Newsroom) -> None:
    with RecordingSmtp() as server:
        smtp_newsroom.environment["DIGEST_DELIVERY__SMTP__PORT"] = str(server.port)
        found = doctor(smtp_newsroom, ZONE)
        assert found["errors"] == []
        assert set(of(found, "SPF")) == set(of(found, "DMARC")) == set(of(found, "alignment")) == {"good"}
        assert "s1._domainkey.khabar.in" in of(found, "DKIM")["good"]
        assert of(found, "bounce domain") == {"good": "bounce.khabar.in is received by mx.khabar.in"}
        assert of(found, "provider") == {"good": "smtp is ready to send"}
        assert not server.emails


@pytest.mark.slow
def test_missing_records_are_errors_with_the_record_to_publish(smtp_newsroom: Newsroom) -> None:
    found = doctor(smtp_newsroom, {(DOMAIN, "MX"): ZONE[DOMAIN, "MX"]})
    fixes = [finding["fix"] for finding in found["findings"] if finding["level"] == "error"]
    assert 'publish TXT bounce.khabar.in "v=spf1 ip4:ADDRESS-OF-THIS-SERVER ~all"' in fixes
    assert f'publish TXT s1._domainkey.khabar.in "v=DKIM1; k=rsa; p={public_key(PEM)}"' in fixes
    assert 'publish TXT _dmarc.khabar.in "v=DMARC1; p=none; rua=mailto:dmarc@khabar.in"' in fixes
    assert "nothing is aligned" in of(found, "alignment")["error"]
    assert "does not resolve" in of(found, "bounce domain")["error"]


def test_a_failing_dns_is_not_known_and_no_error(smtp_newsroom: Newsroom) -> None:
    names = [name for name, _kind in ZONE]
    found = doctor(smtp_newsroom, ZONE, broken=names)
    checks = {finding["check"] for finding in found["findings"] if finding["level"] == "unknown"}
    assert {"SPF", "DKIM", "DMARC", "alignment", "bounce domain"} <= checks
    assert not {"SPF", "DKIM", "DMARC", "alignment"} & {
        finding["check"] for finding in found["findings"] if finding["level"] == "error"
    }
    assert not any("has no" in message for message in found["unknown"])


def test_the_text_names_level_check_and_fix(smtp_newsroom: Newsroom) -> None:
    with DnsServer({}) as server:
        run = smtp_newsroom.digest("doctor", "--nameserver", server.address, "--ntp", "127.0.0.1:1")
    assert run.code == 1
    lines = run.out.splitlines()
    at = lines.index("error: DMARC: khabar.in has no DMARC record: Gmail refuses bulk email without it")
    assert lines[at + 1].startswith('    fix: publish TXT _dmarc.khabar.in "v=DMARC1;')
    assert any(line.startswith("not known: clock: no time server answered") for line in lines)
    assert any(line.startswith("error: provider: smtp") for line in lines)
    assert " errors, " in lines[-1]


def test_a_server_that_signs_by_itself_needs_a_selector(smtp_newsroom: Newsroom) -> None:
    del smtp_newsroom.environment["DIGEST_DELIVERY__SMTP__DKIM"]
    assert "not known which key smtp signs with" in of(doctor(smtp_newsroom, ZONE), "DKIM")["unknown"]
    assert "s1._domainkey.khabar.in" in str(of(doctor(smtp_newsroom, ZONE, "--selector", "s1"), "DKIM"))


def test_ses_says_which_keys_it_signs_with(smtp_newsroom: Newsroom) -> None:
    zone = {**ZONE, (f"token2._domainkey.{DOMAIN}", "TXT"): ZONE[f"s1._domainkey.{DOMAIN}", "TXT"]}
    with SesServer() as ses:
        ses.ses.identities = {DOMAIN: True}
        smtp_newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "ses",
            "DIGEST_DELIVERY__SES__HOST": ses.url,
            "AWS_ACCESS_KEY_ID": SES_KEY,
            "AWS_SECRET_ACCESS_KEY": SES_SECRET,
        }
        assert "not known which key ses signs with" in of(doctor(smtp_newsroom, zone), "DKIM")["unknown"]
        assert "token2._domainkey" in of(doctor(smtp_newsroom, zone, "--selector", "token2"), "DKIM")["good"]
        ses.ses.tokens = ["token1", "token2"]
        found = doctor(smtp_newsroom, zone)
        assert f"token2._domainkey.{DOMAIN}" in of(found, "DKIM")["good"]
        assert set(of(found, "alignment")) == {"good"}
        del smtp_newsroom.environment["AWS_SECRET_ACCESS_KEY"]
        assert "not known" in of(doctor(smtp_newsroom, zone), "DKIM")["unknown"]


def test_the_selectors_of_providers_are_known(smtp_newsroom: Newsroom) -> None:
    zone = {
        **ZONE,
        (f"s2._domainkey.{DOMAIN}", "TXT"): ZONE[f"s1._domainkey.{DOMAIN}", "TXT"],
        (f"resend._domainkey.{DOMAIN}", "TXT"): [txt(f"p={public_key(PEM)}")],
        (f"send.{DOMAIN}", "MX"): ["10 feedback-smtp.ap-south-1.amazonses.com."],
        (f"send.{DOMAIN}", "TXT"): [txt("v=spf1 include:amazonses.com ~all")],
        ("amazonses.com", "TXT"): [txt("v=spf1 ip4:192.0.2.0/24 -all")],
    }
    with SendGridServer() as sendgrid, ResendServer() as resend:
        sendgrid.api.domains = {DOMAIN: True}
        resend.resend.domains = {DOMAIN: "verified"}
        smtp_newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid,resend",
            "DIGEST_DELIVERY__SENDGRID__HOST": sendgrid.url,
            "DIGEST_DELIVERY__RESEND__HOST": resend.url,
            "SENDGRID_API_KEY": KEY,
            "RESEND_API_KEY": RESEND_KEY,
        }
        found = doctor(smtp_newsroom, zone)
        keys = [finding["message"].split()[0] for finding in found["findings"] if finding["check"] == "DKIM"]
        assert keys == [f"{selector}._domainkey.{DOMAIN}" for selector in ("s1", "s2", "resend")]
        assert "send.khabar.in" in of(found, "SPF")["good"]
        assert {*of(found, "alignment")} == {"good"}
        sendgrid.api.scopes = {"mail.send"}
        found = doctor(smtp_newsroom, zone)
        assert "sendgrid: the key lacks mail.batch.create" in str(found["warnings"])
        assert not sendgrid.messages


def test_offline_asks_nobody(smtp_newsroom: Newsroom) -> None:
    with DnsServer({}) as server:
        found = smtp_newsroom.json("doctor", "--offline", "--nameserver", server.address)
    assert found["unknown"] == ["DNS, clock, pages, keys and webhook were not checked: --offline"]
    assert {finding["check"] for finding in found["findings"]} == {
        "network",
        "disk",
        "store",
        "files",
        "settings",
        "list",
    }


@pytest.mark.slow
def test_the_clock_is_compared_with_that_of_postgresql(newsroom: Newsroom, postgres_url: str) -> None:
    newsroom.environment["DIGEST_STORE__URL"] = postgres_url
    # The tests' server has synchronous_commit off.
    found = newsroom.json("doctor", "--offline", code=1)
    assert "within 5 seconds of PostgreSQL, whose time decides when emails go out" in found["good"]


def test_a_store_that_cannot_be_opened_does_not_hide_the_rest(newsroom: Newsroom) -> None:
    (newsroom.home / "digest.db").write_bytes(b"this is not a database, and long enough to be one" * 100)
    found = newsroom.json("doctor", "--offline", code=1)
    assert "digest.db" in of(found, "store")["error"]
    assert of(found, "disk")
    # `digest check` would only repeat the error.
    [fix] = [each["fix"] for each in found["findings"] if each["check"] == "store"]
    assert fix == "put the newest backup in its place with `digest store restore FILE`"


@pytest.mark.parametrize(
    "arguments",
    [("--key", "digest.yaml"), ("--nameserver", "dns.example"), ("digest.yaml", "--selector", "s1")],
)
def test_options_that_do_not_fit_are_refused(newsroom: Newsroom, arguments: tuple[str, ...]) -> None:
    assert newsroom.digest("doctor", *arguments).code == 2


def launch(newsroom: Newsroom, *arguments: str, code: int, **environment: str) -> dict[str, Any]:
    with DnsServer(ZONE) as server:
        document = newsroom.json(
            "check", "--launch", "--nameserver", server.address, *arguments, code=code, **environment
        )
    assert document["ready"] == (code == 0)
    return {item["name"]: item for item in document["items"]}


def test_a_new_folder_lacks_everything_and_each_line_says_what_to_do(newsroom: Newsroom) -> None:
    items = launch(newsroom, code=1)
    assert len(items) >= 9
    assert not any(item["ok"] for item in items.values())
    assert all(item["fix"] for item in items.values())
    out = newsroom.digest("check", "--launch").out
    assert "✗ postal address: newsletter.postal_address is the sample's\n    fix: set newsletter.postal_address" in out


@pytest.mark.slow
def test_a_folder_that_is_ready_passes(smtp_newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom = smtp_newsroom
    newsroom.edit_settings(", replay: true", "")
    newsroom.set_subscribers(f"email: seed@{DOMAIN}")
    with RecordingSmtp() as server, HttpServer() as site:
        site.route("/join", consent_wording("hi", "सुबह की ख़बरें"))
        newsroom.environment |= {
            "DIGEST_NOW": NOW,
            "DIGEST_DELIVERY__SMTP__PORT": str(server.port),
            "DIGEST_NEWSLETTER__BASE_URL": site.url().rstrip("/"),
            "DIGEST_NEWSLETTER__POSTAL_ADDRESS": "7 गांधी मार्ग, इंदौर 452001",
        }
        assert launch(newsroom, code=1)["test email"]["message"] == "no test was sent"
        # The samples are of that day.
        newsroom.edit_settings("window: 24h", "window: 366d")
        assert newsroom.digest("send", "--to", f"desk@{DOMAIN}").code == 0
        assert newsroom.digest("store", "backup", str(tmp_path / "copy.db")).code == 0
        items = launch(newsroom, "--seed", f"seed@{DOMAIN}", "--seed", "elsewhere@gmail.com", code=1)
        assert items["seed addresses"]["message"] == "not on the list, paused or suppressed: elsewhere@gmail.com"
        assert items["seed addresses"]["fix"] == "digest subscribers add elsewhere@gmail.com"
        assert items["alerts"]["message"] == "no alert goes out when something goes wrong"
        newsroom.environment["DIGEST_ALERTS__EMAIL"] = f"desk@{DOMAIN}"
        items = launch(newsroom, "--seed", f"seed@{DOMAIN}", code=1)
        assert items["alerts"]["message"] == f"go to desk@{DOMAIN}; no test was sent to all of them"
        assert newsroom.digest("alerts", "test").code == 0
        items = launch(newsroom, "--seed", f"seed@{DOMAIN}", code=0)
        assert items["alerts"]["message"] == f"go to desk@{DOMAIN}; a test was sent"
        # A new address needs a test of its own.
        items = launch(newsroom, code=1, DIGEST_ALERTS__EMAIL=f"desk@{DOMAIN},admin@{DOMAIN}")
        assert "no test was sent" in items["alerts"]["message"]
        assert items["test email"]["message"].startswith("sent to 1 by smtp at 2026-11-23 07:00")
        assert items["backup"]["message"] == "made at 2026-11-23 07:00"
        items = launch(newsroom, "--seed", f"seed@{DOMAIN}", code=1, DIGEST_NOW="2026-12-10T07:00+05:30")
        assert items["test email"]["message"] == "sent to 1 by smtp at 2026-11-23 07:00, more than 7 days ago"
        assert items["backup"]["message"] == "the last one is of 2026-11-23 07:00, more than 7 days ago"
        site.route("/join", "under construction")
        assert "does not show the consent text" in launch(newsroom, code=1)["join page"]["message"]
        site.route("/join", "", status=502)
        assert "is answered with 502" in launch(newsroom, code=1)["join page"]["message"]


def test_each_fault_of_the_dns_has_its_own_line_and_fix(smtp_newsroom: Newsroom) -> None:
    with DnsServer({(DOMAIN, "MX"): ZONE[DOMAIN, "MX"]}) as server:
        out = smtp_newsroom.digest("check", "--launch", "--nameserver", server.address).out
    lines = out.splitlines()
    at = lines.index("✗ DNS: DMARC: khabar.in has no DMARC record: Gmail refuses bulk email without it")
    assert lines[at + 1].startswith('    fix: publish TXT _dmarc.khabar.in "v=DMARC1;')
    assert sum(line.startswith("✗ DNS: ") for line in lines) == 5


def test_launch_refuses_what_it_does_not_use(newsroom: Newsroom) -> None:
    assert newsroom.digest("check", "--launch", "--offline").code == 2
    assert newsroom.digest("check", "--seed", "a@b.in").code == 2
    assert newsroom.digest("check", "--launch", "--seed", "nobody").code == 2


@pytest.mark.slow
def test_a_failed_test_is_not_recorded(smtp_newsroom: Newsroom) -> None:
    smtp_newsroom.environment["DIGEST_NOW"] = NOW
    assert smtp_newsroom.digest("send", "--to", f"desk@{DOMAIN}").code == 1
    assert launch(smtp_newsroom, code=1)["test email"]["message"] == "no test was sent"


def test_the_document_is_json_only(newsroom: Newsroom) -> None:
    run = newsroom.digest("check", "--launch", "--json")
    assert set(json.loads(run.out)) == {"ready", "items"}
