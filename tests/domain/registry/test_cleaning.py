"""Rows of a long file go through processes of their own, and nothing else changes by that."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.registry import cleaning
from domain.registry.cleaning import CleaningError, cleaned
from domain.registry.demo_company import ROWS
from domain.registry.kinds import KINDS, Kind, kinds
from domain.registry.rows import BadRow, Misread, RegistryFileError, Row
from domain.sealing import Sealing

ALL = kinds(Sealing("a secret of the tests, long enough to be one"), ("RU",), date(2026, 9, 15))
MANY = 30_000
CELLS = {
    # Of any other kind: its first demo row over and over.
    **{name: [rows(date(2026, 9, 15))[0][column] for column in ALL[name].column_names] for name, rows in ROWS.items()},
    "accounts": ("{0}", "ул. Тихая, {0}"),
    "bills": ("{0}", "09.2026", "{0},50"),
    "cards": ("{0:016d}", "H{0}", "Tk{0}", "", "+79{0:09d}"),
    "customers": ("+79{0:09d}", "Ким", "Вера", "", "1.2.1990", "k{0}@example.org", "{0}|1"),
}


def rows_of(kind: str, count: int) -> Iterator[Row | BadRow]:
    for n in range(count):
        cells = [cell.format(n) for cell in CELLS[kind]]
        match n % 1000:
            case 7:
                yield BadRow(n, "", "has a quote out of place")
            case 8:
                yield n, [Misread("is a number with a fraction"), *cells[1:]]
            case 9:
                yield n, [cells[0], "x" * 100_000, *cells[2:]]
            case _:
                yield n, cells


def processes_of(parent: int) -> list[int]:
    """Its cleaners (proc_pid_stat(5))."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat[1]) == parent and is_running(int(folder.name)):
            found.append(int(folder.name))
    return found


def is_running(process: int) -> bool:
    """Whether it is a cleaner; the command line of one that has ended is empty."""
    try:
        return b"domain.registry.cleaner" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def without_sealed(kind: str, row: tuple[Any, ...] | BadRow) -> tuple[Any, ...] | BadRow:
    """What is sealed differs each time."""
    return row if kind != "customers" or isinstance(row, BadRow) else (*row[:2], *row[3:8], *row[9:])


@pytest.mark.parametrize("kind", KINDS)
async def test_processes_make_of_rows_what_one_makes_of_them(kind: str) -> None:
    found = [row async for chunk in cleaned(ALL[kind], rows_of(kind, MANY)) for row in chunk]
    alone = ALL[kind].clean_all(rows_of(kind, MANY))
    assert [without_sealed(kind, row) for row in found] == [without_sealed(kind, row) for row in alone]
    assert processes_of(os.getpid()) == []


async def test_what_processes_have_sealed_is_read() -> None:
    sealing = ALL["customers"].made_from[0]
    rows = [row async for chunk in cleaned(ALL["customers"], rows_of("customers", MANY)) for row in chunk]
    last = rows[-1]
    assert not isinstance(last, BadRow)
    assert (sealing.unseal(last[2]), sealing.unseal(last[8])) == (f"+79{MANY - 1:09d}", f"k{MANY - 1}@example.org")


@pytest.mark.parametrize("count", [0, 1, 999, 20_000])
async def test_a_short_file_starts_no_process(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    found = [row async for chunk in cleaned(ALL["bills"], rows_of("bills", count)) for row in chunk]
    assert found == ALL["bills"].clean_all(rows_of("bills", count))


async def test_no_more_rows_are_read_than_are_on_their_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    read = 0

    def counted() -> Iterator[Row | BadRow]:
        nonlocal read
        for row in rows_of("accounts", MANY):
            read += 1
            yield row

    received = 0
    async for chunk in cleaned(ALL["accounts"], counted()):
        received += len(chunk)
        assert read - received <= 2 * cleaning._AHEAD * cleaning._CHUNK
    assert received == MANY


async def test_a_file_that_cannot_be_read_on_ends_the_processes() -> None:
    def broken() -> Iterator[Row | BadRow]:
        yield from rows_of("accounts", MANY)
        raise RegistryFileError("the workbook is damaged")

    received = 0
    with pytest.raises(RegistryFileError, match="damaged"):
        async for chunk in cleaned(ALL["accounts"], broken()):
            received += len(chunk)
    assert received >= 20_000
    assert processes_of(os.getpid()) == []


class Failing:
    """A kind that fails, or ends its process, unless it is where the test runs."""

    def __init__(self, dies: bool, here: int) -> None:
        self.arguments = dies, here

    def __reduce__(self) -> tuple[type[Failing], tuple[bool, int]]:
        return Failing, self.arguments

    def clean_all(self, rows: list[Any]) -> list[Any]:
        dies, here = self.arguments
        if os.getpid() == here:
            return rows
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        raise ZeroDivisionError("on line 5")


@pytest.mark.parametrize(("dies", "error"), [(False, ZeroDivisionError), (True, CleaningError)])
async def test_what_goes_wrong_in_a_process_is_raised(dies: bool, error: type[Exception]) -> None:
    kind: Any = Failing(dies, os.getpid())
    with pytest.raises(error):
        async for _ in cleaned(kind, ((n, ("1", "2")) for n in range(MANY))):
            pass
    assert processes_of(os.getpid()) == []


async def test_an_import_that_is_cancelled_ends_the_processes() -> None:
    kind: Kind = ALL["customers"]
    begun = asyncio.Event()

    async def work() -> None:
        received = 0
        async with contextlib.aclosing(cleaned(kind, rows_of("customers", 10 * MANY))) as chunks:
            async for chunk in chunks:
                received += len(chunk)
                if received > MANY:
                    begun.set()
                await asyncio.sleep(0)

    task = asyncio.ensure_future(work())
    await begun.wait()
    assert processes_of(os.getpid())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes_of(os.getpid()) == []
