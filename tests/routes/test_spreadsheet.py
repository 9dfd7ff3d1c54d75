"""A file that Excel opens, and in which no cell is a formula, whatever the registry says."""

from __future__ import annotations

import csv

import pytest

from routes.spreadsheet import spreadsheet


def read(file: bytes) -> list[list[str]]:
    return list(csv.reader(file.decode("utf-8-sig").split("\r\n")[:-1], delimiter=";"))


def test_the_cells_are_what_was_put_in() -> None:
    rows = [["Адрес", "Сумма"], ['г. Пермь; ул. "Юрша", 5', "1234,56"], ["", "0,00"]]
    file = spreadsheet(rows)
    assert file.startswith(b"\xef\xbb\xbf")
    assert file.endswith(b"\r\n")
    assert read(file) == rows


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1", "=cmd|'/C calc'!A0", "+7 900", "-5", "@SUM(A1)", "|1", "%1",
        "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u2003=1", "\ufeff=1", "\u200b=1", "＝1+1",
        "＋1", "－1", "＠SUM(1)",
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell: str) -> None:
    assert f'"\'{cell}"'.encode() in spreadsheet([[cell]])


@pytest.mark.parametrize("cell", ["7000000111", "АБ/12", "г. Пермь, 5-7", "5,00", "2036-08", "д. 3 = 5", "'", ""])
def test_what_is_none_stays_as_it_is(cell: str) -> None:
    assert read(spreadsheet([["", cell]])) == [["", cell]]
