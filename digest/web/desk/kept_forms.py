"""Forms with typed texts that were sent without a session. They are kept until the user has signed in again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.web.desk.visit import TOKEN_FIELD, Visit, form_text, typed_texts

# The path that sends kept forms. The script sends all forms of a page to it.
AGAIN = "/again"


@dataclass(frozen=True, slots=True)
class KeptForm:
    # Its path at the desk.
    place: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeptForms:
    """Forms of one page, to be sent again after signing in."""

    forms: Sequence[KeptForm]

    @classmethod
    def of(cls, visit: Visit) -> KeptForms | None:
        """Return the forms, if they came from a page of the desk and have a text that somebody typed."""
        # The browser drops the cookie when the session ends. Then the form's token matches nothing.
        if not visit.is_from_own_page:
            return None
        place = visit.request.url.path.removeprefix(visit.desk.views.root)
        if place == AGAIN:
            return cls.read(visit.form.get("forms", ""))
        fields = {name: value for name, value in visit.form.items() if name != TOKEN_FIELD}
        return cls([KeptForm(place, fields)]) if typed_texts(fields) else None

    @classmethod
    def read(cls, text: str) -> KeptForms | None:
        """Return the forms that `text` has; None if it has none."""
        try:
            rows = [(str(place), fields.items()) for place, fields in json.loads(text)]
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None
        forms = [
            KeptForm(place, {form_text(name): form_text(value) for name, value in fields if name != TOKEN_FIELD})
            for place, fields in rows
            if is_place(place)
        ]
        return cls(forms) if forms else None

    @property
    def text(self) -> str:
        return json.dumps([[each.place, dict(each.fields)] for each in self.forms], ensure_ascii=False)

    @property
    def typed(self) -> list[str]:
        return [text for each in self.forms for text in typed_texts(each.fields)]


def is_place(place: str) -> bool:
    """Whether the desk has a page with this path."""
    # Browsers leave out tabs and line breaks, so `/\t/evil.example` is another site.
    return place.startswith("/") and "//" not in place and "\\" not in place and min(place) >= " "
