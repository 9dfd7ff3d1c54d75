"""Faults in the tags of a page, by the line of the template that wrote them.

A page is drawn once more for that, with an invisible mark at the beginning of each line that comes from a template:
only where a fault was found, and only while developing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from routes.design import Design
from routes.markup import faults_of
from routes.slips import Slip

_MARK = re.compile("\ue000(\\d+)\ue001")
# What was drawn with marks, and what they stand for: the name of a template, and a line of it.
Marked = tuple[str, Sequence[tuple[str, int]]]


def markup_slips(html: str, design: Design, template: str, draw_marked: Callable[[], Marked]) -> Sequence[Slip]:
    """Empty for a page without fault, which is not drawn again."""
    if not faults_of(html):
        return []
    drawn, marks = draw_marked()
    told: list[tuple[int, str, int]] = []
    bare, end = "", 0
    for found in _MARK.finditer(drawn):
        bare += drawn[end : found.start()]
        end = found.end()
        told.append((len(bare), *marks[int(found[1])]))
    bare += drawn[end:]
    starts = [0, *(found.end() for found in re.finditer("\n", bare))]
    slips = []
    for fault in faults_of(bare):
        offset = starts[fault.line - 1] + fault.column
        _, name, line = ([(0, template, 0)] + [mark for mark in told if mark[0] <= offset])[-1]
        slips.append(Slip(design.shown(design.template(name)), line, fault.said))
    return list(dict.fromkeys(slips))


def with_slips(html: str, slips: Sequence[Slip]) -> str:
    """The page with a bar of its slips, which the script that follows the files writes to the console too."""
    if not slips:
        return html
    lines = "".join(f"<li>{escape(str(slip))}</li>" for slip in slips)
    bar = f'<link rel="stylesheet" href="/dev/slip.css"><ul class="markup-slips" lang="ru">{lines}</ul>'
    return html.replace("</body>", f"{bar}</body>") if "</body>" in html else html + bar
