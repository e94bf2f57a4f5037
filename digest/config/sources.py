"""Settings of one source: its address, its fields, and its key."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from digest.config.types import HeaderName, JsonPath, Line, ParamName, Selector, SettingsModel, Variable, check_host
from digest.messages import Message
from digest.models import FulltextMode, JsonMapping, Source, SourceAuth


class AuthSettings(SettingsModel):
    """API key of a source, sent in an HTTP header or a query parameter."""

    env: Variable = Field(description="Environment variable that holds the source's API key.")
    header: HeaderName = Field(
        default="", description="HTTP header in which the key is sent, such as `X-Api-Key`. Set this or `param`."
    )
    param: ParamName = Field(
        default="", description="Query parameter in which the key is sent, such as `apikey`. Set this or `header`."
    )

    @model_validator(mode="after")
    def _header_or_param(self) -> AuthSettings:
        if bool(self.header) == bool(self.param):
            raise ValueError("expected exactly one of header and param")
        return self


def _path(description: str) -> Any:
    return Field(default="", description=description)


class MappingSettings(SettingsModel):
    """Layout of a news API's JSON: a path for each field, or only the name of a preset."""

    preset: Literal["gnews", "newsapi", "wordpress"] | None = Field(
        default=None, description="Preset whose paths apply where none is given here."
    )
    items: JsonPath = _path("Path of the list of articles. Empty: the document itself.")
    title: JsonPath = _path("Path of the title within an article. `title` or `url` is required without a preset.")
    url: JsonPath = _path("Path of the article's URL.")
    published: JsonPath = _path("Path of the publication date: text, or seconds or milliseconds since 1970.")
    updated: JsonPath = _path("Path of the date of the last change.")
    body: JsonPath = _path("Path of the full text, plain or HTML.")
    excerpt: JsonPath = _path("Path of the excerpt, plain or HTML.")
    image: JsonPath = _path("Path of the image's URL.")
    author: JsonPath = _path("Path of the author's name.")
    categories: JsonPath = _path("Path of the categories.")
    language: JsonPath = _path("Path of the language code.")
    guid: JsonPath = _path("Path of the article's unique id.")
    section: JsonPath = _path("Path of the section.")
    publisher: JsonPath = _path("Path of the publisher's name, which is removed from the end of the title.")
    utc: bool = Field(default=False, description="Treat dates without a time zone as UTC instead of Indian time.")

    @model_validator(mode="before")
    @classmethod
    def _preset_name(cls, value: Any) -> Any:
        return {"preset": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _title_or_url(self) -> MappingSettings:
        if not (self.preset or self.title or self.url):
            raise ValueError("expected the path of title or of url, or a preset")
        return self


class SourceSettings(SettingsModel):
    """A source of articles: a document by `url`, or a file or folder by `path`."""

    name: Line = Field(min_length=1, description="Name of the source, as shown to subscribers.")
    url: str = Field(
        default="",
        description="URL of a feed, a news sitemap (or an index of several), a page that links to its feed, an "
        "article, or a news API. Set this or `path`.",
    )
    path: str = Field(
        default="",
        description="Saved copy of such a document, an article file, or a drop folder, relative to the newsletter "
        "folder. Set this or `url`.",
    )
    weight: float = Field(default=1.0, ge=0, le=10, description="Weight in ranking, 0 to 10.")
    section: Line = Field(default="", description="Section of all its articles, if it has only one.")
    paused: bool = Field(default=False, description="Do not collect it for now. Its articles stay.")
    replay: bool = Field(
        default=False, description="For samples: shift recorded dates to now. Real addresses never get samples."
    )
    allow_private: bool = Field(
        default=False,
        description="Allow private and local addresses, such as an intranet, for the host of `url` only: not for other "
        "hosts to which it links or redirects.",
    )
    fulltext: bool | None = Field(
        default=None,
        description="Read the web pages of articles if the feed has only an excerpt. `true`: all of them while "
        "collecting. `false`: none. Not set: only those of stories that an edition would include.",
    )
    links: Selector = Field(
        default="",
        description="For a page that lists articles: CSS selector of its links or of the elements around them, such "
        "as `main .card` or `main h2 a`. The linked pages are read. Links to other sites are ignored unless the "
        'selector contains an address (`a[href^="https://other.example/"]`).',
    )
    mapping: MappingSettings | None = Field(
        default=None,
        description="For a news API: `newsapi`, `gnews` or `wordpress` (also detected automatically), or the paths of "
        "its fields (docs/sources.md).",
    )
    auth: AuthSettings | None = Field(default=None, description="API key of the source.")

    @model_validator(mode="after")
    def _valid_place(self) -> SourceSettings:
        if bool(self.url) == bool(self.path):
            raise ValueError(f"expected exactly one of url and path, found {'both' if self.url else 'neither'}")
        if self.url and not re.match(r"https?://[^\s/]+", self.url):
            raise ValueError(Message("expected url to start with https:// or http://; use path for files"))
        if self.url:
            check_host(self.url)
        if self.links and self.mapping:
            raise ValueError("expected one of links (of a web page) and mapping (of JSON), not both")
        if self.auth and not self.url:
            raise ValueError("expected url, because auth is set; a file needs no key")
        if self.auth and self.url.startswith("http:") and not self.allow_private:
            raise ValueError("expected url to start with https://, because auth is set: http would expose the key")
        return self

    def to_source(self) -> Source:
        """Convert to the collector's model. Secrets stay in the environment."""
        plain = self.model_dump(exclude={"mapping", "auth", "fulltext"})
        mapping = JsonMapping(**self.mapping.model_dump(exclude_none=True)) if self.mapping else None
        auth = SourceAuth(**self.auth.model_dump()) if self.auth else None
        return Source(**plain, fulltext=FulltextMode.from_setting(self.fulltext), mapping=mapping, auth=auth)
