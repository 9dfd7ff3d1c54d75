"""Templates in one language: what hangs on no value is translated when a template is compiled.

So a page has no look-up for each of its texts, and texts that stand side by side are written at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from routes.catalogue import Catalogue, current
from routes.design import ORIGINAL

_GETTEXT = {"_", "gettext"}


class Translated(Environment):
    """`_("…")`, `{% trans %}` and the names `language` and `languages` (what each calls itself) in templates;
    `pgettext("button", "…")` for a text that another language says in two ways.

    `constant` are functions of one text whose value never changes while the process lives: what they make of a text
    that stands in a template is worked out with it. So are `values`, by `{{ name.key }}`: a key that a name does not
    have is an error of the template. `N_("…")` only marks a text for the catalogue. With `marks` each line that comes
    from a template begins with an invisible sign and its number in that list of files and lines.
    """

    def __init__(
        self,
        language: str,
        catalogue: Catalogue,
        *,
        constant: Mapping[str, Callable[[str], str]] | None = None,
        values: Mapping[str, Mapping[str, str]] | None = None,
        marks: list[tuple[str, int]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(extensions=["jinja2.ext.i18n"], **options)
        self._language, self._catalogue, self._constant = language, catalogue, constant or {}
        self.values, self.marks = values or {}, marks
        self.globals |= {
            "language": language,
            "languages": catalogue.names,
            "N_": lambda text: text,
            **self._constant,
            **self.values,
        }
        self.install_gettext_callables(  # type: ignore[attr-defined]
            self._gettext,
            self._ngettext,
            newstyle=True,
            pgettext=self._pgettext,
        )

    def knows(self, name: str, values: Mapping[str, str]) -> None:
        """One more of `values`, for the templates that are compiled from now on."""
        self.values = {**self.values, name: values}
        self.globals[name] = values

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
        constants = _Constants(self, Markup if autoescape else str)
        try:
            parsed: nodes.Template = constants.visit(super()._parse(source, name, filename))
        except _NoConstantError as error:
            raise TemplateSyntaxError(error.said, error.line, name, filename) from None
        if self.marks is not None:
            _Marks(self.marks, name or "").visit(parsed)
        return parsed


class _NoConstantError(Exception):
    def __init__(self, said: str, line: int) -> None:
        super().__init__(said)
        self.said, self.line = said, line


class _Constants(NodeTransformer):
    """Puts the text in the place of a call that always gives it, and `text % values` where values are named."""

    def __init__(self, environment: Translated, kind: type[str]) -> None:
        self._environment, self._kind = environment, kind

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802 - Jinja's name
        match node:
            case nodes.Getattr(node=nodes.Name(name=name), attr=key) if name in self._environment.values:
                values = self._environment.values[name]
                if key not in values:
                    raise _NoConstantError(f"{name!r} has no {key!r}", node.lineno)
                # As what stands in a template: it is escaped where it is written.
                return nodes.Const(values[key], lineno=node.lineno)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        match node:
            case nodes.Call(
                node=nodes.Name(name=function), args=[nodes.Const(value=str(text))], dyn_args=None, dyn_kwargs=None
            ) if (said := self._said(function, text, node.lineno)) is not None:
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

    def _said(self, function: str, text: str, line: int) -> str | None:
        try:
            return self._environment.constant_of(function, text)
        except FileNotFoundError:
            raise _NoConstantError(f"{function}: there is no file {text!r}", line) from None


class _Marks(NodeTransformer):
    """Says in the page where each of its lines comes from."""

    def __init__(self, marks: list[tuple[str, int]], name: str) -> None:
        self._marks, self._name = marks, name

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802 - Jinja's name
        lines = node.data.split("\n")
        marked = []
        for line, text in enumerate(lines, node.lineno):
            self._marks.append((self._name, line))
            marked.append(f"\ue000{len(self._marks) - 1}\ue001{text}" if text.strip() else text)
        return nodes.TemplateData("\n".join(marked), lineno=node.lineno)


def in_every_language(languages: Sequence[str], make: Callable[[str], Translated]) -> Callable[[], Translated]:
    """What gives the environment in the language of the moment."""
    environments = {language: make(language) for language in languages}
    # A request may have come before the files of its language went.
    return lambda: environments.get(current()) or environments[ORIGINAL]
