"""The texts of templates, as Jinja reads them: line, text (both forms, where it depends on a number), context."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file

# The same as in routes/templates.py: both have to read a template alike.
_OPTIONS = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}


def texts_of(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], str | None]]:
    for line, text, _, context in extract_from_file("jinja2.ext:babel_extract", path, options=_OPTIONS):
        yield line, text, context
