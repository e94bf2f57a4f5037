"""The Jinja environment of emails: escaping, filters and functions, and the folders that templates are loaded from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, PrefixLoader, TemplateNotFound, nodes, pass_eval_context
from jinja2.loaders import split_template_path
from jinja2.nodes import EvalContext
from markupsafe import escape

from digest.errors import TemplateProblem
from digest.hindi import cut
from digest.i18n import translator
from digest.render.template_errors import RejectedByTemplateFunction, SuggestingUndefined, check_inheritance

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue


SUFFIX = ".j2"


class FolderLoader(BaseLoader):
    """Templates of several folders; an earlier folder wins."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def get_source(
        self,
        environment: Environment,  # noqa: ARG002
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        """Raise TemplateProblem if something that is not a template has the template's path."""
        parts = split_template_path(template)
        for folder in self._folders:
            for parent in (folder, *(folder.joinpath(*parts[:depth]) for depth in range(1, len(parts)))):
                if parent.is_file():
                    raise TemplateProblem(f"{parent}: expected a folder of templates, found a file")
            path = folder.joinpath(*parts)
            if not path.exists() and not path.is_symlink():
                continue
            text, stamp = _read(path), _stamp(path)
            return text, str(path), lambda path=path, stamp=stamp: _stamp(path) == stamp
        raise TemplateNotFound(template)

    def list_templates(self) -> list[str]:
        """Return the names of all files that end in `.j2`."""
        found = {
            path.relative_to(folder).as_posix()
            for folder in self._folders
            if folder.is_dir()
            for path in folder.rglob(f"*{SUFFIX}")
            if path.is_file()
        }
        return sorted(found)


def _read(path: Path) -> str:
    """Return the file's text, without a byte order mark."""
    if path.is_dir():
        raise TemplateProblem(f"{path}: expected a template, found a folder")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TemplateProblem(f"{path}: cannot be read: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TemplateProblem(f"{path}: expected text in UTF-8, found UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = data[error.start : error.start + 1].hex()
        raise TemplateProblem(f"{path}:{line}: expected text in UTF-8, found the byte 0x{found}") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TemplateProblem(f"{path}:{line}: expected text, found a NUL character: is it a binary file or UTF-16?")
    return text


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


COLUMNS = 72
"""Display width of the text part: fits a mail program of 80 columns with room for quoting."""

MAX_RANGE = 10_000
"""The longest `range()` in a template. A typo in a number must not fill the memory."""


class EmailEnvironment(Environment):
    """A Jinja environment that rejects a block which overrides nothing."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        check_inheritance(self, tree, name, filename)
        return tree


def make_environment(template_dirs: Sequence[Path], language: str) -> Environment:
    """Return an environment that searches `template_dirs` in order: the newsletter's own first, the built-in one last.

    `house/` always means the last folder, so that an own template can extend the built-in one of the same name.
    """
    environment = EmailEnvironment(
        loader=ChoiceLoader([FolderLoader(template_dirs), PrefixLoader({"house": FolderLoader(template_dirs[-1:])})]),
        autoescape=_autoescape,
        undefined=SuggestingUndefined,
        optimized=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # The i18n extension adds this attribute.
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(localise(lambda: translator(language)), range=_range)
    environment.filters["wrap"] = wrap
    environment.filters["rule"] = rule
    return environment


def wrap(text: str, columns: int = COLUMNS) -> str:
    """Break `text` into lines of at most `columns` display columns."""
    return "\n".join(cut.wrap(text, columns))


def rule(text: str, mark: str = "─") -> str:
    """Underline `text` with `mark`."""
    return f"{text}\n{mark * min(cut.width(text), COLUMNS)}"


def localise(catalogue: Callable[[], Catalogue]) -> dict[str, Any]:
    """Return `gettext` and `ngettext` for templates (`_` is Jinja's alias). `catalogue` is called for each message.

    Unlike Jinja's own they escape translations for HTML, and reject a message without a translation.
    """

    def catalogue_with(message: str) -> Catalogue:
        current = catalogue()
        if not current.has(message):
            file = f"messages/{current.language}.po"
            raise RejectedByTemplateFunction(f'msgid "{message}" has no translation; add one to {file}')
        return current

    # The translations of one catalogue, by message and whether they are escaped: a page has dozens. Most have no
    # values, and are kept as they are printed.
    known: dict[tuple[str, bool], str] = {}
    plain: dict[tuple[str, bool], str] = {}
    owner: Catalogue | None = None

    # Jinja makes a new context for each call within a loop if a function asks for the context.
    @pass_eval_context
    def gettext(settings: EvalContext, message: str, /, **values: Any) -> str:
        nonlocal owner
        current, escaped = catalogue(), bool(settings.autoescape)
        if current is not owner:
            known.clear()
            plain.clear()
            owner = current
        key = message, escaped
        if not values and key in plain:
            return plain[key]
        text = known.get(key)
        if text is None:
            text = catalogue_with(message).gettext(message)
            text = known[key] = escape(text) if escaped else text
        if values:
            return text % values
        printed = plain[key] = text % {}
        return printed

    @pass_eval_context
    def ngettext(settings: EvalContext, singular: str, plural: str, num: int, /, **values: Any) -> str:
        text = catalogue_with(singular).ngettext(singular, plural, num)
        return (escape(text) if settings.autoescape else text) % ({"num": num} | values)

    # Jinja's own alias would look for gettext at each call.
    return {"gettext": gettext, "ngettext": ngettext, "_": gettext}


def _range(*numbers: int) -> range:
    result = range(*numbers)
    if len(result) > MAX_RANGE:
        raise RejectedByTemplateFunction(f"range() has {len(result)} numbers here; at most {MAX_RANGE} are allowed")
    return result


def _autoescape(name: str | None) -> bool:
    """Escape HTML, but not the text part and style sheets. A template without a name is escaped to be safe."""
    return name is None or not name.endswith((".txt.j2", ".css.j2"))
