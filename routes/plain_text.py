"""The plain text of an e-mail, made from its HTML: one source for both, so that neither says less than the other.

Headings and paragraphs stand apart, the cells of a row become `label: value`, and a link that is not its own address is
followed by it. What only belongs to the HTML has the class `html-only`.
"""

from __future__ import annotations

import re
from html import unescape

_APART = {"h1", "h2", "h3", "p", "ul", "table", "div"}
# What begins a line, and what ends one.
_LINE = {("", "br"), ("", "li"), ("/", "tr")}
_VOID = {"br", "img", "hr"}
# Of our own templates, where a value has neither `<` nor `>`. The library's parser takes five times as long.
_TAG = re.compile(r"<(/?)(\w+)([^>]*)>")
_ADDRESS = re.compile(r'\bhref="([^"]*)"')
_HTML_ONLY = re.compile(r'\bclass="[^"]*\bhtml-only\b')

_SPACES, _GAPS = re.compile(r"[ \t\r]+"), re.compile(r"\n{3,}")


def plain_text(html: str) -> str:
    """Ends with a line break, as text does."""
    # Its head says nothing, and holds all the styles.
    pieces = _TAG.split(html[html.find("<body") :])
    told, hidden, link = [pieces[0]], 0, ""
    for closing, tag, attributes, text in zip(*(pieces[place::4] for place in range(1, 5)), strict=True):
        if hidden or (not closing and _HTML_ONLY.search(attributes)):
            hidden += 0 if tag in _VOID else -1 if closing else 1
        elif tag == "a" and closing:
            told.append("" if told[-1] == link.removeprefix("mailto:") else f":\n{link}")
        elif tag == "a" and (address := _ADDRESS.search(attributes)):
            link = address[1]
        else:
            told.append(_break(tag, closing))
        told.append("" if hidden else text.replace("\n", " "))
    # Only ordinary spaces are taken together: one that does not break is meant.
    told_together = _SPACES.sub(" ", unescape("".join(told)))
    lines = "\n".join([line.strip(" ") for line in told_together.split("\n")])
    return _GAPS.sub("\n\n", lines).strip("\n") + "\n"


def _break(tag: str, closing: str) -> str:
    if tag in _APART:
        return "\n\n"
    if tag == "th":
        return ": " if closing else ""
    return "\n" if (closing, tag) in _LINE else ""
