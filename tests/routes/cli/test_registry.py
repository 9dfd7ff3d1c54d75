"""The commands as an operator runs them: each in a process of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from db.engine import Engine, run
from domain.registry import demo_company
from tests.commands import REGISTRY, Command
from tests.conftest import SECRET

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-W", "error", "-c", "from routes.cli.registry import registry_group; registry_group()"]
ACCOUNTS = "account_number;address\n1;ул. Тихая, 1\n2;ул. Тихая, 2\n"
CARD = "card_number,holder_id,login,email,phone\n9643900000000010,H1,tk1,ivan@example.org,+79000000001\n"

Registry = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(database: str, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KABINET_")}
    return {**kept, "KABINET_DATABASE": database, "KABINET_SECRET": SECRET, **settings}


@pytest.fixture
def registry(database: str) -> Registry:
    def run_command(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        return Command(REGISTRY, words, environment(database, **settings)).finished()

    return run_command


def started(database: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words], cwd=ROOT, env=environment(database),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    return written(tmp_path, "accounts.csv", ACCOUNTS)


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


async def numbers() -> list[str]:
    return [row["number"] for row in await run("SELECT number FROM accounts ORDER BY number")]


async def test_import_says_what_changed(registry: Registry, engine: Engine, accounts: Path, tmp_path: Path) -> None:
    first = registry("import", "accounts", accounts)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "accounts.csv: 2 added, 0 changed, 0 unchanged, 0 removed, 0 skipped\n"
    less = written(tmp_path, "less.csv", "address,account_number\nпер. Новый,2\n")
    tried = registry("import", "accounts", less, "--replace", "--dry-run")
    assert tried.stdout == (
        "less.csv: 0 added, 1 changed, 0 unchanged, 1 removed, 0 skipped (dry run, nothing was changed)\n"
        "less.csv: accounts with another address: 1; their customers see the new one\n"
    )
    assert await numbers() == ["1", "2"]
    registry("import", "bills", written(tmp_path, "bills.csv", "account_number\tperiod\tamount\n1\t09.2026\t5,50\n"))
    done = registry("import", "accounts", less, "--replace")
    assert done.stdout.splitlines()[0].endswith(
        "1 removed, 0 skipped; gone with them: 1 bills, 0 customers' attachments"
    )
    assert [row["number"] for row in await run("SELECT number FROM accounts WHERE absent_since IS NULL")] == ["2"]


async def test_a_file_that_was_cut_off_removes_nothing(
    registry: Registry, engine: Engine, accounts: Path, tmp_path: Path
) -> None:
    whole = written(tmp_path, "whole.csv", ACCOUNTS + "".join(f"{n};ул. Тихая, {n}\n" for n in range(3, 201)))
    assert registry("import", "accounts", whole).returncode == 0
    refused = registry("import", "accounts", accounts, "--replace")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "accounts.csv: --replace would remove 198 of 200 accounts: is the file whole?"
        " If it is, say --allow-removing 198\n"
    )
    tried = registry("import", "accounts", accounts, "--replace", "--dry-run")
    assert tried.stdout.splitlines()[1] == "accounts.csv: 198 of 200 would be removed: needs --allow-removing 198"
    assert registry("import", "accounts", accounts, "--replace", "--allow-removing", "197").returncode == 1
    assert registry("import", "accounts", accounts, "--replace", "--allow-removing", "198").returncode == 0
    back = registry("import", "accounts", whole)
    assert back.stdout == "whole.csv: 198 added, 0 changed, 2 unchanged, 0 removed, 0 skipped\n"


async def test_a_customer_who_loses_an_account_is_told_by_the_command(
    registry: Registry, engine: Engine, accounts: Path, tmp_path: Path
) -> None:
    registry("import", "accounts", accounts)
    people = "phone;last_name;first_name;patronymic;birth_date;email;account_numbers\n"
    registry(
        "import",
        "customers",
        written(tmp_path, "customers.csv", f"{people}+79000000001;Ким;Вера;;;kim@example.org;1|2\n"),
    )
    await run("UPDATE customers SET email_confirmed_at = registered_at")
    less = written(tmp_path, "less.csv", "account_number;address\n2;ул. Тихая, 2\n")
    assert registry("import", "accounts", less, "--replace", "--dry-run").returncode == 0
    assert await run("SELECT message FROM outbox") == []
    assert registry("import", "accounts", less, "--replace").returncode == 0
    assert [row["message"] for row in await run("SELECT message FROM outbox")] == ["account-lost"]
    assert [row["event"] for row in await run("SELECT event FROM journal")] == ["account-lost"]


async def test_a_bad_row_stops_the_import_unless_skipped(registry: Registry, engine: Engine, tmp_path: Path) -> None:
    bad = written(tmp_path, "bad.csv", ACCOUNTS + "3;\n4;ул. Тихая, 4\n")
    refused = registry("import", "accounts", bad)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines() == [
        "bad.csv, line 4, address: is empty",
        "bad.csv: nothing was imported; correct the rows above or leave them out with --skip-bad",
    ]
    assert await numbers() == []
    skipped = registry("import", "accounts", bad, "--skip-bad")
    assert (skipped.returncode, skipped.stderr) == (0, "bad.csv, line 4, address: is empty\n")
    assert skipped.stdout == "bad.csv: 3 added, 0 changed, 0 unchanged, 0 removed, 1 skipped\n"
    many = written(tmp_path, "many.csv", "account_number;address\n" + "1;\n" * 30)
    assert registry("import", "accounts", many).stderr.splitlines()[20] == "many.csv: and 10 more bad rows"


async def test_a_workbook_is_known_by_its_content(registry: Registry, engine: Engine, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (("Address", "Account_number"), ("ул. Тихая, 1", 7000000111), (None, None), (None, 7000000118.0)):
        book.worksheets[0].append(row)
    path = tmp_path / "export"
    book.save(path)
    done = registry("import", "accounts", path, "--skip-bad")
    assert done.stderr == "export, line 4, address: is empty\n"
    assert await numbers() == ["7000000111"]


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("none.csv", {}, "none.csv: cannot be read: No such file or directory"),
        ("", {}, "is a folder, not a file"),
        ("accounts.csv", {"KABINET_MODE": "staging"}, "KABINET_MODE: "),
        ("accounts.csv", {"KABINET_DATABASE": "postgresql://127.0.0.1:1/none"}, "The database cannot be used: "),
        ("empty.csv", {}, "empty.csv: the file is empty"),
        ("header.csv", {}, "header.csv: has no usable row, and --replace would remove everything"),
    ],
)
def test_every_refusal_is_one_line(
    registry: Registry, accounts: Path, name: str, settings: dict[str, str], said: str
) -> None:
    written(accounts.parent, "empty.csv", "")
    written(accounts.parent, "header.csv", "account_number;address\n")
    refused = registry("import", "accounts", accounts.parent / name, "--replace", **settings)
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    assert said in line


async def test_two_processes_at_once_both_succeed(database: str, engine: Engine, tmp_path: Path) -> None:
    rows = "".join(f"{number};ул. Тихая, {number}\n" for number in range(20_000))
    path = written(tmp_path, "accounts.csv", "account_number;address\n" + rows)
    both = [started(database, "import", "accounts", str(path)) for _ in range(2)]
    said = sorted(process.communicate(timeout=60) for process in both)
    assert said == [
        ("accounts.csv: 0 added, 0 changed, 20000 unchanged, 0 removed, 0 skipped\n", ""),
        ("accounts.csv: 20000 added, 0 changed, 0 unchanged, 0 removed, 0 skipped\n", ""),
    ]
    assert len(await numbers()) == 20_000


async def test_an_import_brings_the_schema_up_to_date(registry: Registry, accounts: Path, tmp_path: Path) -> None:
    database = f"sqlite:{tmp_path / 'new.sqlite'}"
    off = registry("import", "accounts", accounts, KABINET_DATABASE=database, KABINET_MIGRATE="off")
    assert off.returncode == 1
    assert off.stderr == "The database cannot be used: it has no schema yet; KABINET_MIGRATE=on makes it\n"
    assert registry("import", "accounts", accounts, KABINET_DATABASE=database).returncode == 0


def test_nothing_of_the_cards_can_be_found_in_the_file(registry: Registry, tmp_path: Path) -> None:
    database = tmp_path / "cards.sqlite"
    path = written(tmp_path, "cards.csv", CARD)
    assert registry("import", "cards", path, KABINET_DATABASE=f"sqlite:{database}").returncode == 0
    content = b"".join(file.read_bytes() for file in tmp_path.glob("cards.sqlite*"))
    assert b"tk1" in content
    for secret in (b"9643900000000010", b"964390", b"ivan@example.org", b"79000000001", b"9000000001"):
        assert secret not in content


def test_a_bad_row_is_told_without_what_stands_in_it(registry: Registry, tmp_path: Path) -> None:
    row = "9643900000000010,H1,tk1,ivan@example,+79000000001\n"
    refused = registry("import", "cards", written(tmp_path, "cards.csv", CARD + row))
    assert refused.stderr.splitlines()[0] == "cards.csv, line 3, email: is not an e-mail address"
    for secret in ("9643", "ivan", "79000"):
        assert secret not in refused.stderr


def test_a_bar_is_drawn_on_a_terminal_only(database: str, accounts: Path) -> None:
    ours, theirs = pty.openpty()
    subprocess.run(
        [*COMMAND, "import", "accounts", str(accounts)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=theirs,
        env={**environment(database), "TERM": "xterm", "COLUMNS": "80"}, timeout=60,
    )  # fmt: skip
    os.set_blocking(ours, False)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        drawn = terminal.readall().decode()
    os.close(theirs)
    assert "accounts.csv: writing" in drawn
    assert "reading" in drawn


async def test_demo_loads_the_fictitious_company_once(registry: Registry, engine: Engine) -> None:
    first = registry("demo", "--if-empty")
    assert (first.returncode, first.stderr) == (0, "")
    added = [f"{kind}: {len(rows(date(2026, 9, 15)))} added" for kind, rows in demo_company.ROWS.items()]
    assert [line.split(",")[0] for line in first.stdout.splitlines()] == added
    assert added[:4] == ["accounts: 500 added", "bills: 1500 added", "cards: 40 added", "customers: 5 added"]
    again = registry("demo", "--if-empty")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert "accounts: 0 added, 0 changed, 500 unchanged" in registry("demo").stdout


async def test_demo_leaves_production_alone(registry: Registry, engine: Engine) -> None:
    production = {
        "KABINET_MODE": "production",
        "KABINET_PUBLIC_URL": "https://kabinet.example.org",
        "KABINET_SMS": "https+kannel://user:word@sms.example.org/cgi-bin/sendsms",
        "KABINET_MAIL": "smtps://user:word@mail.example.org",
        "KABINET_MAIL_FROM": "kabinet@example.org",
        "KABINET_STAFF_EMAIL": "staff@example.org",
    }
    quiet = registry("demo", "--if-empty", **production)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    refused = registry("demo", **production)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "KABINET_MODE=production: the fictitious company is for development only\n"
    assert await numbers() == []
