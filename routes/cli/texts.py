"""`litestar texts`: brings templates/locale up to date with the templates."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from routes.catalogue import path_of
from routes.changed_texts import Found, Key, first_of, former_texts, found_texts, key_of, strings_of
from routes.design import ORIGINAL, TEMPLATES, Design

# No dates and no names: a catalogue changes only where a text does.
_HEADER = """\
# `make texts` adds the new texts of the templates and takes out those that are gone. Write the translation into msgstr;
# an entry marked fuzzy has got another Russian text: it is shown until you have checked it and deleted the mark.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""

# How a text that has been changed notes what it was.
_WAS = "was: "


@click.command("texts")
def texts_command() -> None:
    """Bring the catalogues up to date with the templates, and say which texts are new, changed or gone."""
    found = found_texts(Design())
    for language in Design().languages:
        before = read_catalogue(language)
        wanted = found_for(language, found)
        former = former_texts(found, before) if language != ORIGINAL else {}
        after = _updated(before, wanted, former)
        path_of(language).parent.mkdir(exist_ok=True)
        path_of(language).write_text(_written(after), encoding="utf-8")
        for line in _told(found, before, after, former, language):
            click.echo(line)
        missing = [message for message in messages_of(after) if not is_translated(message)]
        click.echo(f"{path_of(language).relative_to(TEMPLATES.parent)}: {len(missing)} to translate or to check")


def _updated(before: Catalog, wanted: Catalog, former: Mapping[Key, Message]) -> Catalog:
    """The texts that are wanted, each with its translation; one that was changed keeps what it had, marked fuzzy."""
    after = Catalog(locale=before.locale)
    known = {key_of(message): message for message in messages_of(before)}
    for message in messages_of(wanted):
        entry, changed = known.get(key_of(message)), former.get(key_of(message))
        kept = message.clone()
        if entry is not None:
            kept.string, kept.flags = entry.string, kept.flags | entry.flags
            kept.user_comments = [one for one in entry.user_comments if entry.fuzzy or not one.startswith(_WAS)]
        elif changed is not None:
            kept.string, kept.flags = changed.string, kept.flags | {"fuzzy"}
            kept.user_comments = [_WAS + first_of(changed.id)]
        after[kept.id] = kept
    return after


def _told(
    found: Sequence[Found], before: Catalog, after: Catalog, former: Mapping[Key, Message], language: str
) -> Iterator[str]:
    """What is new, changed and gone, a line each with the place."""
    known, kept = ({key_of(message) for message in messages_of(one)} for one in (before, after))
    marked = {key_of(message): message for message in messages_of(after) if message.fuzzy}
    for one in found:
        place = f"templates/{one.file}:{one.line}"
        if one.key in marked:
            said = next(strings_of(marked[one.key]))
            was = " ".join(note.removeprefix(_WAS) for note in marked[one.key].user_comments if note.startswith(_WAS))
            yield f"{place}: changed: «{was}» -> «{one.key[0]}»: проверьте перевод ({language}): «{said}»"
        elif one.key in kept - known:
            yield f"{place}: new: «{one.key[0]}» ({language})"
    replaced = {key_of(message) for message in former.values()}
    for message in messages_of(before):
        if key_of(message) not in kept | replaced:
            where = path_of(language).relative_to(TEMPLATES.parent)
            yield f"{where}:{message.lineno}: gone: «{first_of(message.id)}»"


def _written(catalogue: Catalog) -> str:
    file = io.BytesIO()
    write_po(
        file,
        catalogue,
        width=120,
        omit_header=True,
        sort_by_file=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    header = _HEADER.format(language=catalogue.locale_identifier, plural_forms=catalogue.plural_forms)
    return header + file.getvalue().decode().strip() + "\n"


def read_catalogue(language: str) -> Catalog:
    """Empty for a language that has its folder and no texts yet."""
    if not path_of(language).is_file():
        return Catalog(locale=language)
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def found_for(language: str, found: Sequence[Found] | None = None) -> Catalog:
    """What the templates say and the language needs: of Russian, only the texts that depend on a number."""
    catalogue = Catalog()
    for file, _, text, context in found_texts(Design()) if found is None else found:
        if language != ORIGINAL or isinstance(text, tuple):
            catalogue.add(text, locations=[(f"templates/{file}", 0)], context=context)
    return catalogue


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    """All but the header."""
    return (message for message in catalogue if message.id)


def is_translated(message: Message) -> bool:
    """Whether every form has a text, and none is marked as a guess."""
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(texts) and not message.fuzzy
