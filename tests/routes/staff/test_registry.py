"""«Реестр»: a file is sent, checked and loaded; what is sent to break it; and processes that die over it."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from openpyxl import Workbook

from db import registry_jobs
from db.engine import run
from domain.portal import Portal
from domain.registry import jobs
from domain.registry.importing import import_rows
from domain.registry.jobs import work_once
from domain.staff.people import Role
from tests import staff
from tests.browser import Browser, location
from tests.conftest import Clock
from tests.screen import errors, fragment_of, words

PATH = "/staff/registry"
MOST = 300_000
ACCOUNTS = "account_number;address\n7000000901;г. Тестовый, ул. Новая, д. 1\n7000000902;ул. Новая, д. 2\n"
Another = Callable[..., Browser]


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"registry_bytes": MOST}


@pytest.fixture(autouse=True)
def _no_work_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests say when a process looks for work; the portals of other tests may run beside."""

    async def nothing(*_: Any) -> bool:
        return False

    monkeypatch.setattr(jobs, "work_once", nothing)


async def send(
    browser: Browser, content: str | bytes, kind: str = "accounts", name: str = "accounts.csv", **fields: str
) -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    return await browser.http.post(PATH, data={"kind": kind, **fields}, files={"file": (name, data)})


async def begin(client: Browser, portal: Portal, clock: Clock) -> None:
    await staff.begin(client, portal, clock, "admin@example.org", Role.ADMIN)


async def checked(client: Browser, portal: Portal, clock: Clock, answer: httpx.Response) -> tuple[str, str]:
    """The path of a file that was sent, and what its page says after the check."""
    path = location(answer)
    assert await work_once(portal, clock)
    return path, words(await client.get(path))


async def accounts(number: str = "70000009%") -> int:
    return len(await run("SELECT id FROM accounts WHERE number LIKE {} AND absent_since IS NULL", number))


async def test_a_file_is_checked_then_loaded_and_remembered(client: Browser, portal: Portal, clock: Clock) -> None:
    await begin(client, portal, clock)
    answer = await send(client, ACCOUNTS, name="C:\\файлы\\счета\u202e.csv")
    path = location(answer)
    waiting = await client.get(path)
    assert "Файл проверяется" in words(waiting)
    assert 'data-hx-trigger="every 2s"' in waiting.text
    part = await client.get(f"{path}/progress")
    assert "registry-progress" in part.text
    path, shown = await checked(client, portal, clock, answer)
    assert "счета.csv" in shown
    assert "Добавить строк 2" in shown
    assert await accounts() == 0, "a check changes nothing"
    pressed = await asyncio.gather(*(client.post(f"{path}/load") for _ in range(3)))
    assert {answer.status_code for answer in pressed} <= {303, 422}
    assert await work_once(portal, clock)
    assert not await work_once(portal, clock), "nothing is done twice"
    assert await accounts() == 2
    assert "Что изменилось" in words(await client.get(path))
    (row,) = await run("SELECT who, file, sha256, added FROM imports ORDER BY id DESC LIMIT 1")
    assert (row["who"], row["file"], row["added"], len(row["sha256"])) == ("staff 1", "счета.csv", 2, 64)
    shown = words(await client.get(PATH))
    assert "счета.csv Лицевые счета" in shown
    assert "admin@example.org добавлено 2" in shown
    assert await run("SELECT id FROM registry_job_parts") == [], "the file is not kept"
    events = await run("SELECT event FROM staff_journal WHERE event LIKE 'registry%' ORDER BY number")
    assert [row["event"] for row in events] == ["registry-file-sent", "registry-file-loaded"]


async def test_bad_rows_are_shown_and_stop_the_file_unless_left_out(
    client: Browser, portal: Portal, clock: Clock
) -> None:
    await begin(client, portal, clock)
    bad = "account_number;period;amount\n7000000999;2026-08;10,00\n;2026-08;1\n"
    path, shown = await checked(client, portal, clock, await send(client, bad, "bills"))
    assert "2 account_number такого лицевого счета нет" in shown
    assert "3 account_number пусто" in shown
    assert "Загрузить" not in shown.replace("загрузить", "")
    assert (await client.post(f"{path}/load")).status_code == 422
    path, shown = await checked(client, portal, clock, await send(client, bad, "bills", skip_bad="yes"))
    assert "Пропустить с ошибками 2" in shown
    assert location(await client.post(f"{path}/load")) == path


async def test_what_removes_too_much_needs_its_number(client: Browser, portal: Portal, clock: Clock) -> None:
    await begin(client, portal, clock)
    before = await accounts("%")
    path, shown = await checked(client, portal, clock, await send(client, ACCOUNTS, replacing="yes"))
    assert "необычно много" in shown
    (row,) = await run("SELECT report FROM registry_jobs")
    number = str(json.loads(row["report"])["to_be_allowed"])
    for typed in ("", "0", "1", "-1", number + "0", "all"):
        refused = await client.post(f"{path}/load", {"removing": typed})
        assert (refused.status_code, errors(refused)) == (422, ["Введите число, которое стоит выше"]), typed
    assert await accounts("%") == before
    assert location(await client.post(f"{path}/load", {"removing": f" {number} "})) == path
    assert await work_once(portal, clock)
    assert await accounts("%") == 2


def workbook(rows: list[list[Any]]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(file)
    return file.getvalue()


def bomb() -> bytes:
    """A workbook of some kilobytes that unpacks to hundreds of megabytes."""
    file, plain = io.BytesIO(), workbook([["account_number", "address"]])
    with zipfile.ZipFile(io.BytesIO(plain)) as whole, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(
                    b"</sheetData>", b"<row><c><v>" + b"1" * 200_000_000 + b"</v></c></row></sheetData>"
                )
            made.writestr(name, data)
    return file.getvalue()


async def test_files_made_to_break_it(client: Browser, portal: Portal, clock: Clock) -> None:
    await begin(client, portal, clock)
    attacks: list[tuple[bytes, str]] = [
        (bomb(), "слишком большой объем"),
        (b"PK\x03\x04" + b"\x00" * 999, "Книга Excel повреждена"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99, "старый .xls"),
        (ACCOUNTS.encode("koi8-r"), "KOI8-R"),
        (ACCOUNTS.encode("cp866"), "cp866"),
        (b"<script>alert(1)</script>\n1\n", "the header has no column"),
        (b"\x00" * 5000, "the header has no column"),
        (b"\n" * 5000, "Файл пуст"),
    ]
    for content, said in attacks:
        path, shown = await checked(client, portal, clock, await send(client, content))
        assert said in shown, said
        assert "Не загружен" in shown
        assert location(await client.post(f"{path}/removal")) == PATH
    for content in (ACCOUNTS.encode("cp1251"), ACCOUNTS.encode("utf-16"), ACCOUNTS.encode("utf-8-sig")):
        _, shown = await checked(client, portal, clock, await send(client, content))
        assert "Добавить строк 2" in shown
    # A formula is a text like any other, and is shown as one: the sheet's is not worked out.
    _, shown = await checked(
        client, portal, clock, await send(client, "account_number;address\n=1+1;=cmd|' /C calc'!A0\n")
    )
    assert "2 account_number" in shown
    assert "calc" not in shown, "no cell is repeated"
    book = workbook([["account_number", "address"], ["=1+1", '=HYPERLINK("http://evil")'], ["7000000901", "д. 1"]])
    _, shown = await checked(client, portal, clock, await send(client, book, name="=cmd.xlsx"))
    assert "evil" not in shown
    assert await accounts() == 0


async def test_what_is_not_a_whole_form_with_a_file(client: Browser, portal: Portal, clock: Clock) -> None:
    await begin(client, portal, clock)
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    multipart = {"content-type": "multipart/form-data; boundary=x"}
    wrong: list[tuple[Any, dict[str, str], str]] = [
        (b"", multipart, "Файл не дошел целиком"), (part + b"abc", multipart, "Файл не дошел целиком"),
        (part + b"a\r\n" + part + b"b\r\n--x--\r\n", multipart, "Файл не дошел целиком"),
        (part + b"\r\n--x--\r\n", multipart, "Выберите файл"), (b"--x--\r\n", multipart, "Выберите файл"),
        (b"kind=bills", {"content-type": "application/x-www-form-urlencoded"}, "Выберите файл"),
        (b"x", {"content-type": "multipart/form-data"}, "Выберите файл"),
        (b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\n' + b"k" * 5000 + b"\r\n--x--\r\n", multipart,
         "Файл не дошел целиком"),
        (b"--x\r\n" + b"A: b\r\n" * 99, multipart, "Файл не дошел целиком"),
    ]  # fmt: skip
    for body, headers, said in wrong:
        refused = await client.http.post(PATH, content=body, headers=headers)
        assert refused.status_code == 422, body[:99]
        assert said in errors(refused)[0], body[:99]
        assert fragment_of(refused) == "staff-registry"
    for kind in ("", "customers; DROP TABLE", "../x"):
        assert (await send(client, ACCOUNTS, kind)).status_code == 422
    assert await run("SELECT id FROM registry_jobs") == []
    assert await run("SELECT id FROM registry_job_parts") == []


async def test_a_file_that_is_too_large_is_not_read_to_its_end(client: Browser, portal: Portal, clock: Clock) -> None:
    await begin(client, portal, clock)
    taken = 0

    async def endless() -> Any:
        nonlocal taken
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(1_000_000_000 // 65_536):
            taken += 65_536
            yield b"a" * 65_536

    headers = {"content-type": "multipart/form-data; boundary=x"}
    refused = await client.http.post(PATH, content=endless(), headers=headers)
    assert refused.status_code == 422
    assert "Файл слишком большой" in errors(refused)[0]
    assert taken < 2_000_000
    announced = await client.http.post(PATH, content=b"", headers=headers | {"content-length": "1000000000"})
    assert "Файл слишком большой" in errors(announced)[0]
    assert await run("SELECT id FROM registry_job_parts") == []
    assert (await client.http.post("/staff/people/new", content=b"a" * 70_000)).status_code in {303, 413}


async def test_nobody_but_an_admin_gets_in(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    customer, admin = another_browser("203.0.113.9"), another_browser("203.0.113.10")
    await customer.register()
    await begin(admin, portal, clock)
    path = location(await send(admin, ACCOUNTS))
    await staff.begin(client, portal, clock, "operator@example.org")
    gets = (PATH, path, f"{path}/progress", f"{path}/load")
    posts = (PATH, f"{path}/load", f"{path}/again", f"{path}/removal")
    for address in gets:
        assert (await client.get(address)).status_code == 404, address
        assert location(await customer.get(address)).startswith(staff.SIGN_IN)
    for address in posts:
        assert (await client.post(address)).status_code == 404, address
        assert location(await customer.post(address)) == staff.SIGN_IN
        assert (await admin.http.post(address, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await send(client, ACCOUNTS)).status_code == 404
    assert location(await send(customer, ACCOUNTS)) == staff.SIGN_IN
    assert len(await run("SELECT id FROM registry_jobs")) == 1
    assert "/staff/registry" not in (await client.get("/staff/delivery")).text
    # Whoever is an operator by now cannot finish what they began as an admin.
    assert await work_once(portal, clock)
    await run("UPDATE staff SET role = 'operator'")
    assert (await admin.post(f"{path}/load")).status_code == 404
    for number in ("0", "99", "9" * 12, "x"):
        assert (await admin.get(f"{PATH}/{number}")).status_code == 404


async def test_a_process_that_died_is_followed_by_the_next_one(client: Browser, portal: Portal, clock: Clock) -> None:
    await begin(client, portal, clock)
    path, _ = await checked(client, portal, clock, await send(client, ACCOUNTS))
    await client.post(f"{path}/load")
    # It has claimed the job and is killed.
    assert await registry_jobs.claim("dead", clock(), clock() + timedelta(seconds=30))
    assert not await work_once(portal, clock), "it is believed to be at it"
    clock.forward(seconds=31)
    assert await work_once(portal, clock)
    assert await accounts() == 2
    assert "Загружен" in words(await client.get(path))
    # What ends each process does not do so for ever, and can be started again.
    path, _ = await checked(client, portal, clock, await send(client, ACCOUNTS))
    await client.post(f"{path}/load")
    for _ in range(3):
        assert await registry_jobs.claim("dead", clock(), clock() + timedelta(seconds=30))
        clock.forward(seconds=31)
    assert await work_once(portal, clock)
    assert "Работа несколько раз прервалась" in words(await client.get(path))
    assert location(await client.post(f"{path}/again")) == path
    assert await work_once(portal, clock)
    assert "Без изменений 2" in words(await client.get(path))


async def test_two_processes_never_bring_one_file_into_place_twice(
    client: Browser, portal: Portal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stands still over its rows for so long that another one takes the job over, and a newer file comes."""
    await begin(client, portal, clock)
    path, _ = await checked(client, portal, clock, await send(client, ACCOUNTS))
    await client.post(f"{path}/load")
    go_on, stands = asyncio.Event(), asyncio.Event()
    began = 0

    async def slow(*given: Any, in_turn: Any, **more: Any) -> Any:
        nonlocal began
        began += 1

        async def asked() -> None:
            await in_turn()

        if began == 1:
            stands.set()
            await go_on.wait()
        return await import_rows(*given, in_turn=asked, **more)

    monkeypatch.setattr("domain.registry.file_import.import_rows", slow)
    monkeypatch.setattr(jobs, "_SAY", 3600.0)
    first = asyncio.create_task(work_once(portal, clock))
    await stands.wait()
    clock.forward(seconds=31)
    assert await work_once(portal, clock), "the second has it now"
    await run("UPDATE accounts SET address = 'newer' WHERE number = '7000000901'")
    go_on.set()
    await first
    (row,) = await run("SELECT address FROM accounts WHERE number = '7000000901'")
    assert row["address"] == "newer"
    assert len(await run("SELECT id FROM imports")) == 1
    several = await asyncio.gather(*(registry_jobs.claim(str(n), clock(), clock()) for n in range(4)))
    assert [job for job in several if job] == []


async def test_files_nobody_comes_back_to_are_forgotten(client: Browser, portal: Portal, clock: Clock) -> None:
    await begin(client, portal, clock)
    await checked(client, portal, clock, await send(client, ACCOUNTS))
    job = await registry_jobs.begin(1, clock())
    await registry_jobs.add_part(job, "sealed")
    clock.forward(hours=3)
    await jobs.sweep(clock())
    assert [row["job"] for row in await run("SELECT job FROM registry_job_parts")] == [job - 1]
    clock.forward(days=2)
    await jobs.sweep(clock())
    assert await run("SELECT id FROM registry_jobs") == []
    assert await run("SELECT id FROM registry_job_parts") == []
