"""A plain write is Piccolo's query builder's, everything else is SQL: docs/architecture.md, "Piccolo"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

DB = Path(__file__).parents[2] / "db"
# What is brought into place by an import has SQL of its own; the list of migrations is Piccolo's table.
QUERIES = sorted({*DB.glob("*.py")} - {DB / name for name in ("importer.py", "import_state.py", "portions.py")})
# Beyond what the builder says by comparing columns with values: rows come back, or the database works something out.
_MORE = re.compile(r"RETURNING|CASE|SELECT|ON CONFLICT|NOT \{|\bWITH\b|[-+] 1\b|= [a-z_]+\b(?!\()|COALESCE\([a-z_]+")


def is_plain_write(sql: str) -> bool:
    return sql.startswith(("INSERT", "UPDATE", "DELETE")) and not _MORE.search(sql)


def _text(node: ast.expr) -> str:
    """What is written of a statement; what stands in the place of a variable part is `{}`."""
    match node:
        case ast.Constant(str(value)):
            return value
        case ast.JoinedStr(values):
            return "".join(_text(value) for value in values)
        case ast.BinOp(left, ast.Add(), right):
            return _text(left) + _text(right)
        case _:
            return "{}"


def _statements(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            place = {"run": 0, "fetch": 1, "fetch_one": 1}.get(node.func.id)
            if place is not None:
                yield _text(node.args[place])


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("DELETE FROM sessions WHERE customer = {} AND id <> {}", True),
        ("UPDATE sessions SET ends_at = {} WHERE id = {}", True),
        ("UPDATE one_time_codes SET used_by = {}, wrong_tries = 0 WHERE id = {}", True),
        ("UPDATE card_links SET wrong_phones = wrong_phones + 1 WHERE id = {}", False),
        ("UPDATE sessions SET former_hash = token_hash WHERE id = {}", False),
        ("UPDATE outbox SET settled_at = COALESCE(settled_at, {}) WHERE id = {}", False),
        ("DELETE FROM sessions WHERE id = {} RETURNING id", False),
        ("DELETE FROM card_links WHERE holder_id IN (SELECT holder_id FROM customer_holders)", False),
        ("INSERT INTO captchas (id) VALUES ({}) ON CONFLICT (id) DO NOTHING", False),
        ("SELECT id FROM captchas WHERE id = {}", False),
    ],
)
def test_what_a_plain_write_is(sql: str, plain: bool) -> None:
    assert is_plain_write(sql) is plain


def test_a_plain_write_is_the_builders() -> None:
    assert [(path.name, sql) for path in QUERIES for sql in _statements(path) if is_plain_write(sql)] == []


def test_what_is_read_is_sql_with_a_typed_row() -> None:
    reading = {path.name for path in QUERIES if re.search(r"\.(select|objects|exists|count)\(", path.read_text())}
    assert reading == {"migrate.py"}
