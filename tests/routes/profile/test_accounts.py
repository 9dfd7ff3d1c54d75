"""«+» and «Убрать из кабинета»: accounts added by their bill, limited as in the registration, and taken away again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.engine import run
from tests.browser import BILL, Browser, location
from tests.conftest import Clock, Posted
from tests.screen import errors, words

SECOND = {**BILL, "account_number": "7000000118"}
Outbox = Callable[[], Awaitable[list[Posted]]]


async def test_added_account_appears_with_its_bills(client: Browser) -> None:
    await client.register()
    profile = words(await client.follow(await client.post("/profile/accounts/new", SECOND)))
    assert "ул. Липовая, д. 3, кв. 6" in profile
    assert profile.count("1 234,56 ₽") == 2
    assert "Лицевой счет добавлен" in profile


async def test_account_is_added_once(client: Browser) -> None:
    await client.register()
    assert errors(await client.post("/profile/accounts/new", BILL)) == ["Этот лицевой счет уже добавлен"]
    answers = await asyncio.gather(*(client.post("/profile/accounts/new", SECOND) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422, 422]


async def test_five_misses_a_day_and_right_ones_do_not_count(client: Browser, clock: Clock) -> None:
    await client.register()
    for number in range(5):
        wrong = await client.post("/profile/accounts/new", {**SECOND, "amount": f"{number},01"})
        assert errors(wrong)[0] == "Введены некорректные данные: данного абонента нет в системе"
    assert errors(await client.post("/profile/accounts/new", SECOND))[0].startswith(
        "Превышено число попыток. Повторите"
    )
    clock.forward(hours=12, minutes=1)
    await client.sign_in()
    clock.forward(hours=12)
    await client.sign_in()
    assert location(await client.post("/profile/accounts/new", SECOND)) == "/profile"


async def test_removed_account_is_gone_and_may_come_back(client: Browser) -> None:
    await client.register()
    await client.post("/profile/accounts/new", SECOND)
    page = await client.get("/profile/accounts/2/removal")
    assert "ул. Липовая, д. 3, кв. 6" in words(page)
    for _ in range(2):
        assert location(await client.post("/profile/accounts/2/removal")) == "/profile"
    assert "кв. 6" not in words(await client.get("/profile"))
    assert location(await client.get("/profile/accounts/2/removal")) == "/profile"
    assert location(await client.post("/profile/accounts/new", SECOND)) == "/profile"


async def test_shared_account_is_allowed_and_both_are_told(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox
) -> None:
    await client.register()
    link = str((await posted())[-1].values["link"]).removeprefix("http://127.0.0.1:8000")
    await client.post(link)
    other = another_browser(phone="+7 900 111-22-33")
    await other.register()
    assert [p.to for p in await posted() if p.name == "account-shared"] == ["ivanova@example.org"]
    for customer in (client, other):
        assert "Этот счет добавили и другие пользователи" in words(await customer.get("/profile"))


async def test_the_others_are_told_once_a_day_however_often_it_is_added(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox, clock: Clock
) -> None:
    """Right answers are given back without limit: they must not fill a stranger's mailbox."""

    async def told() -> int:
        return sum(p.name == "account-shared" for p in await posted())

    await client.register()
    await client.post(str((await posted())[-1].values["link"]).removeprefix("http://127.0.0.1:8000"))
    other = another_browser(phone="+7 900 111-22-33", forms={**client.forms, "bill": SECOND})
    await other.register()
    for _ in range(5):
        assert location(await other.post("/profile/accounts/new", BILL)) == "/profile"
        assert location(await other.post("/profile/accounts/1/removal")) == "/profile"
    assert await told() == 1
    clock.forward(days=1)
    await other.sign_in()
    assert location(await other.post("/profile/accounts/new", BILL)) == "/profile"
    assert await told() == 2


async def test_anothers_account_cannot_be_looked_at_or_removed(
    client: Browser, another_browser: Callable[..., Browser]
) -> None:
    await client.register()
    other = another_browser(phone="+7 900 111-22-33", forms={**client.forms, "bill": SECOND})
    await other.register()
    assert location(await other.get("/profile/accounts/1/removal")) == "/profile"
    await other.post("/profile/accounts/1/removal")
    assert "кв. 1" in words(await client.get("/profile"))


async def test_only_the_periods_offered_are_taken(client: Browser) -> None:
    await client.register()
    await run("UPDATE bills SET period = '2019-08' WHERE account = 2 AND period = '2036-08'")
    for _ in range(6):
        answer = await client.post("/profile/accounts/new", {**SECOND, "period": "2019-08"})
        assert errors(answer) == ["Введены некорректные данные: данного абонента нет в системе"]
    assert location(await client.post("/profile/accounts/new", {**SECOND, "period": "2036-07", "amount": "1100"})) == (
        "/profile"
    )


@pytest.mark.parametrize("changed", [{"bill_accounts_phone_day": 2}])
async def test_different_accounts_are_counted_with_those_of_the_registration(
    client: Browser, changed: dict[str, Any]
) -> None:
    await client.register()
    assert location(await client.post("/profile/accounts/new", SECOND)) == "/profile"
    answer = await client.post("/profile/accounts/new", {**BILL, "account_number": "7000000125"})
    assert errors(answer)[0].startswith("Превышено число попыток. Повторите 16 сентября")


@pytest.mark.parametrize(
    ("changed", "further", "wrong"),
    [
        ({"bill_proof": "two-amounts"}, {"second_period": "2036-07", "second_amount": "1100"}, {"second_amount": "1"}),
        ({"bill_proof": "birth-date"}, {"birth_date": "05.03.1984"}, None),
    ],
)
async def test_one_thing_more_is_asked_for_here_too(
    client: Browser, changed: dict[str, Any], further: dict[str, str], wrong: dict[str, str] | None
) -> None:
    client.forms["bill"] = {**BILL, **further}
    await client.register()
    shown = (await client.get("/profile/accounts/new")).text
    assert all(f'name="{name}"' in shown for name in further)
    assert (await client.post("/profile/accounts/new", SECOND)).status_code == 422
    if wrong is not None:
        assert (await client.post("/profile/accounts/new", {**SECOND, **further, **wrong})).status_code == 422
    assert location(await client.post("/profile/accounts/new", {**SECOND, **further})) == "/profile"
