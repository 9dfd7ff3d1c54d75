"""Each bad cell is named by its column, and never repeated."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.registry.kinds import KINDS, kinds
from domain.registry.rows import BadRow
from domain.sealing import Sealing
from domain.values.people import read_email
from domain.values.phones import read_phone

PERSON = ("+79000000001", "Ким", "Вера", "", "01.02.1990", "kim@example.org", "1|2")
ALL = kinds(Sealing("a secret of the tests"), ("RU",), date(2026, 9, 15))


@pytest.mark.parametrize(
    ("kind", "row", "column"),
    [
        ("accounts", ("", "a"), "account_number"),
        ("accounts", ("1", " "), "address"),
        ("accounts", ("1", "a\0b"), "address"),
        ("accounts", ("1", "\u200b"), "address"),
        ("accounts", ("1", "a" * 501), "address"),
        ("accounts", ("7+1", "a"), "account_number"),
        ("accounts", ("1" * 41, "a"), "account_number"),
        ("bills", ("1", "2026-11", "5"), "period"),
        ("bills", ("1", "11.2026", "5"), "period"),
        ("bills", ("1", "2062-01", "5"), "period"),
        ("bills", ("1", "2026-08", "-5"), "amount"),
        ("bills", ("1", "2026-08", "много"), "amount"),
        ("bills", ("1", "2026-08", ""), "amount"),
        ("cards", ("12345678901", "h", "l", "a@example.org", "+79000000001"), "card_number"),
        ("cards", ("1" * 20, "h", "l", "a@example.org", "+79000000001"), "card_number"),
        ("cards", ("1" * 16, "h" * 101, "l", "a@example.org", "+79000000001"), "holder_id"),
        ("cards", ("1" * 16, "h", "", "a@example.org", "+79000000001"), "login"),
        ("cards", ("1" * 16, "h", "l", "a@", "+79000000001"), "email"),
        ("cards", ("1" * 16, "h", "l", "a@example.org", "+78121234567"), "phone"),
        ("customers", ("", *PERSON[1:]), "phone"),
        ("customers", (PERSON[0], "", *PERSON[2:]), "last_name"),
        ("customers", (*PERSON[:2], "R2D2", *PERSON[3:]), "first_name"),
        ("customers", (*PERSON[:4], "30.02.1990", *PERSON[5:]), "birth_date"),
        ("customers", (*PERSON[:4], "01.02.2990", *PERSON[5:]), "birth_date"),
        ("customers", (*PERSON[:6], "1|+"), "account_numbers"),
    ],
)
def test_a_bad_cell_is_named_without_what_stands_in_it(kind: str, row: tuple[str, ...], column: str) -> None:
    bad = ALL[kind].clean((7, row))
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column) == (7, column)
    assert not any(cell.strip() in bad.reason for cell in row if len(cell.strip()) > 2)


def test_a_period_ends_with_the_next_month() -> None:
    """Of the day on which the file is read, over the turn of a year as well."""
    for today, last, beyond in (
        (date(2026, 9, 15), "2026-10", "2026-11"),
        (date(2026, 11, 30), "12.2026", "01.2027"),
        (date(2026, 12, 31), "2027-01", "2027-02"),
    ):
        bills = kinds(Sealing("a secret of the tests"), ("RU",), today)["bills"]
        assert isinstance(bills.clean((2, ("1", last, "0"))), tuple)
        assert bills.clean((2, ("1", beyond, "0"))) == BadRow(2, "period", "lies beyond the next month")


def test_a_bad_row_tells_its_key_where_that_can_be_read() -> None:
    bad = [ALL["bills"].clean((2, row)) for row in (("0-1", "2026-08", "x"), ("1", "x", "5"))]
    assert [row.key for row in bad if isinstance(row, BadRow)] == [("01", "2026-08"), None]


def test_what_the_readme_says_of_a_kind_is_so() -> None:
    """It need not name every one: `litestar registry kinds` does."""
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^litestar registry import (\w+) \S+ +# (.*)$", readme, re.MULTILINE)
    assert len(told) == 4
    for name, columns in told:
        assert tuple(re.sub(r" \([^)]*\)", "", columns).split("; ")) == ALL[name].column_names


def test_a_row_of_each_kind_in_the_form_that_is_stored() -> None:
    assert ALL["accounts"].clean((2, ("00-12", "ул.  Тихая,\n1"))) == (2, "0012", "ул. Тихая, 1", "", "")
    assert ALL["bills"].clean((2, ("1", "9.2026", "1 234,56 ₽"))) == (2, "1", "2026-09", 123456)
    customer = ALL["customers"].clean((2, PERSON))
    assert isinstance(customer, tuple)
    assert (customer[3:7], customer[-1]) == (("Ким", "Вера", "", date(1990, 2, 1)), "1|2")


@pytest.mark.parametrize("kind", KINDS)
def test_no_cell_is_normalised_however_long_it_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = [0]
    normalize: Any = unicodedata.normalize

    def counted(form: Any, text: str) -> str:
        lengths.append(len(text))
        return str(normalize(form, text))

    monkeypatch.setattr(unicodedata, "normalize", counted)
    columns = ALL[kind].columns
    for place, column in enumerate(columns):
        row = ["1"] * place + ["e" + "\u0301\u0316" * 50_000] + ["1"] * (len(columns) - place - 1)
        bad = ALL[kind].clean((1, row))
        assert isinstance(bad, BadRow)
        assert bad.column in {column.name, *(before.name for before in columns[:place])}
    assert max(lengths) <= 3000


PHONES = [
    *(f"+7{start}{end}" for start in (900, 930, 912, 999, 812, 700) for end in ("0000000", "0051234", "9999999")),
    "+79", "+375291234567", "+12025550123", "89123456789", "+7 912 345-67-89", "+791234567890",
]  # fmt: skip
EMAILS = [
    "a@example.org", "A.b+c-d@Example.ORG", "a@b", "a..b@example.org", ".a@example.org", "a-@example.org", "a@-b.ru",
    "a@b..ru", "a@127.0.0.1", "a@пример.рф", "Иван@example.org", "x" * 60 + "@example.org", "a@" + "b" * 64 + ".ru",
]  # fmt: skip


@pytest.mark.parametrize(("column", "text"), [*(("phone", p) for p in PHONES), *(("email", e) for e in EMAILS)])
def test_the_short_way_reads_what_the_long_one_does(column: str, text: str) -> None:
    """Twice: the second time from memory."""
    (read,) = (c.read for c in ALL["customers"].columns if c.name == column)
    sealing = Sealing("a secret of the tests")
    expected = read_phone(text, ("RU",)) if column == "phone" else read_email(text)
    for _ in range(2):
        values = read(text)
        if expected is None:
            assert values is None
        else:
            assert isinstance(values, tuple)
            assert sealing.unseal(values[1]) == expected
