"""What a command writes is judged by the portal, so it goes by the portal's time: that of the database."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from db.engine import Engine, run
from tests.routes.cli.test_registry import ACCOUNTS, COMMAND, ROOT, environment, written

# The command on a machine whose date is two days ahead.
_AHEAD = """
from datetime import datetime, timedelta
from db import clock
from routes.cli import registry
class Ahead(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(days=2)
clock.datetime = registry.datetime = Ahead
registry.registry_group()
"""


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_an_import_goes_by_the_clock_of_the_database(database: str, engine: Engine, tmp_path: Path) -> None:
    """Else its e-mails would wait for two days, or have expired before anybody could send them."""
    people = "phone;last_name;first_name;patronymic;birth_date;email;account_numbers\n"
    files = {
        "whole": written(tmp_path, "accounts.csv", ACCOUNTS),
        "customers": written(tmp_path, "customers.csv", f"{people}+79000000001;Ким;Вера;;;kim@example.org;1|2\n"),
        "less": written(tmp_path, "less.csv", "account_number;address\n2;ул. Тихая, 2\n"),
    }
    for words in (
        ("accounts", files["whole"]),
        ("customers", files["customers"]),
        ("accounts", files["less"], "--replace"),
    ):
        command = [*COMMAND[:-1], _AHEAD, "import", *words]
        await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environment(database), check=True)
        await run("UPDATE customers SET email_confirmed_at = registered_at")
    for column, table in (
        ("registered_at", "customers"), ("attached_at", "customer_accounts"), ("absent_since", "accounts"),
        ("at", "journal"), ("created_at", "outbox"), ("next_at", "outbox"),
    ):  # fmt: skip
        (row,) = await run(f"SELECT max({column}) <= clock_timestamp() AS past FROM {table}")
        assert row["past"] is True, (table, column)
