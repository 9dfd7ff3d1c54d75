"""`litestar texts`: brings templates/locale up to date with the templates."""

from __future__ import annotations

import io
from collections.abc import Iterator

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from routes.catalogue import LANGUAGES, path_of
from routes.sources import TEMPLATES

# The same as in routes/templates.py: both have to read a template alike.
_OPTIONS = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
_READERS = [("**.html", "jinja2.ext:babel_extract"), ("**.txt", "jinja2.ext:babel_extract")]
# No dates and no names: a catalogue changes only where a text does.
_HEADER = """\
# `make texts` adds the new texts of the templates and takes out those that are gone. Write the translation into msgstr;
# an entry marked fuzzy has got another Russian text: check it and delete the mark.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


@click.command("texts")
def texts_command() -> None:
    """Find the texts of all templates and write new ones into the catalogues, to be translated there."""
    for language in LANGUAGES:
        catalogue = read_catalogue(language)
        catalogue.update(found_for(language))
        path_of(language).write_text(_written(catalogue), encoding="utf-8")
        missing = [message for message in messages_of(catalogue) if not is_translated(message)]
        click.echo(f"{path_of(language).relative_to(TEMPLATES)}: {len(missing)} to translate")


def _written(catalogue: Catalog) -> str:
    file = io.BytesIO()
    write_po(
        file,
        catalogue,
        width=120,
        omit_header=True,
        sort_by_file=True,
        ignore_obsolete=True,
        include_previous=True,
        include_lineno=False,
    )
    header = _HEADER.format(language=catalogue.locale_identifier, plural_forms=catalogue.plural_forms)
    return header + file.getvalue().decode().strip() + "\n"


def read_catalogue(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def found_for(language: str) -> Catalog:
    """What the templates say and the language needs: of Russian, only the texts that depend on a number."""
    catalogue = Catalog()
    for file, _, text, _, context in extract_from_dir(TEMPLATES, _READERS, {"**": _OPTIONS}):
        if language != LANGUAGES[0] or isinstance(text, tuple):
            catalogue.add(text, locations=[(f"templates/{file}", 0)], context=context)
    return catalogue


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    """All but the header."""
    return (message for message in catalogue if message.id)


def is_translated(message: Message) -> bool:
    """Whether every form has a text, and none is marked as a guess."""
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(texts) and not message.fuzzy
