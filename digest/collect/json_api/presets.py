"""Mappings for the JSON of well-known news APIs.

Sources: https://newsapi.org/docs/endpoints/everything, https://docs.gnews.io/endpoints/search-endpoint,
https://developer.wordpress.org/rest-api/reference/posts/ (with and without `_embed`).
"""

from __future__ import annotations

from dataclasses import dataclass

from digest.models import JsonMapping


@dataclass(frozen=True, slots=True)
class Preset:
    """One news API."""

    # Keys that every item of this API has. They identify the API if the source has no mapping.
    signs: tuple[str, ...]
    mapping: JsonMapping


# API by name, in the order in which they are tried: NewsAPI has all keys of GNews.
PRESETS: dict[str, Preset] = {
    "newsapi": Preset(
        ("title", "url", "publishedAt", "urlToImage"),
        JsonMapping(
            items="articles",
            title="title",
            url="url",
            published="publishedAt",
            body="content",
            excerpt="description",
            image="urlToImage",
            author="author",
            publisher="source.name",
            utc=True,
        ),
    ),
    "gnews": Preset(
        ("title", "url", "publishedAt"),
        JsonMapping(
            items="articles",
            title="title",
            url="url",
            published="publishedAt",
            body="content",
            excerpt="description",
            image="image",
            language="lang",
            publisher="source.name",
            utc=True,
        ),
    ),
    "wordpress": Preset(
        ("title", "link", "date_gmt"),
        JsonMapping(
            title="title.rendered",
            url="link",
            published="date_gmt",
            updated="modified_gmt",
            body="content.rendered",
            excerpt="excerpt.rendered",
            image="_embedded.wp:featuredmedia.source_url | jetpack_featured_media_url | yoast_head_json.og_image.url",
            author="_embedded.author.name | yoast_head_json.author",
            categories="_embedded.wp:term[][].name",
            guid="guid.rendered",
            utc=True,
        ),
    ),
}
