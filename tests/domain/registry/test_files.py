"""Every dialect an operator's file may come in; bad rows are named by their line, good ones are read."""

from __future__ import annotations

import os
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from domain.registry.files import opened_rows
from domain.registry.rows import BadRow, Misread, RegistryFileError

COLUMNS = ("account_number", "address")
ADDRESS = "г. Светлоречинск, ул. Ёлочная, д. 5"


def read(path: Path, columns: tuple[str, ...] = COLUMNS) -> list[object]:
    with opened_rows(path, columns) as rows:
        return list(rows)


def written(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "registry.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def midnight(*day: int) -> datetime:
    """What a date is in a workbook, which knows no time zones."""
    return datetime.combine(date(*day), time())


def workbook(folder: Path, *rows: tuple[Any, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    path = folder / "registry.bin"
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_dialect_is_read_alike(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    lines = [
        f"account_number{delimiter}address",
        f'7000000111{delimiter}"{ADDRESS}"',
        "",
        f'2{delimiter}"ул. ""Тихая"""',
    ]
    path = written(tmp_path, end.join(lines) + end, encoding)
    assert read(path) == [(2, ("7000000111", ADDRESS)), (4, ("2", 'ул. "Тихая"'))]


def test_header_in_any_order_and_case_with_extra_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "Owner; ADDRESS ;Account_Number;\nx;ул. Тихая;12;\n;;;\n")
    assert read(path) == [(2, ("12", "ул. Тихая"))]


def test_a_space_before_a_quoted_cell_does_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path, '"Account_Number"; "Address"\n12; "ул. Тихая; 5"\n')
    assert read(path) == [(2, ("12", "ул. Тихая; 5"))]


def test_lines_are_counted_through_a_cell_of_several(tmp_path: Path) -> None:
    path = written(tmp_path, 'account_number;address\n\n1;"ул. Тихая\nд. 5"\n2;b\n')
    assert read(path) == [(3, ("1", "ул. Тихая\nд. 5")), (5, ("2", "b"))]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("account_number;street\n1;a\n", "no column address"),
        ("a;b\n", "no column account_number, address"),
        ("account_number;address;ADDRESS\n1;a;b\n", "column address more than once"),
        (b"PK\x03\x04 and nothing more", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old .xls"),
        (bytes(range(256)) * 100, "no column"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(RegistryFileError, match=said) as refused:
        read(written(tmp_path, content))
    assert "\n" not in str(refused.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path, "folder"), (tmp_path / "none.csv", "No such file"), (tmp_path / "pipe", "regular")):
        with pytest.raises(RegistryFileError, match=said):
            read(path)


def test_a_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    assert read(written(tmp_path, "account_number;address")) == []


def test_wrong_number_of_cells(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "account_number,address\n1,a,b\n2\n3,c\n"))
    assert [(row.line, row.reason) for row in rows if isinstance(row, BadRow)] == [
        (2, "has 3 cells where the header has 2"),
        (3, "has 1 cells where the header has 2"),
    ]
    assert rows[-1] == (4, ("3", "c"))


@pytest.mark.parametrize("rest", [10, 20_000])
def test_an_unclosed_quote_costs_its_own_line_only(tmp_path: Path, rest: int) -> None:
    good = "".join(f"{number};ул. Тихая, {number}\n" for number in range(rest))
    rows = read(written(tmp_path, f'account_number;address\n0;"ул. Юрша\n{good}'))
    assert [row.line for row in rows if isinstance(row, BadRow)] == [2]
    assert rows[1] == (3, ("0", "ул. Тихая, 0"))
    assert len(rows) == rest + 1


def test_two_stray_quotes_do_not_swallow_the_lines_between(tmp_path: Path) -> None:
    rows = read(written(tmp_path, 'account_number;address\n0;"a\n1;b\n2;c\n3;"d\n4;e\n'))
    assert [row.line for row in rows if isinstance(row, BadRow)] == [2, 5]
    assert [row for row in rows if not isinstance(row, BadRow)] == [(3, ("1", "b")), (4, ("2", "c")), (6, ("4", "e"))]


def test_a_line_without_end_is_bad_and_the_next_is_read(tmp_path: Path) -> None:
    for long in ("x" * 400_000, "x;" * 200_000):
        rows = read(written(tmp_path, f"account_number;address\n1;{long}\n2;b\n"))
        assert isinstance(rows[0], BadRow)
        assert rows[1:] == [(3, ("2", "b"))]


def test_one_broken_byte_does_not_turn_utf8_into_windows_1251(tmp_path: Path) -> None:
    content = f"account_number;address\n1;{ADDRESS}\n2;{ADDRESS}\n".encode()
    rows = read(written(tmp_path, content + b"3;\xd0\n"))
    assert rows == [(2, ("1", ADDRESS)), (3, ("2", ADDRESS)), (4, ("3", "\ufffd"))]


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "account_number;address\n" + "1;a\n" * 50_000)
    seen: list[tuple[int, int]] = []
    with opened_rows(path, COLUMNS, lambda done, total: seen.append((done, total))) as rows:
        assert sum(1 for _ in rows) == 50_000
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)
    assert seen == sorted(seen)
    assert len(seen) > 5


def test_workbook_values_are_read_as_a_person_would_have_typed_them(tmp_path: Path) -> None:
    columns = ("account_number", "period", "amount", "birth_date")
    path = workbook(
        tmp_path,
        ("AMOUNT", "period", "account_number", "birth_date", "note"),
        (1234.56, midnight(2026, 9, 1), 7000000111.0, midnight(1990, 2, 1), "x"),
        (),
        (0.1 + 0.2, date(2026, 10, 31), 7000000111, date(1990, 2, 1)),
        (1.005, 10.202, "0012", "01.02.1990", None),
        ("1 234,56", 9.2026, 4276123412341234, None),
    )
    assert read(path, columns) == [
        (2, ("7000000111", "2026-09", "1234.56", "1990-02-01")),
        (4, ("7000000111", "2026-10", "0.30", "1990-02-01")),
        (5, ("0012", "10.2020", "1.01", "01.02.1990")),
        (6, ("4276123412341234", "9.2026", "1 234,56", "")),
    ]


@pytest.mark.parametrize("value", [12345678901234567890, 1e16, 7.5, True, midnight(2026, 1, 1), "#N/A"])
def test_a_value_that_a_spreadsheet_has_corrupted_is_not_guessed(tmp_path: Path, value: object) -> None:
    (row,) = read(workbook(tmp_path, COLUMNS, (value, "a")))
    assert isinstance(row, tuple)
    assert isinstance(row[1][0], Misread)


def test_a_workbook_that_lies_about_its_size_is_read_whole(tmp_path: Path) -> None:
    import zipfile

    source = workbook(tmp_path, COLUMNS, ("1", "a"), ("2", "b"))
    lying = tmp_path / "lying.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(lying, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            assert name != "xl/worksheets/sheet1.xml" or b'ref="A1:B3"' in content
            new.writestr(name, content.replace(b'ref="A1:B3"', b'ref="A1"'))
    assert read(lying) == [(2, ("1", "a")), (3, ("2", "b"))]


def test_a_workbook_cut_short_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, COLUMNS, *((number, "a") for number in range(500)))
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(RegistryFileError, match="damaged"):
        read(path)
    with pytest.raises(RegistryFileError, match="no column address"):
        read(workbook(tmp_path, ("account_number",)))
    with pytest.raises(RegistryFileError, match="empty"):
        read(workbook(tmp_path))
