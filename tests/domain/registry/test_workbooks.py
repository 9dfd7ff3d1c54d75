"""Workbooks that are small as files and huge when unpacked: each refused in a line, in little memory."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from domain.registry.files import opened_rows
from domain.registry.rows import BadRow, RegistryFileError

COLUMNS = ("account_number", "address")
ROOT = Path(__file__).parents[3]
SHEET, TEXTS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
_TABLE = f'<sst xmlns="{SHEET_MAIN_NS}"><si><t>a</t></si></sst>'.encode()
_OVERRIDE = f'<Override PartName="/{TEXTS}" ContentType="{SHARED_STRINGS}"/>'.encode()
# More than this a workbook of the limits may take; megabytes.
MOST = 400


def workbook(folder: Path, *rows: tuple[str, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in rows or (COLUMNS, ("1", "ул. Тихая, 1")):
        book.worksheets[0].append(row)
    path = folder / "whole.xlsx"
    book.save(folder / "without texts.xlsx")
    # openpyxl writes texts into their cells, where spreadsheets have a table of them.
    with zipfile.ZipFile(folder / "without texts.xlsx") as old, zipfile.ZipFile(path, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"</Types>", _OVERRIDE + b"</Types>"))
        new.writestr(TEXTS, _TABLE)
    return path


def with_part(folder: Path, name: str, before: bytes, inside: Iterator[bytes], after: bytes = b"") -> Path:
    """A workbook with `inside` put between, so that `before` still stands in front of it and `after` behind."""
    changed = folder / "changed.xlsx"
    with zipfile.ZipFile(workbook(folder)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = old.read(part)
            if part != name:
                new.writestr(part, content)
                continue
            head, found, tail = content.partition(before)
            assert found
            with new.open(part, "w", force_zip64=True) as file:
                file.write(head + found)
                for piece in inside:
                    file.write(piece)
                file.write(after + tail)
    return changed


def rows_behind(folder: Path, *rows: bytes) -> Path:
    return with_part(folder, SHEET, b"</row>", iter(rows))


def many(piece: bytes, megabytes: int) -> Iterator[bytes]:
    block = piece * (2**20 // len(piece))
    return (block for _ in range(megabytes))


def refusal(path: Path) -> str:
    """What a process of its own says of it; its peak stays below `MOST`."""
    script = (
        "import re, sys; from pathlib import Path; from domain.registry.files import opened_rows\n"
        "from domain.registry.rows import RegistryFileError\n"
        "try:\n"
        "    with opened_rows(Path(sys.argv[1]), ('account_number', 'address')) as rows: print(sum(1 for _ in rows))\n"
        "except RegistryFileError as error: print(error)\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    *said, peak = done.stdout.splitlines()
    assert int(peak) < MOST
    (line,) = said
    return line


BIG = "the workbook unpacks to far more than a registry needs: save it as CSV"


@pytest.mark.parametrize(
    ("name", "before", "piece"),
    [
        (TEXTS, b"<si>", b"<t>a</t></si><si>"),
        (TEXTS, b"<si>", b"<r><t>a</t></r>"),
        (SHEET, b"</row>", b'<row><c t="n"><v>1</v></c></row>'),
        (SHEET, b"</row>", b'<row r="7" ht="12"/>'),
        (SHEET, b"</sheetData>", b'<mergeCell ref="A1:A2"/>'),
        (SHEET, b"<sheetData>", b"          "),
        (STYLES, b"</fonts>", b"<font/>"),
        ("xl/workbook.xml", b"<sheets>", b"<sheet/>"),
        ("[Content_Types].xml", b">", b"          "),
    ],
)
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path, name: str, before: bytes, piece: bytes) -> None:
    path = with_part(tmp_path, name, before, many(piece, 40))
    assert path.stat().st_size < 3 * 2**20
    assert refusal(path) == BIG


def test_rows_without_number_and_end_are_refused(tmp_path: Path) -> None:
    assert refusal(with_part(tmp_path, SHEET, b"</row>", many(b"<row/>", 7))) == BIG


def test_texts_without_end_are_refused(tmp_path: Path) -> None:
    assert refusal(with_part(tmp_path, TEXTS, b"</si>", many(b"<si/>", 11))) == BIG


def test_a_row_without_end_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = with_part(tmp_path, SHEET, b"</row>", many(b"<c><v>1</v></c>", 7), b"</row>")
    with zipfile.ZipFile(path) as book:
        assert book.getinfo(SHEET).file_size > 6 * 2**20
    assert refusal(path) == BIG


@pytest.mark.parametrize("number", ["1048577", "1000000000", "9" * 30])
def test_a_row_that_no_sheet_has_is_refused(tmp_path: Path, number: str) -> None:
    row = f'<row r="{number}"><c r="A{number}"><v>1</v></c></row>'.encode()
    assert refusal(rows_behind(tmp_path, row)) == f"row {number[:20]}: a sheet ends at row 1048576"


@pytest.mark.parametrize("column", ["XFE", "AAAA", "ZZZZZZ"])
def test_a_column_that_no_sheet_has_is_refused(tmp_path: Path, column: str) -> None:
    row = f'<row r="3"><c r="{column}3"><v>1</v></c></row>'.encode()
    with (
        pytest.raises(RegistryFileError, match=f"cell {column}3: a sheet ends at column XFD"),
        opened_rows(rows_behind(tmp_path, row), COLUMNS) as rows,
    ):
        list(rows)


def test_gaps_between_rows_and_cells_cost_nothing(tmp_path: Path) -> None:
    """A hundred thousand rows far apart, each with its only value in the last column of all."""
    wide = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(10, 1_000_000, 10))
    path = rows_behind(
        tmp_path, wide, b'<row r="1048576"><c r="A1048576"><v>7</v></c><c r="B1048576"><v>8</v></c></row>'
    )
    with opened_rows(path, COLUMNS) as rows:
        read = list(rows)
    assert len(read) == 99_999 + 2
    assert isinstance(read[0], BadRow)
    assert read[-2:] == [(1_048_576, ("7", "8")), (2, ("1", "ул. Тихая, 1"))]


@pytest.mark.parametrize("name", [TEXTS, SHEET, STYLES, "xl/workbook.xml"])
def test_entities_are_refused(tmp_path: Path, name: str) -> None:
    whole, changed = workbook(tmp_path), tmp_path / "entities.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == name:
                content = (
                    b'<!DOCTYPE x [<!ENTITY a "b">]>' + content[content.find(b"?>") + 2 if b"?>" in content else 0 :]
                )
            new.writestr(part, content)
    assert refusal(changed) == "the workbook holds a document type of its own, which no spreadsheet writes"


def test_a_workbook_as_large_as_registries_are_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path, COLUMNS, *((str(n), f"ул. Тихая, {n}") for n in range(5_000)))
    with opened_rows(path, COLUMNS) as rows:
        assert sum(1 for row in rows if not isinstance(row, BadRow)) == 5_000


def test_texts_in_a_table_are_read_with_their_runs_and_without_readings(tmp_path: Path) -> None:
    run = b"<r><rPr><b/></rPr><t>ul. </t></r><r><t>1</t></r><rPh><t>x</t></rPh></si><si><t/></si><si><t>7</t>"
    table = with_part(tmp_path, TEXTS, b"<si>", iter([run + b"</si><si>"]))
    path = tmp_path / "texts.xlsx"
    row = b'<row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3" t="s"><v>0</v></c></row>'
    with zipfile.ZipFile(table) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"</sheetData>", row + b"</sheetData>"))
    with opened_rows(path, COLUMNS) as rows:
        assert list(rows)[1] == (3, ("7", "ul. 1"))
