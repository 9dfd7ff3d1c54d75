"""The page of a slip, for designers: it is made of no template, because any of them may be the broken one.

Only while developing, and only for whoever may see /dev (routes/host.py): it quotes the source. What a fragment got is
told by its names alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from routes.design import Design
from routes.slips import Slip
from routes.template_slips import TemplateSlip

_AROUND = 5


def slip_page(found: TemplateSlip, design: Design, *, whole: bool) -> str:
    """`whole`, or as a step by itself for htmx."""
    section = "".join(_section(found, design))
    if not whole:
        return f"<title>Ошибка в шаблоне</title>{section}"
    return (
        '<!DOCTYPE html><html lang="ru"><head><meta charset="utf-8"><title>Ошибка в шаблоне</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>{section}</body></html>'
    )


def _section(found: TemplateSlip, design: Design) -> Iterator[str]:
    yield '<link rel="stylesheet" href="/dev/slip.css">'
    yield '<section class="slip" id="slip" lang="ru"><h1 tabindex="-1" autofocus>Ошибка в шаблоне</h1>'
    for slip in found.slips:
        yield f'<p class="said">{escape(slip.said)}</p>'
        yield f"<p><code>{escape(slip.file)}{f':{slip.line}' if slip.line else ''}</code></p>"
        yield from _source(slip, design)
    yield from _needs(found)
    if found.original:
        yield f'<p class="original" lang="en"><code>{escape(found.original)}</code></p>'
    yield "<p>Сохраните исправленный файл: страница откроется сама.</p></section>"


def _source(slip: Slip, design: Design) -> Iterator[str]:
    path = design.named(slip.file)
    if path is None or not slip.line:
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    first = max(1, slip.line - _AROUND)
    # Of a block that is never closed the last line is told: it may be one after the end.
    line = min(slip.line, len(lines))
    yield f'<ol start="{first}">'
    for number, text in enumerate(lines[first - 1 : slip.line + _AROUND], first):
        mark = ' class="here" aria-current="true"' if number == line else ""
        yield f'<li{mark} value="{number}"><code>{escape(text) or " "}</code></li>'
    yield "</ol>"


def _needs(found: TemplateSlip) -> Iterator[str]:
    if not found.fragment:
        return
    missing = [name for name in found.needs if name not in found.got]
    yield f"<h2>Что получил {escape(found.fragment)}</h2><dl>"
    for title, names in (("Нужно (Needs)", found.needs), ("Получено", found.got), ("Не хватает", missing)):
        told = " ".join(f"<code>{escape(name)}</code>" for name in names) or "—"
        yield f"<dt>{title}</dt><dd>{told}</dd>"
    yield "</dl>"
