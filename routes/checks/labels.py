"""A field's label in the form and in the summary of its errors: a customer looks for the one by the other."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from routes.slips import Slip

# The label of a box is a sentence that is agreed to; the summary names it in a word.
_FIELDS = {"field", "select", "text_area", "code_field", "password_field"}


def label_slips(shown: str, tree: nodes.Template) -> Iterator[Slip]:
    calls = [call for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)]
    in_form = dict(label for call in calls if _name(call) in _FIELDS for label in _of_field(call))
    for call in calls:
        if _name(call) == "summary" and len(call.args) > 1:
            for name, label, line in _of_summary(call.args[1]):
                if name in in_form and in_form[name] != label:
                    said = f"{name}: the summary says «{label}», the field «{in_form[name]}»"
                    yield Slip(shown, line, said)


def _name(call: nodes.Call) -> str:
    return call.node.name if isinstance(call.node, nodes.Name) else ""


def _of_field(call: nodes.Call) -> Iterator[tuple[str, str]]:
    match call.args:
        case [_, nodes.Const(value=str(name)), nodes.Const(value=str(label)), *_]:
            yield name, label


def _of_summary(pairs: nodes.Expr) -> Iterator[tuple[str, str, int]]:
    for pair in pairs.items if isinstance(pairs, nodes.List) else ():
        match pair:
            case nodes.Tuple(items=[nodes.Const(value=str(name)), nodes.Const(value=str(label))]):
                yield name, label, pair.lineno
