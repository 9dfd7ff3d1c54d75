"""A customer whose bill was not found asks to be connected: the form knows them, the staff get what was typed."""

from __future__ import annotations

import asyncio

from db.engine import run
from tests.browser import BILL, REQUEST, Browser, location
from tests.conftest import Clock
from tests.holder import Outbox
from tests.screen import errors, main_buttons, value_of, words

ADDITION = "/profile/accounts/new"
PATH, SENT = f"{ADDITION}/connection", f"{ADDITION}/sent"
WRONG = {**BILL, "account_number": "7000000118", "amount": "1,00"}
BUTTON = "Отправить заявку на подключение"


async def not_found(client: Browser) -> None:
    await client.register()
    answer = await client.post(ADDITION, WRONG)
    assert f'href="{PATH}"' in answer.text


async def test_the_request_is_a_link_while_there_are_tries_and_then_the_main_button(client: Browser) -> None:
    await client.register()
    for left in range(4, -1, -1):
        answer = await client.post(ADDITION, {**WRONG, "amount": f"{left},01"})
        assert BUTTON in words(answer)
        assert main_buttons(answer) == (["Добавить"] if left else [BUTTON])


async def test_nothing_known_is_asked_for_again_and_all_of_it_reaches_the_staff(
    client: Browser, posted: Outbox
) -> None:
    await not_found(client)
    shown = await client.get(PATH)
    names = ("last_name", "first_name", "patronymic", "email", "account_number")
    assert [value_of(shown, name) for name in names] == [
        "Иванова", "Анна", "Петровна", "ivanova@example.org", "7000000118",
    ]  # fmt: skip
    assert "+7 912 345-67-89" in shown.text
    assert location(await client.post(PATH, REQUEST)) == SENT
    (row,) = await run("SELECT id FROM connection_requests")
    assert f"Номер заявки: {row['id']}" in words(await client.get(SENT))
    staff, received = (await posted())[-2:]
    entries = dict(staff.values["entries"])
    assert entries["Телефон"] == "+7 912 345-67-89"
    assert entries["Номер лицевого счета, введенный при поиске"] == "7000000118"
    assert entries["Личный кабинет"] == "уже есть"
    assert (received.to, received.values["number"]) == ("ivanova@example.org", row["id"])


async def test_pressed_eight_times_at_once_it_is_sent_once(client: Browser) -> None:
    await not_found(client)
    answers = await asyncio.gather(*(client.post(PATH, REQUEST) for _ in range(8)))
    assert {location(answer) for answer in answers} == {SENT}
    assert len(await run("SELECT id FROM connection_requests")) == 1
    assert location(await client.get(PATH)) == SENT


async def test_only_who_was_not_found_may_send_one(client: Browser) -> None:
    for path in (PATH, SENT):
        assert location(await client.get(path)) == "/"
    assert location(await client.post(PATH, REQUEST)) == "/"
    await client.register()
    for answer in (await client.get(PATH), await client.get(SENT), await client.post(PATH, REQUEST)):
        assert location(answer) == ADDITION
    await client.post(ADDITION, WRONG)
    assert location(await client.get(SENT)) == PATH
    assert (await client.post(PATH, {})).status_code == 422
    assert location(await client.post(ADDITION, {**WRONG, "amount": BILL["amount"]})) == "/profile"
    assert location(await client.get(PATH)) == ADDITION
    assert await run("SELECT 1 FROM connection_requests") == []


async def test_five_a_day_for_a_customer(client: Browser, clock: Clock) -> None:
    await client.register()
    for place in range(6):
        # No period of the registry: a search that is no try, and a request each.
        await client.post(ADDITION, {**WRONG, "period": "2019-01", "amount": f"{place},01"})
        answer = await client.post(PATH, REQUEST)
        assert answer.status_code == (303 if place < 5 else 422)
    assert errors(answer)[0].startswith("Слишком много заявок за день. Повторите 16 сентября")
    assert len(await run("SELECT 1 FROM connection_requests")) == 5
