"""What `digest.yaml` may say of one source: where it is, what of it is taken, with which key."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from digest.models import JsonMapping, Source, SourceAuth
from digest.settings_values import HeaderName, JsonPath, Line, ParamName, Selector, SettingsModel, Variable


class AuthSettings(SettingsModel):
    """Which key a source wants, and where: the environment variable that holds it, a header or a query parameter."""

    env: Variable
    header: HeaderName = ""
    param: ParamName = ""

    @model_validator(mode="after")
    def _one_way(self) -> AuthSettings:
        if bool(self.header) == bool(self.param):
            raise ValueError("expected exactly one of header and param")
        return self


class MappingSettings(SettingsModel):
    """What stands where in an API's JSON; a bare name is a preset."""

    preset: Literal["gnews", "newsapi", "wordpress"] | None = None
    items: JsonPath = ""
    title: JsonPath = ""
    url: JsonPath = ""
    published: JsonPath = ""
    updated: JsonPath = ""
    body: JsonPath = ""
    excerpt: JsonPath = ""
    image: JsonPath = ""
    author: JsonPath = ""
    categories: JsonPath = ""
    language: JsonPath = ""
    guid: JsonPath = ""
    section: JsonPath = ""
    publisher: JsonPath = ""
    utc: bool = False

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return {"preset": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _enough(self) -> MappingSettings:
        if not (self.preset or self.title or self.url):
            raise ValueError("expected the path of title or of url, or a preset")
        return self


class SourceSettings(SettingsModel):
    """A document by `url` or a file or folder by `path`; `replay` moves a recorded sample's dates to now."""

    name: Line = Field(min_length=1)
    url: str = ""
    path: str = ""
    weight: float = Field(default=1.0, ge=0, le=10)
    section: Line = ""
    replay: bool = False
    allow_private: bool = False
    fulltext: bool | None = None
    links: Selector = ""
    mapping: MappingSettings | None = None
    auth: AuthSettings | None = None

    @model_validator(mode="after")
    def _one_place(self) -> SourceSettings:
        if bool(self.url) == bool(self.path):
            raise ValueError("expected exactly one of url and path")
        if self.url and not re.match(r"https?://[^\s/]+", self.url):
            raise ValueError("expected url to start with https:// or http://; files are named by path")
        if self.links and self.mapping:
            raise ValueError("expected one of links (of a web page) and mapping (of JSON), not both")
        if self.auth and not self.url:
            raise ValueError("expected url, as auth is given; a file needs no key")
        if self.auth and self.url.startswith("http:") and not self.allow_private:
            raise ValueError("expected url to start with https://, as auth is given: http would show the key")
        return self

    def made(self) -> Source:
        """The source as collecting has it; of a key no more than where it is."""
        plain = self.model_dump(exclude={"mapping", "auth"})
        mapping = JsonMapping(**self.mapping.model_dump(exclude_none=True)) if self.mapping else None
        auth = SourceAuth(**self.auth.model_dump()) if self.auth else None
        return Source(**plain, mapping=mapping, auth=auth)
