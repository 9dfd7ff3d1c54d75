"""Texts in the language of the request. The Russian ones stand in the templates and are the ids of the others.

Each language is a folder of `templates/locale`. `templates/locale/ru` holds only the texts that depend on a number:
a template has two forms of them, Russian has three. Both are read as they are, there is no build step. A company's own
catalogue need only hold its own texts: what it does not have is taken from ours.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from jinja2 import TemplateSyntaxError

from routes.changed_texts import Key, Text, first_of, fits, former_texts, found_texts, strings_of
from routes.design import ORIGINAL, TEMPLATES, Design
from routes.slips import Slip, SlipError

_language: ContextVar[str] = ContextVar("language", default=ORIGINAL)
# As browsers ask for it (routes/language.py): without a region.
_TAG = re.compile("[a-z]{2,3}")


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


def _is_known(language: str) -> bool:
    try:
        return bool(_TAG.fullmatch(language)) and Locale.parse(language) is not None
    except UnknownLocaleError:
        return False


def path_of(language: str, folder: Path = TEMPLATES) -> Path:
    return folder / "locale" / language / "LC_MESSAGES" / "kabinet.po"


class Catalogue:
    """All texts, as they are now. Raises `SlipError` where a catalogue cannot be read."""

    def __init__(self, design: Design) -> None:
        self.languages = design.languages
        if unknown := [language for language in self.languages if not _is_known(language)]:
            names = (design.shown(design.template(f"locale/{name}")) for name in unknown)
            raise SlipError([Slip(name, 0, "is no language: a folder is named as de, fr or kk") for name in names])
        self._read = {language: _read_all(design, language) for language in self.languages}
        self._texts = {language: _texts(design, language, read) for language, read in self._read.items()}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Each language as itself calls it."""
        named = {language: Locale.parse(language).language_name or language for language in self.languages}
        return {language: name[:1].upper() + name[1:] for language, name in named.items()}

    def texts(self, language: str) -> GNUTranslations:
        return self._texts[language]

    def entries(self, language: str) -> Catalog:
        """As they stand in the files, a company's over ours."""
        return _merged(self._read[language])


class _Former(NullTranslations):
    """What a text says that has been changed since it was translated: what it said before."""

    def __init__(self, design: Design, catalogue: Catalog, texts: GNUTranslations) -> None:
        super().__init__()
        self._design, self._catalogue, self._known = design, catalogue, texts

    @cached_property
    def _former(self) -> dict[Key, Message]:
        try:
            return former_texts(found_texts(self._design), self._catalogue)
        except TemplateSyntaxError:
            # Another template is broken: whoever asks for it is told.
            return {}

    def _entry(self, text: Text, context: str | None) -> Message | None:
        entry = self._former.get((first_of(text), context))
        return entry if entry is not None and fits(text, strings_of(entry)) else None

    def gettext(self, message: str) -> str:
        entry = self._entry(message, None)
        return message if entry is None else next(strings_of(entry))

    def pgettext(self, context: str, message: str) -> str:
        entry = self._entry(message, context)
        return message if entry is None else next(strings_of(entry))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        entry = self._entry((msgid1, msgid2), None)
        if entry is None:
            return super().ngettext(msgid1, msgid2, n)
        return self._known.ngettext(entry.id[0], entry.id[1], n)


Read = tuple[Catalog, bytes]


def _read_all(design: Design, language: str) -> Sequence[Read]:
    paths = [path for folder in design.templates if (path := path_of(language, folder)).is_file()]
    if not paths and language == ORIGINAL:
        raise SlipError([Slip(design.shown(path_of(language)), 0, "there is no such file")])
    if not paths:
        # A folder alone is how a language begins: `make texts` has to start with it, and writes its catalogue.
        return [_compiled(Catalog(locale=language))]
    return [_read(path, path.stat().st_mtime_ns, design.shown(path)) for path in paths]


def _texts(design: Design, language: str, read: Sequence[Read]) -> GNUTranslations:
    first, *others = [GNUTranslations(io.BytesIO(compiled)) for _, compiled in read]
    for texts in others:
        first.add_fallback(texts)
    if language != ORIGINAL:
        first.add_fallback(_Former(design, _merged(read), first))
    return first


def _merged(read: Sequence[Read]) -> Catalog:
    merged = Catalog()
    for catalogue, _ in reversed(read):
        for message in catalogue:
            if message.id:
                merged.delete(message.id, message.context)
                merged[message.id] = message
    return merged


@lru_cache(maxsize=32)
def _read(path: Path, _modified: int, shown: str) -> Read:
    """A catalogue, and the same compiled. A translation that is marked fuzzy is shown until somebody has checked it."""
    catalogue = _parsed(path, shown)
    unfit = [one for one in catalogue if one.id and one.fuzzy and not fits(one.id, strings_of(one))]
    usable = _parsed(path, shown) if unfit else catalogue
    for message in unfit:
        usable.delete(message.id, message.context)
    return catalogue, _compiled(usable)[1]


def _compiled(catalogue: Catalog) -> Read:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue, use_fuzzy=True)
    return catalogue, compiled.getvalue()


def _parsed(path: Path, shown: str) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except PoFileError as error:
        raise SlipError([Slip(shown, error.lineno + 1, f"{error.args[0]}: {error.line.strip()}")]) from None
    except UnicodeDecodeError:
        raise SlipError([Slip(shown, 0, "is not UTF-8")]) from None
