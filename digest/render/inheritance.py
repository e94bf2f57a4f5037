"""What Jinja passes over in silence when one template extends another: a block with a wrong name, a text in no block.

Looks at parsed templates; renders nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.parser import Parser


class Lost(TemplateSyntaxError):
    """A part of a template that would be shown nowhere."""


def judge(environment: Environment, tree: nodes.Template, name: str | None, filename: str | None) -> None:
    """Raises Lost for what `tree` holds in vain. A parent that is chosen at run time can't be judged."""
    at = next((place for place, node in enumerate(tree.body) if isinstance(node, nodes.Extends)), None)
    if at is None:
        return
    parent = tree.body[at].template  # type: ignore[attr-defined]
    if not isinstance(parent, nodes.Const) or not isinstance(parent.value, str):
        return
    if parent.value == name:
        raise Lost(f"it extends itself; ours is 'house/{name}'", parent.lineno, name, filename)
    known = _blocks(environment, parent.value, {name or ""})
    for node in tree.body[at + 1 :]:
        if isinstance(node, nodes.Block) and known is not None and node.name not in known:
            near = difflib.get_close_matches(node.name, sorted(known), n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else f"; it has {', '.join(sorted(known))}"
            raise Lost(f"'{parent.value}' has no block '{node.name}'{hint}", node.lineno, name, filename)
        for line, text in _said(node):
            raise Lost(f"{text!r} stands in no block, so it would be shown nowhere", line, name, filename)


def _blocks(environment: Environment, template: str, seen: set[str]) -> set[str] | None:
    """The names of the blocks of `template` and of those that it extends; None when one can't be known."""
    if template in seen or environment.loader is None:
        return None
    try:
        source, filename, _ = environment.loader.get_source(environment, template)
    except TemplateNotFound:
        return None
    tree = Parser(environment, source, template, filename).parse()
    found = {block.name for block in tree.find_all(nodes.Block)}
    for node in tree.find_all(nodes.Extends):
        above = node.template
        more = _blocks(environment, str(above.value), {*seen, template}) if isinstance(above, nodes.Const) else None
        if more is None:
            return None
        found |= more
    return found


def _said(node: nodes.Node) -> Iterator[tuple[int, str]]:
    """Line and beginning of the text that a node outside of blocks would print."""
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            if not isinstance(part, nodes.TemplateData):
                yield part.lineno, "{{ … }}"
            elif text := part.data.strip():
                line = part.lineno + part.data[: part.data.index(text)].count("\n")
                yield line, text.split("\n")[0][:40]
