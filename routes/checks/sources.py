"""Templates as they stand: what cannot be compiled, names that a fragment does not say it needs, blocks not drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import Environment, TemplateSyntaxError, nodes

from routes.checks.labels import label_slips
from routes.slips import Slip
from routes.template_slips import in_words, needs_of
from routes.templates import Templates

# What every page gets (routes/page.py), and what Jinja itself gives.
_OF_A_PAGE = {"layout", "form", "notice", "path", "back", "signed_in", "tracks", "idle_until", "desk"}
_OF_JINJA = {"loop", "caller", "kwargs"}
_LAYOUT = "page.html"


def source_slips(templates: Templates) -> Iterator[Slip]:
    environment = templates.environment
    parsed: dict[str, nodes.Template] = {}
    for name, path in templates.design.find("*.html").items():
        if name.startswith("messages/"):
            continue  # they are drawn by another environment: routes/checks/drawn.py
        try:
            environment.compile(path.read_text(encoding="utf-8"), name, str(path))
            parsed[name] = environment.parse(path.read_text(encoding="utf-8"), name, str(path))
        except TemplateSyntaxError as error:
            yield Slip(templates.design.shown(path), error.lineno, in_words(error))
    # One that is broken has been told: no block is lost because of it.
    layout = parsed.get(_LAYOUT)
    drawn = {block.name for block in layout.find_all(nodes.Block)} if layout is not None else None
    for name, tree in parsed.items():
        path = templates.design.template(name)
        shown, source = templates.design.shown(path), path.read_text(encoding="utf-8")
        if tree.find(nodes.Extends) is not None:
            if drawn is not None:
                yield from _lost_blocks(shown, tree, drawn)
            yield from _unsaid_names(shown, source, tree, environment)
            yield from label_slips(shown, tree)
        used = {*_used(name, parsed), *_OF_A_PAGE}
        for unused in (needed for needed in needs_of(source) if needed not in used):
            yield Slip(shown, 1, f"{unused}: the comment «Needs» names it, and nothing uses it")


def _used(name: str, parsed: Mapping[str, nodes.Template]) -> set[str]:
    """The names that a template uses, by itself or by those that it includes."""
    tree = parsed.get(name)
    if tree is None:
        return set()
    used = {one.name for one in tree.find_all(nodes.Name)}
    for include in tree.find_all(nodes.Include):
        if isinstance(include.template, nodes.Const):
            used |= _used(include.template.value, parsed)
    return used


def _lost_blocks(shown: str, tree: nodes.Template, drawn: set[str]) -> Iterator[Slip]:
    for block in tree.body:
        if isinstance(block, nodes.Block) and block.name not in drawn:
            yield Slip(shown, block.lineno, f"{{% block {block.name} %}}: the layout has no such block")


def _unsaid_names(shown: str, source: str, tree: nodes.Template, environment: Environment) -> Iterator[Slip]:
    known = {*needs_of(source), *_OF_A_PAGE, *_OF_JINJA, *environment.globals}
    known |= {name.name for name in tree.find_all(nodes.Name) if name.ctx in {"store", "param"}}
    known |= {macro.name for macro in tree.find_all(nodes.Macro)}
    known |= {
        name if isinstance(name, str) else name[1] for one in tree.find_all(nodes.FromImport) for name in one.names
    }
    told: set[str] = set()
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known | told:
            told.add(name.name)
            yield Slip(shown, name.lineno, f"{name.name}: the comment «Needs» in the first line does not name it")
