"""What each kind of registry file holds: its columns, and how a cell becomes what the database keeps.

The first columns are the key that a row is found by. Card numbers and the e-mails and phones bound to them
leave here only as keyed hashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from domain.registry.rows import BadRow, Misread, Row
from domain.sealing import Sealing
from domain.values.account_numbers import read_account_number
from domain.values.card_numbers import read_card_number
from domain.values.money import read_amount
from domain.values.people import clean_text, fold_email, read_birth_date, read_email, read_name
from domain.values.periods import latest_period, read_period
from domain.values.phones import read_phone

# The values a cell becomes; None where it is malformed, or what else is wrong with it.
Read = Callable[[str], tuple[Any, ...] | Misread | None]
# Before it is normalised, whose time grows with the square of the length.
LONGEST_CELL = 3000
_LONGEST_ADDRESS = 500
_LONGEST_CODE = 100
_E164 = re.compile(r"\+[1-9][0-9]{9,14}")
_PLAIN_EMAIL = re.compile(r"([A-Za-z0-9_]{1,32}(?:[.+-][A-Za-z0-9_]{1,10}){0,3})@([A-Za-z0-9.-]{3,150})")
# Cells of a column, and their length: no file makes the memory grow.
_REMEMBERED, _LONGEST_REMEMBERED = 100_000, 100


@dataclass(frozen=True)
class Column:
    """`fault` ends the sentence "line 3, amount: …"; `empty` are the values of an empty cell, if it may be.

    Cells of a column that `repeats` stand in many rows: what they become is remembered.
    """

    name: str
    read: Read
    fault: str
    empty: tuple[Any, ...] | None = None
    repeats: bool = False
    remembered: dict[str | Misread, tuple[Any, ...]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Kind:
    """`made_from` are the arguments of `kinds`, by which another process makes the same one."""

    name: str
    key_columns: int
    columns: tuple[Column, ...]
    made_from: tuple[Sealing, tuple[str, ...], date]
    # Columns that a file may leave out, with the values of an empty cell then.
    optional: tuple[Column, ...] = ()

    def __reduce__(self) -> tuple[Callable[..., Kind], tuple[Any, ...]]:
        return _made, (self.name, *self.made_from)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def file_columns(self) -> tuple[str, ...]:
        """What is looked for in a file's header: `?` ends the names of those that may be missing."""
        return (*self.column_names, *(f"{column.name}?" for column in self.optional))

    def clean_all(self, rows: Iterable[Row | BadRow]) -> list[tuple[Any, ...] | BadRow]:
        return [row if isinstance(row, BadRow) else self.clean(row) for row in rows]

    def clean(self, row: Row) -> tuple[Any, ...] | BadRow:
        """The line and the values of a row, in the order of db/plans.py."""
        line, cells = row
        columns = self.columns
        if self.optional:
            columns += self.optional
            cells = (*cells, *[""] * (len(columns) - len(cells)))
        values: list[Any] = [line]
        key: list[str] = []
        for place, (column, cell) in enumerate(zip(columns, cells, strict=True)):
            read = column.remembered.get(cell) or _read(column, cell)
            if isinstance(read, str):
                return BadRow(line, column.name, read, tuple(key) if place >= self.key_columns else None)
            if place < self.key_columns:
                key.append(read[0])
            values += read
        return tuple(values)


def _read(column: Column, cell: str | Misread) -> tuple[Any, ...] | str:
    """The values, or what is wrong with the cell."""
    if isinstance(cell, Misread):
        return cell.reason
    if len(cell) > LONGEST_CELL:
        return f"is longer than {LONGEST_CELL} characters"
    if "\0" in cell or "\ufffd" in cell:
        return "holds a character that cannot be read"
    if not cell or cell.isspace():
        return "is empty" if column.empty is None else column.empty
    values = column.read(cell)
    if isinstance(values, Misread):
        return values.reason
    if values is None:
        return column.fault
    if column.repeats and len(cell) <= _LONGEST_REMEMBERED and len(column.remembered) < _REMEMBERED:
        column.remembered[cell] = values
    return values


def _made(name: str, sealing: Sealing, countries: Sequence[str], today: date) -> Kind:
    return kinds(sealing, countries, today)[name]


def kinds(sealing: Sealing, countries: Sequence[str], today: date) -> dict[str, Kind]:
    """All kinds by name; `countries` are those whose mobile numbers are accepted."""
    made_from = (sealing, tuple(countries), today)
    shared = _Shared(sealing, countries, today)
    optional = {"accounts": (_owner_key(today),)}
    return {
        name: Kind(name, keys, columns(shared), made_from, optional.get(name, ()))
        for name, (keys, columns) in _KINDS.items()
    }


class _Shared:
    """What several kinds read in the same way, made once: it remembers what it has read."""

    def __init__(self, sealing: Sealing, countries: Sequence[str], today: date) -> None:
        self.sealing, self.today = sealing, today
        self.account = Column("account_number", _one(read_account_number), "is not an account number")
        self.phone, self.email = _phone(sealing, countries), _email(sealing)


def _accounts(shared: _Shared) -> tuple[Column, ...]:
    return shared.account, Column("address", _one(_address), "is not an address")


def _owner_key(today: date) -> Column:
    """Whose account it is, as the company numbers owners; and the first month whose bill would be the new owner's."""
    month = f"{today:%Y-%m}"

    def values(text: str) -> tuple[str, str] | None:
        key = _code(text)
        return (key, month) if key else None

    return Column("owner_key", values, "is longer than 100 characters", ("", ""), repeats=True)


def _bills(shared: _Shared) -> tuple[Column, ...]:
    return (
        shared.account,
        _period(shared.today),
        Column("amount", _one(read_amount), "is not an amount such as 1234,56"),
    )


def _cards(shared: _Shared) -> tuple[Column, ...]:
    return (
        Column("card_number", lambda text: _card(shared.sealing, text), "is not 12 to 19 digits"),
        Column("holder_id", _one(_code), "is longer than 100 characters"),
        Column("login", _login, "is longer than 100 characters"),
        Column("email", lambda text: _first(shared.email(text)), "is not an e-mail address"),
        Column("phone", lambda text: _first(shared.phone(text)), _NOT_A_PHONE),
    )


def _customers(shared: _Shared) -> tuple[Column, ...]:
    name, birth_date = _one(read_name), _one(lambda text: read_birth_date(text, shared.today))
    return (
        Column("phone", shared.phone, _NOT_A_PHONE),
        # People share names and birthdays.
        Column("last_name", name, "is not a name", repeats=True),
        Column("first_name", name, "is not a name", repeats=True),
        Column("patronymic", name, "is not a name", ("",), repeats=True),
        Column("birth_date", birth_date, "is not a date", (None,), repeats=True),
        Column("email", shared.email, "is not an e-mail address", ("", "")),
        Column("account_numbers", _one(_account_numbers), "is not account numbers with |", ("",)),
    )


# Every kind, in the order in which they need each other: of how many columns its key is, and its columns.
_KINDS: Mapping[str, tuple[int, Callable[[_Shared], tuple[Column, ...]]]] = {
    "accounts": (1, _accounts),
    "bills": (2, _bills),
    "cards": (1, _cards),
    "customers": (1, _customers),
}
KINDS = tuple(_KINDS)
_NOT_A_PHONE = "is not a mobile number of the accepted countries"


def _period(today: date) -> Column:
    latest = latest_period(today)
    beyond = Misread("lies beyond the next month")

    def values(text: str) -> tuple[str] | Misread | None:
        period = read_period(text)
        return beyond if period is not None and period > latest else None if period is None else (period,)

    return Column("period", values, "is not a month such as 2026-09 or 09.2026", repeats=True)


def _one(read: Callable[[str], Any]) -> Read:
    """A column of one value. An empty text after cleaning is no value."""

    def values(text: str) -> tuple[Any] | None:
        value = read(text)
        return None if value is None or value == "" else (value,)

    return values


def _first(values: tuple[Any, ...] | Misread | None) -> tuple[Any] | None:
    return (values[0],) if isinstance(values, tuple) else None


def _login(text: str) -> tuple[str, str] | None:
    """As it is, and as it is compared: one login may not stand with two holders, whatever its letters' case."""
    login = _code(text)
    return (login, login.casefold()) if login else None


def _address(text: str) -> str | None:
    text = clean_text(text)
    return text if len(text) <= _LONGEST_ADDRESS else None


def _code(text: str) -> str | None:
    text = clean_text(text)
    return text if len(text) <= _LONGEST_CODE else None


def _card(sealing: Sealing, text: str) -> tuple[str, str] | None:
    """No check digit is asked for: what the company has issued is what counts."""
    digits = read_card_number(text)
    return None if digits is None else (sealing.keyed_hash("card", digits), digits[-4:])


def _phone(sealing: Sealing, countries: Sequence[str]) -> Read:
    @lru_cache(_REMEMBERED)
    def whole_block(start: str) -> bool:
        """Whether all numbers of a block of ten thousand, the smallest that are given out, are mobile."""
        return all(read_phone(start + end, countries) == start + end for end in ("0000", "4999", "9999"))

    def values(text: str) -> tuple[str, str] | None:
        # The rules of phonenumbers take half of the time of an import, and a region has few blocks.
        known = _E164.fullmatch(text) and whole_block(text[:-4])
        number = text if known else read_phone(text, countries)
        return None if number is None else (sealing.keyed_hash("phone", number), sealing.seal(number))

    return values


def _email(sealing: Sealing) -> Read:
    @lru_cache(_REMEMBERED)
    def domain_of(domain: str) -> str | None:
        address = read_email(f"a@{domain}")
        return None if address is None else address.removeprefix("a@")

    def values(text: str) -> tuple[str, str] | None:
        # Nothing but the domain needs a second look where the rest is plain.
        plain = _PLAIN_EMAIL.fullmatch(text)
        domain = domain_of(plain[2]) if plain else None
        address = f"{plain[1]}@{domain}" if plain and domain else read_email(text)
        if address is None:
            return None
        return sealing.keyed_hash("email", fold_email(address)), sealing.seal(address)

    return values


def _account_numbers(text: str) -> str | None:
    """In one order and each once, so that two spellings of one list are equal; `|` stands in no number."""
    if "|" not in text:
        return read_account_number(text)
    numbers = [read_account_number(part) for part in text.split("|")]
    return None if None in numbers else "|".join(sorted(set(filter(None, numbers))))
