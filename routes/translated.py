"""Templates in one language: what hangs on no value is translated when a template is compiled.

So a page has no look-up for each of its texts, and texts that stand side by side are written at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from routes.catalogue import LANGUAGES, Catalogue, current

_GETTEXT = {"_", "gettext"}


class Translated(Environment):
    """`_("…")`, `{% trans %}` and the name `language` in templates; `pgettext("button", "…")` for a text that another
    language says in two ways.

    `constant` are functions of one text whose value never changes while the process lives: what they make of a text
    that stands in a template is worked out with it. `N_("…")` only marks a text for the catalogue.
    """

    def __init__(
        self,
        language: str,
        catalogue: Catalogue,
        *,
        constant: Mapping[str, Callable[[str], str]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(extensions=["jinja2.ext.i18n"], **options)
        self._language, self._catalogue, self._constant = language, catalogue, constant or {}
        self._compiled_with = self._texts
        self.globals |= {"language": language, "N_": lambda text: text, **self._constant}
        self.install_gettext_callables(  # type: ignore[attr-defined]
            self._gettext,
            self._ngettext,
            newstyle=True,
            pgettext=self._pgettext,
        )

    @property
    def _texts(self) -> Any:
        return self._catalogue.texts(self._language)

    def _gettext(self, text: str) -> str:
        translated: str = self._texts.gettext(text)
        return translated

    def _ngettext(self, one: str, many: str, number: int) -> str:
        translated: str = self._texts.ngettext(one, many, number)
        return translated

    def _pgettext(self, context: str, text: str) -> str:
        translated: str = self._texts.pgettext(context, text)
        return translated

    def constant_of(self, function: str, text: str) -> str | None:
        """The text that a call in a template stands for; None where it has to be called."""
        if function in _GETTEXT:
            return self._gettext(text)
        return self._constant[function](text) if function in self._constant else None

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        autoescape = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        parsed: nodes.Template = _Constants(self, Markup if autoescape else str).visit(
            super()._parse(source, name, filename)
        )
        return parsed

    def _load_template(self, name: Any, globals: Any) -> Template:  # noqa: A002 - Jinja's own name
        if self.auto_reload and self._compiled_with is not (texts := self._texts):
            self._compiled_with = texts
            if self.cache is not None:
                self.cache.clear()
        return super()._load_template(name, globals)


class _Constants(NodeTransformer):
    """Puts the text in the place of a call that always gives it, and `text % values` where values are named."""

    def __init__(self, environment: Translated, kind: type[str]) -> None:
        self._environment, self._kind = environment, kind

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        match node:
            case nodes.Call(
                node=nodes.Name(name=function), args=[nodes.Const(value=str(text))], dyn_args=None, dyn_kwargs=None
            ) if (said := self._environment.constant_of(function, text)) is not None:
                pass
            case _:
                return node
        if function not in _GETTEXT:
            return nodes.Const(said, lineno=node.lineno)
        if not node.kwargs:
            # As Jinja does it: a percent sign is doubled in the template.
            return nodes.Const(self._kind(said) % {}, lineno=node.lineno)
        named = [nodes.Pair(nodes.Const(pair.key), pair.value) for pair in node.kwargs]
        return nodes.Mod(nodes.Const(self._kind(said)), nodes.Dict(named), lineno=node.lineno)


def in_every_language(make: Callable[[str], Translated]) -> Callable[[], Translated]:
    """What gives the environment in the language of the moment."""
    environments = {language: make(language) for language in LANGUAGES}
    return lambda: environments[current()]
