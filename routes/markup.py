"""Whether a page's tags are closed, each in its order: a browser mends what it can, and seldom as it was meant.

The end tags that HTML lets be left out (`</p>`, `</li>`, `</td>`) are asked for too: our templates write them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import NamedTuple

# HTML, 13.1.2: elements without an end tag; within an SVG any may close itself.
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Fault(NamedTuple):
    """`line` (from 1) and `column` (from 0) of the page."""

    line: int
    column: int
    said: str


def faults_of(html: str) -> Sequence[Fault]:
    """In the order of the page."""
    tags = _Tags()
    tags.feed(html)
    tags.close()
    return sorted([*tags.faults, *tags.left_open()])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []
        self._open: list[tuple[str, int, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        for name in {name for name in names if names.count(name) > 1}:
            self._fault(f"<{tag}>: {name} стоит дважды")
        if tag not in _VOID:
            self._open.append((tag, *self.getpos()))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            if not any(name == "svg" for name, _, _ in self._open):
                self._fault(f"<{tag} />: так закрываются только теги внутри <svg>")
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        places = [place for place, (name, _, _) in enumerate(self._open) if name == tag]
        if not places:
            self._fault(f"</{tag}>: такой тег не открыт")
            return
        for name, line, column in self._open[places[-1] + 1 :]:
            self.faults.append(Fault(line, column, f"<{name}> не закрыт до </{tag}>"))
        del self._open[places[-1] :]

    def left_open(self) -> Iterator[Fault]:
        return (Fault(line, column, f"<{name}> не закрыт") for name, line, column in self._open)

    def _fault(self, said: str) -> None:
        line, column = self.getpos()
        self.faults.append(Fault(line, column, said))
