"""Exports in the encodings of other systems: read, or refused by name, and never imported as gibberish."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from domain.registry import demo_company
from domain.registry.encoding import encoding_of
from domain.registry.files import opened_rows
from domain.registry.kinds import kinds
from domain.registry.rows import BadRow, RegistryFileError
from domain.sealing import Sealing

READ = {"utf-8": "utf-8-sig", "utf-8-sig": "utf-8-sig", "utf-16": "utf-16", "cp1251": "cp1251"}
REFUSED = {"koi8-r": "KOI8-R", "cp866": "cp866 (DOS)", "iso8859-5": "ISO 8859-5"}
# Demo rows that are ASCII alone tell nothing of an encoding.
_CYRILLIC = {"cards": {"login": "Карта Липовая"}}
_ROWS = {
    name: [{**row, **_CYRILLIC.get(name, {})} for row in rows_of(date(2026, 9, 15))[:5]]
    for name, rows_of in demo_company.ROWS.items()
}
KINDS: dict[str, tuple[tuple[str, ...], list[dict[str, str]]]] = {
    name: (kind.column_names, _ROWS[name])
    for name, kind in kinds(Sealing("a secret of the tests"), ("RU",), date(2026, 9, 15)).items()
    if not all(cell.isascii() for row in _ROWS[name] for cell in row.values())
}
FORMS: dict[str, Callable[[str], str]] = {"as is": str, "capitals": str.upper, "small": str.lower}


def written(folder: Path, kind: str, encoding: str, form: str = "as is", rows: int = 5) -> Path:
    columns, content = KINDS[kind]
    lines = [";".join(columns)] + [";".join(FORMS[form](row[c]) for c in columns) for row in content[:rows]]
    path = folder / f"{kind}.csv"
    path.write_bytes("\r\n".join(lines).encode(encoding, "strict" if encoding != "iso8859-5" else "ignore"))
    return path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", READ)
def test_what_can_be_told_for_certain_is_read(tmp_path: Path, kind: str, encoding: str, form: str) -> None:
    columns, content = KINDS[kind]
    with opened_rows(written(tmp_path, kind, encoding, form), columns) as rows:
        assert [row[1] for row in rows if not isinstance(row, BadRow)] == [
            tuple(FORMS[form](row[c]) for c in columns) for row in content[:5]
        ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", REFUSED)
def test_another_encoding_is_refused_by_line_column_and_name(
    tmp_path: Path, kind: str, encoding: str, form: str
) -> None:
    columns, content = KINDS[kind]
    first = next(column for column in columns if not content[0][column].isascii())
    with (
        pytest.raises(RegistryFileError) as refused,
        opened_rows(written(tmp_path, kind, encoding, form), columns) as rows,
    ):
        list(rows)
    assert str(refused.value) == (
        f"line 2, {first}: the text seems to be in {REFUSED[encoding]}; save the file in UTF-8"
    )


@pytest.mark.parametrize("encoding", [*READ, *REFUSED])
def test_a_single_row_is_enough(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "customers", encoding, rows=1)
    with path.open("rb") as file:
        assert encoding_of(file) == READ.get(encoding, encoding)


@pytest.mark.parametrize("name", ["koi8-r", "cp866"])
def test_a_file_without_a_letter_of_it_is_read(tmp_path: Path, name: str) -> None:
    """The column that nobody asks for may be in any encoding: what is imported is not touched by it."""
    path = tmp_path / "bills.csv"
    path.write_bytes("account_number;period;amount;note\n1;2026-09;5;Примечание\n".encode(name))
    with opened_rows(path, ("account_number", "period", "amount")) as rows:
        assert list(rows) == [(2, ("1", "2026-09", "5"))]


@pytest.mark.parametrize(
    "text", ["გიორგი", "Ελληνικά", "中文", "Čapek, Żukowski", "Иван 😀", unicodedata.normalize("NFD", "Ёлкин")]
)
def test_utf8_of_any_script_is_utf8(text: str) -> None:
    assert encoding_of(io.BytesIO(f"account_number;address\n1;{text}\n".encode())) == "utf-8-sig"
