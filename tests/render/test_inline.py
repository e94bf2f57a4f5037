"""Inlining avoids each trap of premailer that would silently break a Hindi email."""

from __future__ import annotations

import html
import re
import socket
import threading
from collections.abc import Iterator

import pytest

from digest.errors import TemplateProblem
from digest.models import PLACEHOLDERS
from digest.render.inline_css import inline
from tests.support.tables import each_row

KEPT = """
:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){.i{color:#fff!important}}
[data-ogsc] .i{color:#fff!important}
u + .body .i{color:red!important}
.i:hover{color:blue !important}
"""
MSO = """<!--[if mso]><noscript><xml><o:AllowPNG/></xml></noscript>
<style>td{font-family:"Nirmala UI",sans-serif !important}</style><![endif]-->"""
GHOST = '<!--[if mso]><table width="600"><tr><td><![endif]-->'


def document(body: str, styles: str = ".i{color:#1d1a16}") -> str:
    return f"""<!DOCTYPE html>
<html lang="hi" dir="ltr"><head><meta charset="utf-8"><title>ख़बर</title>{MSO}<style>{styles}</style>
<style data-premailer="ignore">{KEPT}</style></head><body>{GHOST}{body}</body></html>"""


def test_rules_become_attributes_and_their_block_is_removed() -> None:
    out = inline(document('<p class="i">ख़बर</p>'))
    assert re.search(r'<p class="i" style="color:\s*#1d1a16">ख़बर</p>', out)
    assert out.count("<style") == 2, "the kept block and the one for Word"


def test_the_doctype_is_kept_at_the_start() -> None:
    assert inline(document("<p>क</p>")).startswith("<!DOCTYPE html>\n<html")


@pytest.mark.parametrize("start", ["<!doctype html>", "<!-- x --><!DOCTYPE html>", "", '<?xml version="1.0"?>'])
def test_another_doctype_is_rejected(start: str) -> None:
    with pytest.raises(TemplateProblem, match="must start with exactly <!DOCTYPE html>"):
        inline(document("<p>क</p>").replace("<!DOCTYPE html>", start, 1))


def test_the_kept_block_is_byte_equal_with_every_important() -> None:
    out = inline(document('<p class="i">क</p>'))
    assert f"<style>{KEPT}</style>" in out
    assert out.count("!important") == document("").count("!important")


def test_conditional_comments_are_byte_equal() -> None:
    out = inline(document("<p>क</p>"))
    assert MSO in out
    assert GHOST in out


def test_text_is_byte_equal() -> None:
    text = "ज़मीन क्‍ष क्‌ष श्री ‘उद्धरण’ — ₹1,20,000 १२३ 🙂 é"
    assert f"<p>{text}</p>" in inline(document(f"<p>{text}</p>"))


@each_row("tag", PLACEHOLDERS.values())
def test_placeholders_survive_in_text_and_links(tag: str) -> None:
    out = inline(
        document(f'<a href="https://x.example/leave/{tag}">{tag}</a><a href="mailto:d@x.example?s=%20{tag}">छोड़ें</a>')
    )
    assert f'href="https://x.example/leave/{tag}"' in out
    assert f">{tag}</a>" in out
    assert f"?s=%20{tag}" in out


def test_classes_stay_for_dark_mode() -> None:
    assert 'class="i"' in inline(document('<p class="i">क</p>'))


def test_an_attribute_equal_to_a_selector_does_not_crash() -> None:
    assert "क" in inline(document('<p style="color:red">क</p>', "p{color:blue}"))


@each_row(
    ("style", "kept"),
    [
        ("color:red;;", {"color": "red"}),
        ("COLOR : red ; margin:0", {"color": "red", "margin": "0"}),
        ("/* a;b:c */margin:0 0 6px", {"margin": "0 0 6px"}),
        ("mso-padding-alt:5px 16px;x", {"mso-padding-alt": "5px 16px"}),
        ("background:url(data:image/gif;base64,AA==);margin:0", {"background": "url(data:image/gif;base64,AA==)"}),
        ("font-family:'A;B',&quot;C:D&quot;;margin:0", {"font-family": "'A;B',\"C:D\"", "margin": "0"}),
        ("color:red;color:blue", {"color": "blue"}),
        ("color:red !important", {"color": "red !important"}),
        ('font-family:"never closed;color:red', {}),
    ],
)
def test_a_style_attribute_keeps_its_declarations(style: str, kept: dict[str, str]) -> None:
    page = inline(document(f'<p class="i" style="{style.replace(chr(34), "&quot;")}">क</p>', ".i{line-height:1.65}"))
    found = re.search(r"""<p class="i" style=(["'])(.*?)\1>""", page)
    assert found, page
    written = dict(part.split(":", 1) for part in re.split(r";(?=[-a-z]+:)", html.unescape(found[2])))
    assert kept.items() <= written.items()
    assert written["line-height"] == "1.65"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A server that records every connection."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    seen.append(connection.recv(1000))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], seen
        stop.set()
        thread.join()


@pytest.mark.parametrize("spelling", ['@import url("{}");', "@IMPORT '{}';", '@\\69mport "{}";'])
def test_imports_are_rejected_and_never_fetched(listener: tuple[int, list[bytes]], spelling: str) -> None:
    port, seen = listener
    sheet = spelling.format(f"http://127.0.0.1:{port}/x.css")
    with pytest.raises(TemplateProblem, match="@import"):
        inline(document("<p>क</p>", sheet))
    assert seen == []


def test_an_import_that_the_check_misses_is_not_fetched_either(listener: tuple[int, list[bytes]]) -> None:
    """premailer accepts a style element that is never closed."""
    port, seen = listener
    sheet = f"<style>@import url(http://127.0.0.1:{port}/x.css); .i{{color:red}}"
    out = inline(f'<!DOCTYPE html><html><body><p class="i">क</p>{sheet}')
    assert "color:red" in out.split("</p>")[0], "premailer did not read the sheet, so that nothing is proved"
    assert seen == []


def test_a_linked_sheet_is_never_fetched(listener: tuple[int, list[bytes]]) -> None:
    port, seen = listener
    inline(
        document(
            f'<link rel="stylesheet" href="http://127.0.0.1:{port}/x.css"><img src="http://127.0.0.1:{port}/i.png">'
        )
    )
    assert seen == []


def test_a_sheet_that_premailer_rejects_is_one_sentence() -> None:
    with pytest.raises(TemplateProblem, match="style sheet cannot be inlined"):
        inline(document('<a title="a,b">क</a>', 'a[title="a,b"]{color:red}'))


def test_inlining_is_thread_safe() -> None:
    from concurrent.futures import ThreadPoolExecutor

    page = document('<p class="i">क</p>' * 20)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(inline, [page] * 12))) == 1
