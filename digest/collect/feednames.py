"""The elements of feeds by the names that feedparser 6 gives them, for wellformed.py. Tables only.

A name is `prefix_local` in lower case; RSS and Atom themselves have no prefix. tests/collect/test_wellformed.py holds
them against the feedparser that is installed.
"""

from __future__ import annotations

from digest.hindi.tables import words

NAMESPACES: dict[str, str] = {
    "": "",
    "http://backend.userland.com/rss": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://example.com/newformat#": "",
    "http://example.com/necho": "",
    "http://purl.org/echo/": "",
    "uri/of/echo/namespace#": "",
    "http://purl.org/pie/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativeCommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativeCommons",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://podlove.org/simple-chapters": "psc",
}
"""Namespaces in lower case whose elements feedparser maps, with its prefix for them; '' for RSS and Atom."""

DATES = {
    "pubdate": "published",
    "published": "published",
    "issued": "published",
    "dcterms_issued": "published",
    "updated": "updated",
    "modified": "updated",
    "lastbuilddate": "updated",
    "dc_date": "updated",
    "dcterms_modified": "updated",
    "created": "created",
    "dcterms_created": "created",
}
AUTHORS = frozenset(words("author dc_creator dc_author itunes_author managingeditor"))
CONTRIBUTORS = frozenset(words("contributor dc_contributor"))
PERSON = frozenset(words("name email uri url homepage"))
"""What stands inside an author."""

PICTURE = frozenset(words("title link url width height description name href"))
"""What stands inside a channel's `<image>` or `<textInput>`."""

LEAVES = frozenset(
    words(
        "rights copyright subtitle tagline info generator cloud webmaster expirationdate dc_publisher dc_rights",
        "dcterms_valid media_rating media_credit media_restriction media_license media_player name email uri url",
        "homepage width height georss_box georss_line georss_point georss_polygon itunes_explicit itunes_block",
    )
)
"""Elements whose text feedparser keeps under names that nobody here reads."""

CHANNEL_LEAVES = frozenset(
    words(
        "description dc_description category dc_subject keywords enclosure media_category media_content",
        "media_thumbnail media_keywords itunes_image",
    )
)
"""Elements that matter in an item only."""

_READ = frozenset(
    words(
        "title dc_title link description summary dc_description guid id content_encoded content category dc_subject",
        "keywords enclosure media_content media_group media_thumbnail media_title media_description media_keywords",
        "image itunes_image source language dc_language item entry channel",
    )
)
_ELSEWHERE = frozenset(
    words(
        "abstract body fullitem xhtml_body tags textinput feed rss newlocation where geom georssgeom georss_where",
        "gml_exterior gml_linearring gml_linestring gml_point gml_polygon gml_pos gml_poslist cc_license",
        "creativecommons_license feedburner_browserfriendly media_category psc_chapter psc_chapters",
        "itunes_category itunes_email itunes_keywords itunes_link itunes_name",
        "itunes_owner itunes_subtitle itunes_summary",
    )
)
"""What feedparser maps in ways of its own: feeds with such an element are its business."""

HANDLED = _READ | _ELSEWHERE | LEAVES | AUTHORS | CONTRIBUTORS | DATES.keys()
"""Every element that feedparser treats otherwise than by keeping its text under the element's name."""

RESERVED = frozenset(
    words(
        "base language title title_detail link links id guid guidislink published created updated published_parsed",
        "created_parsed updated_parsed author author_detail authors tags summary content media_content media_thumbnail",
        "image channel items entries date date_parsed description description_detail url modified modified_parsed",
        "issued issued_parsed copyright copyright_detail tagline tagline_detail svg math div",
    )
)
"""Names under which an unknown element's text would stand where a known one's is looked for."""
