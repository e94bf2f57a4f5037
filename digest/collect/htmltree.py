"""The one way in which HTML from outside becomes a tree: no network, no endless tags, no signs that libxml2 refuses."""

from __future__ import annotations

import re
from typing import Any

from digest.collect.taming import without_endless

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def html_tree(text: str) -> Any:
    """lxml's tree of a page or a piece of one; None when there is nothing to make one of."""
    from lxml import etree
    from lxml import html as lxml_html

    # bytes with a stated encoding: a <meta charset> or XML declaration inside must not count
    parser = lxml_html.HTMLParser(encoding="utf-8", recover=True, no_network=True, huge_tree=False)
    try:
        return lxml_html.document_fromstring(without_endless(_REFUSED.sub("", text)).encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return None
