"""How far an import on SQLite has come: readers look at it, and after a kill it tells what to clear up.

There is at most one row. Until it is `decided` the import can be undone: bills numbered above `last_bill` and all
rows of `bill_changes` are ignored by readers. From then on it can only be finished: readers see these bills,
`bill_changes` says which others are changed or removed, and `changes` names the file with the differences that are
not in place yet.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from db.plan import Plan
from db.portions import Portions
from db.staging import SQLiteStaging

_MOVED = (
    "UPDATE bills SET amount_kopecks = c.amount_kopecks FROM bill_changes c"
    " WHERE bills.id = c.bill AND c.amount_kopecks IS NOT NULL AND c.{portion}",
    "DELETE FROM bills WHERE id IN (SELECT bill FROM bill_changes WHERE amount_kopecks IS NULL AND {portion})",
)


async def hide(tables: SQLiteStaging, kind: str) -> None:
    await tables.execute(
        "INSERT INTO import_state (id, kind, decided, last_bill, changes, at)"
        f" SELECT 1, '{kind}', false, COALESCE(MAX(id), 0), '', '' FROM bills"
    )


async def decide(tables: SQLiteStaging, kind: str, now: datetime, changes: str) -> None:
    """Decide the import, in one statement: from here on readers see it."""
    await tables.execute(
        "INSERT INTO import_state (id, kind, decided, last_bill, changes, at)"
        f" VALUES (1, '{kind}', true, 0, '{changes}', '{now.isoformat()}')"
        " ON CONFLICT (id) DO UPDATE SET decided = true, changes = excluded.changes, at = excluded.at"
    )


async def finish_bills(tables: SQLiteStaging) -> None:
    await Portions(tables).drain("bill_changes", "bill", _MOVED)


async def end(tables: SQLiteStaging) -> None:
    await tables.execute("DELETE FROM import_state")


async def clear_up(tables: SQLiteStaging, plans: dict[str, Plan]) -> None:
    """Undo or finish a killed import. The caller holds the turn of imports."""
    if rows := await tables.fetch("SELECT kind, decided, last_bill, changes, at FROM import_state"):
        (state,) = rows
        if not state["decided"]:
            await Portions(tables).delete("bills", "id", state["last_bill"])
            await Portions(tables).delete("bill_changes", "bill", 0)
        elif state["changes"]:
            await _finish(tables, plans[state["kind"]], state["changes"], datetime.fromisoformat(state["at"]))
        else:
            await finish_bills(tables)
        await end(tables)
    for path in tables.stale_changes():
        path.unlink(missing_ok=True)


async def _finish(tables: SQLiteStaging, plan: Plan, changes: str, at: datetime) -> None:
    path = tables.changes.with_name(changes)
    if not path.is_file():
        # The file was removed by hand: the next import of this kind brings what is not in place yet.
        return
    await tables.attach(path, instead=True)
    try:
        await Portions(tables).bring(plan.steps, at)
    finally:
        await tables.attach(Path(tables.changes), instead=True)
