"""Check a rendered email for errors that break it for recipients, and for blemishes. Opens no connection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from urllib.parse import quote, urlsplit

from digest.hindi import cut
from digest.mail.provider_tags import as_written
from digest.models import PLACEHOLDERS, Edition, RenderedEmail
from digest.render.inline_css import DOCTYPE
from digest.render.lint_tree import Element, LintFinding, MakeFinding, Tree, error, parse, warning
from digest.render.size_budget import CLIPPED, STOP, measure
from digest.render.themes import contrast

MAX_TABLE_DEPTH = 3
"""Levels of nested tables that Outlook and screen readers cope with."""

MAX_SUBJECT = 60
"""Grapheme clusters: a phone shows 26 to 38 of them, a wide window about 60."""

MIN_CONTRAST, UNREADABLE = 4.5, 2.5
"""WCAG 2 asks for 4.5 at normal text size. Text below 2.5 is unreadable."""

MAX_CSS = 16_384
"""Characters of `<style>` blocks. Gmail drops all of them beyond this (hteumeuleu/email-bugs issue 90)."""

MAX_IMAGE_BYTES = 300_000
"""Bytes of attached images. Every recipient downloads them, opened or not; base64 makes them 400 kB."""

_FORBIDDEN_ELEMENTS = {
    "script": "mail programs remove scripts, and spam filters distrust them",
    "form": "Gmail and Outlook break forms; link to a page instead",
    "input": "Gmail and Outlook break forms; link to a page instead",
    "iframe": "no mail program shows frames",
    "object": "no mail program shows objects",
    "embed": "no mail program shows objects",
    "link": "no mail program loads external style sheets",
    "video": "only Apple Mail plays it",
    "audio": "only Apple Mail plays it",
    "svg": "Gmail and Outlook do not show it",
    "base": "it breaks links in some mail programs",
}
_WEAK_STYLES = {
    "position": "Gmail, Outlook and Yahoo drop it",
    "float": "Outlook on Windows ignores it",
    "background-image": "Outlook on Windows shows no background image",
}
_WEAK_DISPLAY = frozenset({"flex", "grid", "inline-flex", "inline-grid"})
_PLACES = ("the editor's intro", "the text part")
_SCHEMES = ("in light mode", "in dark mode")

REASONS = (*dict.fromkeys((*_FORBIDDEN_ELEMENTS.values(), *_WEAK_STYLES.values())), *_PLACES, *_SCHEMES)
"""The values called `reason` in the findings: each is a message of its own."""

# The most links that one warning names.
_MAX_NAMED = 3
# Placeholders of Jinja and gettext, then merge tags of mailing services.
# The link with the token of the preferences, or an email that has the token of List-Unsubscribe.
_UNSUBSCRIBES = re.compile(f"{PLACEHOLDERS['unsubscribe']}|/leave/{PLACEHOLDERS['preferences']}")
_LEFTOVER = re.compile(
    r"\{\{|\}\}|\{%|%\}|%\([a-z_]{1,40}\)s"
    r"|\*\||\|\*|\[\[|\]\]|\$\{|<%|%>|\[%|%[a-z]{3,}(?:[_.][a-z]+)*%"
    r"|lorem ipsum",
    re.I,
)
_EMPTY_VALUES = frozenset({"None", "nan", "null", "NaN", "[]", "()"})
_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]{3,}(?![A-Za-z])[^A-Za-z]*(?<![A-Za-z])[A-Z]{3,}(?![A-Za-z])")

_HEX_COLOUR = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\Z")
_NAMED_COLOURS = {"black": "#000000", "white": "#ffffff"}
_DARK_MEDIA = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{((?:[^{}]|\{[^{}]*\})*)\}")
_CLASS_RULE = re.compile(r"\.([A-Za-z0-9_-]+)\s*\{([^{}]*)\}")
# Class name to property to value.
_ClassRules = Mapping[str, Mapping[str, str]]


def urls(email: RenderedEmail, base_url: str = "") -> list[str]:
    """Return the web addresses that the email links to, each once, without our own pages at `base_url`.

    Leaves out share links too, because an edition's page exists only after it was sent.
    """
    links = [element.attributes.get("href", "") for element in parse(email.html).all("a")] if email.html else []
    own = (*PLACEHOLDERS.values(), *((f"{base_url}/", quote(f"{base_url}/", safe="")) if base_url else ()))
    return [url for url in dict.fromkeys(links) if url.startswith("http") and not any(part in url for part in own)]


def check_texts(email: RenderedEmail, tree: Tree | None, edition: Edition | None) -> Iterator[LintFinding]:
    """Check subject, preheader, text part, and residue of templates. Without an `edition` residue is an error."""
    report: MakeFinding = warning if edition else error
    yield from _check_subject(email.subject)
    if not email.text.strip():
        yield error("text-part", "the text part is empty: mail programs without HTML would show nothing")
    elif "http" not in email.text and tree is not None:
        yield warning("text-part", "the text part links to no story")
    if edition:
        yield from _check_leftovers(_PLACES[0], edition.intro, error)
    yield from _check_leftovers(_PLACES[1], as_written(email.text), report)
    if tree is None:
        return
    for element in tree.elements:
        if element.tag in ("style", "script"):
            continue
        yield from _check_leftovers(f"<{element.tag}>", element.text, report)
        if element.text.strip() in _EMPTY_VALUES:
            shown = repr(element.text.strip())
            yield report("residue", "<%(tag)s> shows %(text)s: a value is missing", tag=element.tag, text=shown)
    yield from _check_preheader(email, tree)


def check_attached_images(tree: Tree | None, sizes: Mapping[str, int]) -> Iterator[LintFinding]:
    """Check the total size of the attached images that the email shows. `sizes` are bytes by Content-ID."""
    sources = {image.attributes.get("src", "") for image in tree.all("img")} if tree else set()
    total = sum(sizes.get(source.removeprefix("cid:"), 0) for source in sources if source.startswith("cid:"))
    if total > MAX_IMAGE_BYTES:
        yield warning(
            "size",
            "the attached images have %(total)s bytes; keep them below %(most)s",
            total=f"{total:,}",
            most=f"{MAX_IMAGE_BYTES:,}",
        )


def _check_subject(subject: str) -> Iterator[LintFinding]:
    if not subject.strip():
        yield error("subject", "the subject is empty")
    length = cut.length(subject)
    if length > MAX_SUBJECT:
        yield warning(
            "subject",
            "the subject has %(num)s aksharas; mail programs show 38 on a phone and 60 at most",
            num=str(length),
        )
    if _CAPITALS.search(subject):
        yield warning("subject", "the subject has words in Latin capitals: %(text)s", text=_excerpt(subject))
    if any(tag in subject for tag in PLACEHOLDERS.values()):
        yield error("subject", "the subject contains a placeholder, but only the body's are replaced")


def _check_leftovers(where: str, text: str, report: MakeFinding) -> Iterator[LintFinding]:
    found = _LEFTOVER.search(text)
    if found:
        around = _excerpt(text[max(found.start() - 15, 0) : found.end() + 25])
        yield report(
            "residue", "%(reason)s contains what looks like a template's leftover: %(text)s", reason=where, text=around
        )


def _check_preheader(email: RenderedEmail, tree: Tree) -> Iterator[LintFinding]:
    bodies = tree.all("body")
    first = bodies[0].children[0] if bodies and bodies[0].children else None
    if first is None or first.style.get("display") != "none":
        yield warning("preheader", "there is no hidden preheader: inboxes would show the first words of the body")
        return
    preheader = " ".join(word for word in first.all_text().split() if any(mark.isalpha() for mark in word))
    if not preheader:
        yield warning("preheader", "the preheader is empty")
    elif preheader == email.subject.strip():
        yield warning("preheader", "the preheader repeats the subject")


def _check_html(email: RenderedEmail, tree: Tree | None) -> Iterator[LintFinding]:
    """Check doctype, language, headings, tables, and elements that mail programs remove."""
    if tree is None:
        return
    if not email.html.startswith(DOCTYPE):
        yield error("frame", "the HTML does not start with %(text)s: mail programs would use quirks mode", text=DOCTYPE)
    for element in tree.elements:
        if reason := _FORBIDDEN_ELEMENTS.get(element.tag):
            yield error("element", "<%(tag)s> does not work in email: %(reason)s", tag=element.tag, reason=reason)
        if any(name.startswith("on") for name in element.attributes):
            yield error("element", "<%(tag)s> has an event handler, but mail programs remove scripts", tag=element.tag)
        yield from _check_style(element)
    yield from _check_headings(tree)
    yield from _check_tables(tree)
    yield from _check_language(tree)


def _check_style(element: Element) -> Iterator[LintFinding]:
    style = element.style
    if style.get("display") in _WEAK_DISPLAY:
        yield warning(
            "style",
            "<%(tag)s> uses display:%(value)s, which Gmail and Outlook ignore",
            tag=element.tag,
            value=style["display"],
        )
    for name, reason in _WEAK_STYLES.items():
        if name in style and style[name] not in ("static", "none"):
            yield warning("style", "<%(tag)s> uses %(name)s: %(reason)s", tag=element.tag, name=name, reason=reason)
    if "url(" in element.attributes.get("style", ""):
        yield warning("style", "<%(tag)s> has url() in its style: Gmail may drop the whole style", tag=element.tag)


def _check_headings(tree: Tree) -> Iterator[LintFinding]:
    headings = [element for element in tree.all("h1", "h2", "h3", "h4", "h5", "h6") if not element.hidden]
    levels = [int(element.tag[1]) for element in headings]
    if levels.count(1) != 1:
        yield warning("headings", "there are %(num)s <h1>; screen readers expect exactly one", num=str(levels.count(1)))
    for (before, _), (after, element) in pairwise(zip(levels, headings, strict=True)):
        if after > before + 1:
            yield warning(
                "headings",
                "<h%(after)s> follows <h%(before)s>: %(text)s",
                after=str(after),
                before=str(before),
                text=_excerpt(element.all_text()),
            )
    for element in headings:
        if not element.all_text().strip():
            yield warning("headings", "an empty <%(tag)s>", tag=element.tag)


def _check_tables(tree: Tree) -> Iterator[LintFinding]:
    for table in tree.all("table"):
        has_header = any(child.tag == "th" for row in table.children for child in row.children)
        if table.attributes.get("role") != "presentation" and not has_header:
            yield warning("tables", 'a <table> without role="presentation" is read aloud as a table of data')
        depth = sum(ancestor.tag == "table" for ancestor in table.ancestors())
        if depth > MAX_TABLE_DEPTH:
            yield warning(
                "tables",
                "tables are nested %(num)s deep; use at most %(most)s",
                num=str(depth),
                most=str(MAX_TABLE_DEPTH),
            )


def _check_language(tree: Tree) -> Iterator[LintFinding]:
    for body in tree.all("body"):
        for child in body.children:
            if not child.attributes.get("lang"):
                yield warning(
                    "language", "<%(tag)s> in <body> has no lang: mail programs drop that of <html>", tag=child.tag
                )


def _check_links(email: RenderedEmail, tree: Tree | None) -> Iterator[LintFinding]:
    if not _UNSUBSCRIBES.search(email.text):
        yield error("unsubscribe", "the text part has no unsubscribe link")
    if tree is None:
        return
    links = tree.all("a")
    # Reported once: all links to our own pages, and the same URL in a story's headline, picture and "more".
    own = {_origin(url) for link in links if _is_insecure_reader_page(url := link.attributes.get("href", ""))}
    texts: dict[str, str] = {}
    if not any(_UNSUBSCRIBES.search(link.attributes.get("href", "")) for link in links):
        yield error("unsubscribe", "the HTML part has no unsubscribe link")
    if any(_is_insecure_reader_page(link.attributes.get("href", "")) for link in links):
        yield warning("settings", "newsletter.base_url is not https: mail programs offer no one-click unsubscribe")
    for link in links:
        if "href" not in link.attributes:
            yield error("link", "a link has no address: %(text)s", text=_excerpt(link.all_text()))
            continue
        url = link.attributes["href"]
        if url not in texts or not texts[url]:
            texts[url] = _excerpt(link.all_text())
        # The link that only machines open, see `render.clicks`.
        is_for_nobody = link.attributes.get("aria-hidden") == "true" and link.attributes.get("tabindex") == "-1"
        if not link.all_text().strip() and not is_for_nobody:
            yield error("link", "a link has no text: %(text)s", text=_excerpt(url))
    for url, text in texts.items():
        yield from _check_address(url, text)
    yield from _check_encryption({url: text for url, text in texts.items() if _origin(url) not in own})


def _check_encryption(texts: Mapping[str, str]) -> Iterator[LintFinding]:
    plain = [url for url in texts if url.startswith("http:") and url.isascii()]
    if len(plain) == 1:
        yield warning("link", "%(url)s is not https (%(text)s)", url=_excerpt(plain[0]), text=texts[plain[0]])
    elif plain:
        more = " …" if len(plain) > _MAX_NAMED else ""
        named = ", ".join(_excerpt(url) for url in plain[:_MAX_NAMED])
        yield warning("link", "%(num)s links are not https: %(urls)s", num=str(len(plain)), urls=named + more)


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL, as they are written."""
    return "/".join(url.split("/", 3)[:3])


def _check_address(url: str, text: str) -> Iterator[LintFinding]:
    if url.startswith("mailto:"):
        # "mailto:?body=…" has no recipient on purpose: the subscriber chooses one, to forward something.
        if "@" not in url and not url.startswith("mailto:?"):
            yield error("link", "%(url)s is not a mail address (%(text)s)", url=_excerpt(url), text=text)
        return
    if url.startswith("#"):
        yield warning(
            "link",
            "%(url)s points inside the email, which Gmail and Outlook apps ignore (%(text)s)",
            url=_excerpt(url),
            text=text,
        )
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        if not url.strip():
            yield error("link", "an empty address is not a complete web address (%(text)s)", text=text)
        else:
            yield error("link", "%(url)s is not a complete web address (%(text)s)", url=_excerpt(url), text=text)
    elif not url.isascii() or " " in url:
        yield error(
            "link",
            "%(url)s is not in ASCII, which breaks in some mail programs (%(text)s)",
            url=_excerpt(url),
            text=text,
        )


def _is_insecure_reader_page(url: str) -> bool:
    return url.startswith("http:") and any(tag in url for tag in PLACEHOLDERS.values())


def _check_images(_email: RenderedEmail, tree: Tree | None) -> Iterator[LintFinding]:
    for image in tree.all("img") if tree else ():
        yield from _check_image(image)


def _check_image(image: Element) -> Iterator[LintFinding]:
    attributes = image.attributes
    source = attributes.get("src", "")
    # A name is no message, so an image without an address is one of its element.
    name = _excerpt(source) or "<img>"
    if not source.startswith(("https://", "cid:", "data:image/")):
        yield error(
            "picture", "%(name)s is not an https address: mail programs would block it or warn about it", name=name
        )
    if "alt" not in attributes:
        yield error(
            "picture",
            "%(name)s has no alt text, which most mail programs show at first instead of the image",
            name=name,
        )
    link = next((element for element in image.ancestors() if element.tag == "a"), None)
    if link is not None and not link.all_text().strip():
        yield error("picture", "%(name)s is alone in a link and has no alt text", name=name)
    width, height = attributes.get("width", ""), attributes.get("height", "")
    if not width.isdigit():
        yield warning("picture", "%(name)s has no width in pixels: Outlook shows it in its full size", name=name)
    if width in ("0", "1") and height in ("0", "1"):
        yield warning("picture", "%(name)s is one pixel: it looks like a tracker", name=name)
    if source.lower().partition("?")[0].endswith((".webp", ".svg", ".avif")):
        yield warning("picture", "%(name)s has a format that Outlook does not show; use JPEG or PNG", name=name)


def _check_advertisements(_email: RenderedEmail, tree: Tree | None) -> Iterator[LintFinding]:
    """Check that no advertisement directly follows a heading, where it would look like a story."""
    elements = tree.elements if tree else []
    for at, link in enumerate(elements):
        if link.tag != "a" or "sponsored" not in link.attributes.get("rel", "").split():
            continue
        frame = next((each for each in link.ancestors() if each.tag == "td"), link)
        before = (each for each in reversed(elements[:at]) if frame not in each.ancestors())
        last = next((each for each in before if each.text.strip() and not each.hidden), None)
        if last and any(each.tag in ("h1", "h2", "h3", "h4") for each in last.ancestors()):
            heading = _excerpt(last.all_text())
            yield warning(
                "advertisement",
                "the advertisement %(text)s follows %(heading)s, a heading",
                text=repr(_excerpt(link.all_text())),
                heading=repr(heading),
            )


def _check_contrast(_email: RenderedEmail, tree: Tree | None) -> Iterator[LintFinding]:
    """Check the contrast of text, in light and in dark mode. Reads style attributes and plain class rules."""
    if tree is None:
        return
    dark = _dark_rules(tree)
    for element in tree.elements:
        text = element.attributes.get("alt", "") if element.tag == "img" else element.text
        in_body = any(ancestor.tag == "body" for ancestor in element.ancestors())
        if not any(mark.isalnum() for mark in text) or element.hidden or not in_body:
            continue
        yield from _check_contrast_of(element, {}, _SCHEMES[0], text)
        if dark:
            yield from _check_contrast_of(element, dark, _SCHEMES[1], text)


def _check_contrast_of(element: Element, rules: _ClassRules, scheme: str, text: str) -> Iterator[LintFinding]:
    colour = _colour(element, "color", rules)
    background = _colour(element, "background-color", rules) or ("#ffffff" if not rules else "")
    if not colour or not background:
        return
    ratio = contrast(colour, background)
    if ratio < MIN_CONTRAST:
        report: MakeFinding = error if ratio < UNREADABLE else warning
        yield report(
            "contrast",
            "%(text)s is hard to read %(reason)s: %(colour)s on %(background)s has contrast %(ratio)s",
            text=repr(_excerpt(text, 40)),
            reason=scheme,
            colour=colour,
            background=background,
            ratio=f"{ratio:.1f}",
        )


def _colour(element: Element, name: str, rules: _ClassRules) -> str:
    """Return the colour that applies: the nearest ancestor's, with dark class rules (`!important`) before its style."""
    for ancestor in element.ancestors():
        for css_class in ancestor.classes:
            if colour := _hex(rules.get(css_class, {}).get(name, "")):
                return colour
        style = ancestor.style
        shorthand = style.get("background", "") if name == "background-color" else ""
        attribute = ancestor.attributes.get("bgcolor", "") if name == "background-color" else ""
        if colour := _hex(style.get(name, "")) or _hex(shorthand) or _hex(attribute):
            return colour
    return ""


def _dark_rules(tree: Tree) -> _ClassRules:
    rules: dict[str, dict[str, str]] = {}
    for sheet in tree.sheets:
        for block in _DARK_MEDIA.findall(sheet):
            for css_class, body in _CLASS_RULE.findall(block):
                for declaration in body.split(";"):
                    name, _, value = declaration.partition(":")
                    rules.setdefault(css_class, {})[name.strip()] = value.replace("!important", "").strip()
    return rules


@lru_cache(maxsize=1024)
def _hex(value: str) -> str:
    """Return `value` as `#rrggbb`, '' if it is not a known colour."""
    value = value.strip().lower()
    value = _NAMED_COLOURS.get(value, value)
    match = _HEX_COLOUR.match(value)
    if not match:
        return ""
    return value if len(value) == 7 else "#" + "".join(digit * 2 for digit in match[1])


def _check_sizes(email: RenderedEmail, tree: Tree | None) -> Iterator[LintFinding]:
    """Check the email's size against Gmail's clipping limit."""
    sizes = measure(email)
    if sizes.decoded > STOP:
        yield error(
            "size",
            "the email has %(num)s bytes; Gmail hides everything beyond about 102,400",
            num=f"{sizes.decoded:,}",
        )
    elif sizes.quoted_printable > CLIPPED:
        yield warning(
            "size",
            "the email has %(num)s bytes in quoted-printable; "
            "if Gmail counts those, it hides everything beyond %(most)s",
            num=f"{sizes.quoted_printable:,}",
            most=f"{CLIPPED:,}",
        )
    css = sum(len(sheet) for sheet in tree.sheets) if tree else 0
    if css > MAX_CSS:
        yield error(
            "size",
            "the style sheets have %(num)s characters; beyond %(most)s Gmail drops them all",
            num=f"{css:,}",
            most=f"{MAX_CSS:,}",
        )


def _excerpt(text: str, limit: int = 60) -> str:
    """Return `text` on one line and shortened, for a message."""
    return cut.shorten(" ".join(text.split()), limit)


RULES = (_check_html, _check_links, _check_images, _check_advertisements, _check_contrast, _check_sizes)
"""Each takes the email and its parsed HTML (None for a text-only email)."""


def lint(
    email: RenderedEmail, edition: Edition | None = None, image_sizes: Mapping[str, int] | None = None
) -> list[LintFinding]:
    """Return all findings, errors first: they stop a send. `image_sizes`: bytes of attached images by Content-ID.

    Template residue is an error in a sample email (no `edition`) and in the editor's texts. In stories from other sites
    it is a warning, because no feed may stop a send.
    """
    tree = parse(email.html) if email.html else None
    found = [*check_texts(email, tree, edition), *(finding for rule in RULES for finding in rule(email, tree))]
    found += check_attached_images(tree, image_sizes or {})
    return sorted(dict.fromkeys(found), key=lambda finding: finding.level != "error")
