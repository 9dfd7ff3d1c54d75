"""Step 7, for a person who was not found: a row for the staff, an e-mail to them, a number for the customer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from db.engine import run
from domain.portal import Portal
from routes.brand import read_brand
from routes.design import Design
from routes.message_texts import MessageTexts
from tests.browser import BILL, REQUEST, Browser, location, path_of
from tests.conftest import Posted
from tests.screen import errors, words

PATH, SENT = path_of("connection"), path_of("sent")
ReadPosted = Callable[[], Awaitable[list[Posted]]]


async def not_found(client: Browser) -> None:
    await client.reach("bill")
    assert (await client.post(path_of("bill"), {**BILL, "amount": "1,00"})).status_code == 422


async def test_everything_entered_reaches_the_staff_and_the_number_the_customer(
    client: Browser, posted: ReadPosted, portal: Portal
) -> None:
    await not_found(client)
    assert location(await client.post(PATH, REQUEST)) == SENT
    (row,) = await run("SELECT id, sealed FROM connection_requests")
    shown = words(await client.get(SENT))
    assert f"Номер заявки: {row['id']}" in shown
    _, staff, received = await posted()
    entries = dict(staff.values["entries"])
    assert entries["Фамилия"] == "Иванова"
    assert entries["Телефон"] == "+7 912 345-67-89"
    assert entries["Номер лицевого счета, введенный при поиске"] == BILL["account_number"]
    assert dict(portal.sealing.unseal(row["sealed"])) == entries
    assert (received.name, received.to, received.values["number"]) == (
        "connection-request-received", "ivanova@example.org", row["id"],
    )  # fmt: skip


async def test_the_phone_is_the_confirmed_one_whatever_is_sent(client: Browser, posted: ReadPosted) -> None:
    await not_found(client)
    await client.post(PATH, {**REQUEST, "phone": "+7 900 000-00-00"})
    assert dict((await posted())[1].values["entries"])["Телефон"] == "+7 912 345-67-89"


async def test_required_fields_are_told(client: Browser) -> None:
    await not_found(client)
    answer = await client.post(PATH, {})
    assert errors(answer) == ["Заполните обязательное поле"] * 4
    too_long = await client.post(PATH, {**REQUEST, "comment": "щ" * 2001, "address": "щ" * 301})
    assert errors(too_long) == ["Слишком длинный текст: сократите его"] * 2


async def test_only_who_was_not_found_may_send_one(client: Browser) -> None:
    for step in ("phone", "code", "bill"):
        place = await client.path_of_last_step()
        assert location(await client.post(PATH, REQUEST)) == place
        assert location(await client.get(PATH)) == place
        assert location(await client.get(SENT)) == place
        await client.submit(step)
    assert await run("SELECT 1 FROM connection_requests") == []


async def test_an_email_cannot_be_given_headers(client: Browser, posted: ReadPosted) -> None:
    await not_found(client)
    hostile = {**REQUEST, "first_name": "Анна\r\nBcc: b@example.org"}
    assert (await client.post(PATH, hostile)).status_code == 422
    assert (await client.post(PATH, {**REQUEST, "email": "a@example.org\r\nBcc: b@example.org"})).status_code == 422
    assert len(await posted()) == 1


async def test_coming_again_shows_the_number_and_the_search_stays_open(client: Browser) -> None:
    await not_found(client)
    await client.post(PATH, REQUEST)
    assert location(await client.get(PATH)) == SENT
    assert location(await client.submit("bill")) == path_of("address")


BREAKS = ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("field", [name for name in REQUEST if name != "email"])
async def test_no_line_of_what_was_typed_looks_like_a_label(client: Browser, posted: ReadPosted, field: str) -> None:
    """In the plain text each entry is one line; further lines of it are quoted."""
    await not_found(client)
    forged = "".join(f"x{line_break}Телефон: +7 900 000-00-00" for line_break in BREAKS)
    answer = await client.post(PATH, {**REQUEST, field: forged})
    if answer.status_code == 422:
        assert field in {"last_name", "first_name", "patronymic"}
        return
    staff = next(message for message in await posted() if message.name == "connection-request-for-staff")
    rendered = MessageTexts()(staff.name, staff.values)
    labels = [label for label, _ in staff.values["entries"]]
    lines = rendered.text.splitlines()
    assert [line for line in lines if line.startswith("Телефон:")] == ["Телефон: +7 912 345-67-89"]
    # Beneath stands what is beneath every e-mail.
    beneath = lines.index(read_brand(Design()).name["ru"])
    assert beneath >= len(lines) - 6
    for line in lines[1:beneath]:
        assert not line or line.startswith("> ") or any(line.startswith(f"{label}:") for label in labels), line
