"""Texts in the language of the request. The Russian ones stand in the templates and are the ids of the others.

`templates/locale/en` holds the English texts. `templates/locale/ru` holds only those that depend on a number:
a template has two forms of them, Russian has three. Both are read as they are, there is no build step.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent.parent / "templates" / "locale"
# The first is used for a visitor who asks for none of them.
LANGUAGES = ("ru", "en")
_language: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def current() -> str:
    """The language of the request, or of the message, that is being answered."""
    return _language.get()


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Everything within is said in `language`."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def path_of(language: str, folder: Path = LOCALE) -> Path:
    return folder / language / "LC_MESSAGES" / "kabinet.po"


class Catalogue:
    """All texts; with `reload` they are read again when their file has changed, as templates are."""

    def __init__(self, *, reload: bool, folder: Path = LOCALE) -> None:
        self._reload = reload
        self._files = {language: path_of(language, folder) for language in LANGUAGES}
        self._texts = {language: _read(file) for language, file in self._files.items()}

    def texts(self, language: str) -> GNUTranslations:
        """The same object until its file has changed."""
        return _read(self._files[language]) if self._reload else self._texts[language]


def _read(path: Path) -> GNUTranslations:
    return _read_as_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2 * len(LANGUAGES))
def _read_as_of(path: Path, _modified: int) -> GNUTranslations:
    with path.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
