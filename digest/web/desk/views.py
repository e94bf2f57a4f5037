"""Render the pages of the desk, in Hindi or in English."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from digest.hindi import cut, dates
from digest.hindi.numbers import group
from digest.i18n import translator
from digest.models import Role
from digest.render.environment import localise, make_environment
from digest.render.template_errors import explain
from digest.render.themes import Branding
from digest.web.desk.acts import detail_of, name_of, via_of
from digest.web.desk.sentences import translate_all, transport, unusual
from digest.web.pages import TEMPLATES as READER_TEMPLATES

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_CODE = re.compile("`([^`]+)`")
# In the colours of the newsletter.
_MADE = ("theme.css", "icon.svg")


@dataclass(frozen=True, slots=True)
class StaticFile:
    data: bytes
    zipped: bytes
    type: str


class Views:
    """The templates of the desk. `root` is the path of its address."""

    # Hindi first; the newsroom's own language may lack messages.
    languages = ("hi", "en")

    def __init__(self, branding: Branding, root: str) -> None:
        self.branding = branding
        self.root = root
        folders = [_HERE / "templates", READER_TEMPLATES]
        self._environments = {language: make_environment(folders, language) for language in self.languages}
        for environment in self._environments.values():
            environment.auto_reload = False
            environment.filters["code"] = with_code
            environment.filters["shorten"] = cut.shorten
        self._icons: dict[str, Markup] = {}
        # Language → its catalogue, and the functions that translate in templates.
        self._translations: dict[str, tuple[Catalogue, dict[str, Any]]] = {}

    @cached_property
    def files(self) -> dict[str, StaticFile]:
        """Name → file. They contain nothing secret, so they may be compressed."""
        found = {path.name: path.read_bytes() for path in sorted(_STATIC.iterdir()) if path.suffix in _TYPES}
        theme = self.branding.theme
        for name in _MADE:
            made = self._environments["en"].get_template(f"{name}.j2")
            found[name] = made.render(light=theme.light, dark=theme.dark, theme=theme.look).encode()
        return {
            name: StaticFile(data, gzip.compress(data, mtime=0), _TYPES[Path(name).suffix])
            for name, data in found.items()
        }

    @cached_property
    def version(self) -> str:
        """A hash of all files, so that browsers keep them until they change."""
        return hashlib.sha256(b"".join(file.data for file in self.files.values())).hexdigest()[:12]

    def static(self, name: str) -> str:
        return f"{self.root}/static/{self.version}/{name}"

    def _icon(self, name: str) -> Markup:
        """Return an icon. A page has dozens, so it is made without a macro, and once for each name."""
        if (made := self._icons.get(name)) is None:
            place = self.static("icons.svg")
            made = Markup('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>').format(place, name)
            self._icons[name] = made
        return made

    def render(self, template: str, language: str, **values: Any) -> str:
        catalogue, functions = self._translate(language)
        environment = self._environments[language]
        defaults = {
            "language": language,
            "branding": self.branding,
            "root": self.root,
            "static": self.static,
            "icon_of": self._icon,
            "Role": Role,
            "length": cut.length,
            "number": group,
            "day": lambda day: dates.day(day, language),
            "clock": clock,
            "month": lambda day: dates.month(day, language),
            "when": lambda at, now: when(at, now, catalogue),
            "act_name": lambda what, subject="": name_of(what, catalogue, subject),
            "act_detail": lambda act: detail_of(act, catalogue),
            "act_via": lambda via: via_of(via, catalogue),
            "kept": lambda line: translate_all(line, catalogue),
            "transport": lambda name: transport(name, catalogue),
            "unusual": lambda line: unusual(line, catalogue),
            **functions,
        }
        try:
            return environment.get_template(template).render({**defaults, **values})
        except Exception as error:
            raise explain(error, template, environment, {**defaults, **values}) from error

    def _translate(self, language: str) -> tuple[Catalogue, dict[str, Any]]:
        """Return the catalogue, and its functions for templates, which remember what they translated."""
        catalogue = translator(language)
        found = self._translations.get(language)
        if found is None or found[0] is not catalogue:
            found = self._translations[language] = (catalogue, localise(lambda: catalogue))
        return found


def with_code(text: str) -> Markup:
    """Return a text as HTML, in which text between backticks, such as a command or a setting, becomes code."""
    parts = _CODE.split(text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def clock(at: datetime) -> str:
    """Return an hour as editors write it: 7:00, 21:40."""
    return f"{at.hour}:{at:%M}"


def moment(at: datetime, catalogue: Catalogue) -> str:
    """Return a day and an hour: 12 November, 7:00."""
    return f"{dates.short(at.date(), catalogue.language)}, {clock(at)}"


def when(at: datetime, now: datetime, catalogue: Catalogue) -> str:
    """Return a time in words, in the zone of `now`: 5:55, yesterday 21:40, 12 November, 3 May 2025."""
    local = at.astimezone(now.tzinfo)
    days = (now.date() - local.date()).days
    if days == 0:
        return clock(local)
    if days == 1:
        return catalogue.gettext("yesterday %(clock)s") % {"clock": clock(local)}
    day = dates.short(local.date(), catalogue.language)
    return day if local.year == now.year else f"{day} {local.year}"
