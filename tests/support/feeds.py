"""Schemas of what the archive publishes: RelaxNG of sitemaps (sitemaps.org 0.9, Google News) and Atom (RFC 4287), and a
JSON Schema of NewsArticle as Google's documentation asks for it."""

from __future__ import annotations

from typing import Any

from lxml import etree

_START = (
    '<grammar xmlns="http://relaxng.org/ns/structure/1.0" datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes"'
)
_URI = '<data type="anyURI"><param name="pattern">https?://[^\\s]+</param></data>'
_MOMENT = '<data type="dateTime"><param name="pattern">.*(Z|[+\\-]\\d\\d:\\d\\d)</param></data>'
_DAY_OR_MOMENT = f'<choice><data type="date"/>{_MOMENT}</choice>'

_SITEMAP = f"""{_START} ns="http://www.sitemaps.org/schemas/sitemap/0.9"
  xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"
  xmlns:x="http://www.w3.org/1999/xhtml"><start><choice>
  <element name="sitemapindex"><oneOrMore><element name="sitemap"><interleave>
    <element name="loc">{_URI}</element>
    <optional><element name="lastmod">{_DAY_OR_MOMENT}</element></optional>
  </interleave></element></oneOrMore></element>
  <element name="urlset"><zeroOrMore><element name="url"><interleave>
    <element name="loc">{_URI}</element>
    <optional><element name="lastmod">{_DAY_OR_MOMENT}</element></optional>
    <zeroOrMore><element name="x:link"><attribute name="rel"><value>alternate</value></attribute>
      <attribute name="hreflang"><choice><value>x-default</value><data type="language"/></choice></attribute>
      <attribute name="href">{_URI}</attribute><empty/></element></zeroOrMore>
    <optional><element name="n:news"><interleave>
      <element name="n:publication">
        <element name="n:name"><data type="string"><param name="minLength">1</param></data></element>
        <element name="n:language"><data type="language"/></element>
      </element>
      <element name="n:publication_date">{_DAY_OR_MOMENT}</element>
      <element name="n:title"><data type="string"><param name="minLength">1</param></data></element>
    </interleave></element></optional>
  </interleave></element></zeroOrMore></element>
</choice></start></grammar>"""

_TEXT = (
    '<optional><attribute name="type"><choice><value>text</value><value>html</value></choice></attribute></optional>'
)
_COMMON = '<optional><attribute name="xml:lang"/></optional><optional><attribute name="xml:base"/></optional>'
_PERSON = f"""<element name="author"><interleave><element name="name"><text/></element>
  <optional><element name="uri">{_URI}</element></optional>
  <optional><element name="email"><text/></element></optional></interleave></element>"""
_LINK = """<element name="link"><attribute name="href"/><optional><attribute name="rel"/></optional>
  <optional><attribute name="type"/></optional><optional><attribute name="hreflang"/></optional>
  <optional><attribute name="title"/></optional><empty/></element>"""
_ATOM = f"""{_START} ns="http://www.w3.org/2005/Atom"><start><element name="feed">{_COMMON}<interleave>
  <element name="id"><data type="anyURI"/></element>
  <element name="title">{_TEXT}<text/></element>
  <element name="updated">{_MOMENT}</element>
  <zeroOrMore>{_PERSON}</zeroOrMore>
  <oneOrMore>{_LINK}</oneOrMore>
  <optional><element name="subtitle">{_TEXT}<text/></element></optional>
  <optional><element name="icon"><text/></element></optional>
  <optional><element name="logo"><text/></element></optional>
  <optional><element name="generator"><zeroOrMore><attribute><anyName/></attribute></zeroOrMore><text/></element>
  </optional>
  <optional><element name="rights"><text/></element></optional>
  <zeroOrMore><element name="entry">{_COMMON}<interleave>
    <element name="id"><data type="anyURI"/></element>
    <element name="title">{_TEXT}<text/></element>
    <element name="updated">{_MOMENT}</element>
    <optional><element name="published">{_MOMENT}</element></optional>
    <zeroOrMore>{_PERSON}</zeroOrMore>
    <oneOrMore>{_LINK}</oneOrMore>
    <optional><element name="summary">{_TEXT}<text/></element></optional>
    <optional><element name="content">{_COMMON}{_TEXT}<text/></element></optional>
    <zeroOrMore><element name="category"><attribute name="term"/><empty/></element></zeroOrMore>
  </interleave></element></zeroOrMore>
</interleave></element></start></grammar>"""

_URL = {"type": "string", "pattern": "^https?://"}
_ORGANIZATION = {
    "type": "object",
    "required": ["@type", "name", "url"],
    "properties": {"@type": {"const": "Organization"}, "name": {"type": "string", "minLength": 1}, "url": _URL},
}
_DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
NEWS_ARTICLE: dict[str, Any] = {
    "type": "object",
    "required": ["@context", "@type", "headline", "datePublished", "dateModified", "author", "publisher", "url"],
    "properties": {
        "@context": {"const": "https://schema.org"},
        "@type": {"const": "NewsArticle"},
        "headline": {"type": "string", "minLength": 1, "maxLength": 300},
        "datePublished": _DATE,
        "dateModified": _DATE,
        "author": _ORGANIZATION,
        "publisher": _ORGANIZATION,
        "url": _URL,
        "inLanguage": {"type": "string"},
        "mainEntityOfPage": {"type": "object", "required": ["@type", "@id"], "properties": {"@id": _URL}},
        "image": {"type": "array", "items": {"type": "object", "required": ["url"], "properties": {"url": _URL}}},
        "isBasedOn": {"type": "array", "items": _URL},
    },
}


def sitemap_errors(document: str) -> list[str]:
    """What is wrong with a sitemap, a sitemap index or a news sitemap."""
    return _errors(_SITEMAP, document)


def atom_errors(document: str) -> list[str]:
    """What is wrong with an Atom feed."""
    return _errors(_ATOM, document)


def _errors(schema: str, document: str) -> list[str]:
    checker = etree.RelaxNG(etree.fromstring(schema.encode()))
    checker.validate(etree.fromstring(document.encode()))
    return [f"{error.line}: {error.message}" for error in checker.error_log]
