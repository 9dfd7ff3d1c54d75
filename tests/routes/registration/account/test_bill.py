"""Step 3: period, account number and amount prove the account; wrong ones are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from db.engine import run
from tests.browser import BILL, Browser, location, path_of
from tests.conftest import Clock
from tests.screen import errors, fragment_of, value_of, words

PATH = path_of("bill")
UNKNOWN = "Введены некорректные данные: данного абонента нет в системе"
TOO_OFTEN = "Превышено число попыток. Повторите 16 сентября в 14:30 или отправьте заявку на подключение"
MakeBrowser = Callable[..., Browser]


async def wrong(browser: Browser, number: str = "7000000111", amount: str = "1,00") -> str:
    answer = await browser.post(PATH, {**BILL, "account_number": number, "amount": amount})
    assert answer.status_code == 422
    return next(text for text in (UNKNOWN, TOO_OFTEN) if text in words(answer))


async def test_amount_and_number_in_any_sane_form(client: Browser) -> None:
    await client.reach("bill")
    for amount in ("1 234,56", "1234.56", "1\u00a0234,56 ₽", "1.234,56", "1,234.56", "１２３４，５６"):
        for number in ("7000000111", "7000 000-111", "№ 7000000111"):
            answer = await client.post(PATH, {**BILL, "amount": amount, "account_number": number})
            assert location(answer) == path_of("address"), (amount, number)


async def test_what_is_no_amount_is_told_and_not_counted(client: Browser) -> None:
    await client.reach("bill")
    for amount in ("-1", "1e3", "1,234", "abc", "1 2 3 ,", "0x10", "١٢٣٤", "12345678901", "1,2,3", "+1", "∞"):
        answer = await client.post(PATH, {**BILL, "amount": amount})
        assert errors(answer) == ["Введите сумму к оплате в виде 1234,56"]
        assert value_of(answer, "amount") == amount
    assert location(await client.take("bill")) == path_of("address")


async def test_everything_empty_is_told_at_once(client: Browser) -> None:
    await client.reach("bill")
    answer = await client.post(PATH, {})
    assert errors(answer) == ["Выберите расчетный период", "Введите номер лицевого счета", "Введите сумму к оплате"]


async def test_the_three_newest_periods_are_offered(client: Browser) -> None:
    await client.reach("bill")
    shown = words(await client.get(PATH))
    assert "Август 2036 Июль 2036 Июнь 2036" in shown


@pytest.mark.parametrize("changed", [{"bill_tries_phone_day": 100}])
async def test_two_of_three_are_not_enough(client: Browser, changed: dict[str, Any]) -> None:
    await client.reach("bill")
    for wrong_part in (
        {"amount": "1234,57"},
        {"period": "2036-07"},
        {"period": "2035-08"},
        {"account_number": "7000000112"},
        {"account_number": "' OR 1=1 --"},
        {"account_number": "%"},
    ):
        answer = await client.post(PATH, {**BILL, **wrong_part})
        assert answer.status_code == 422, wrong_part
        assert "Липовая" not in answer.text
        assert location(await client.get(path_of("address"))) == PATH


async def test_not_found_keeps_what_was_typed_and_offers_the_request(client: Browser) -> None:
    await client.reach("bill")
    answer = await client.post(PATH, {**BILL, "amount": "1,00"})
    assert UNKNOWN in words(answer)
    assert (value_of(answer, "account_number"), value_of(answer, "amount")) == ("7000000111", "1,00")
    assert f'href="{path_of("connection")}"' in answer.text
    assert location(await client.take("bill")) == path_of("address")


async def test_five_wrong_a_day_for_a_phone(client: Browser, clock: Clock) -> None:
    await client.reach("bill")
    numbers = [f"70000001{n}" for n in range(11, 17)]
    assert [await wrong(client, number) for number in numbers] == [UNKNOWN] * 5 + [TOO_OFTEN]
    # Not even the right one, and the next day again.
    assert TOO_OFTEN in words(await client.post(PATH, BILL))
    clock.forward(days=1)
    await client.reach("bill")
    assert location(await client.take("bill")) == path_of("address")


async def test_a_new_session_brings_no_new_tries(client: Browser, another_browser: MakeBrowser, clock: Clock) -> None:
    await client.reach("bill")
    for _ in range(5):
        await wrong(client)
    clock.forward(minutes=2)
    second = another_browser("198.51.100.1")
    await second.reach("bill")
    assert TOO_OFTEN in words(await second.post(PATH, BILL))


async def test_ten_wrong_a_day_for_an_account_from_any_phone(another_browser: MakeBrowser) -> None:
    browsers = [another_browser(phone=f"+7 912 345-67-{n:02d}") for n in range(4)]
    for browser in browsers:
        await browser.reach("bill")
    told = [await wrong(browser, amount=f"{n},00") for browser in browsers[:3] for n in range(4)]
    assert told == [UNKNOWN] * 10 + [TOO_OFTEN] * 2
    assert TOO_OFTEN in words(await browsers[3].post(PATH, BILL))
    # The neighbour's account is not shut.
    assert location(await browsers[3].post(PATH, {**BILL, "account_number": "7000000118"})) == path_of("address")


async def test_right_ones_are_not_counted(client: Browser) -> None:
    await client.reach("bill")
    for n in range(8):
        number = "7000000118" if n % 2 else "7000000111"
        assert location(await client.post(PATH, {**BILL, "account_number": number})) == path_of("address")
    assert [row["hits"] for row in await run("SELECT hits FROM throttles WHERE key LIKE 'bill-%'")] == [0, 0, 0]


async def test_many_wrong_ones_at_once_are_judged_no_oftener(client: Browser, another_browser: MakeBrowser) -> None:
    browsers = [another_browser(phone=f"+7 912 345-67-{n:02d}") for n in range(4)]
    for browser in browsers:
        await browser.reach("bill")
    told = await asyncio.gather(*(wrong(browsers[n % 4], amount=f"{n},00") for n in range(40)))
    assert told.count(UNKNOWN) == 10


async def test_the_same_bill_again_is_no_second_search(client: Browser) -> None:
    await client.reach("address")
    answers = await asyncio.gather(*(client.post(PATH, BILL) for _ in range(8)))
    assert {location(answer) for answer in answers} == {path_of("address")}


async def test_no_goes_back_with_everything_kept(client: Browser) -> None:
    await client.reach("address")
    shown = await client.get(path_of("address"))
    assert fragment_of(shown) == "registration-account-address"
    assert "ул. Липовая, д. 3, кв. 1" in words(shown)
    assert location(await client.post(path_of("address"), {"answer": "no"})) == PATH
    back = await client.get(PATH)
    assert (value_of(back, "account_number"), value_of(back, "amount")) == ("7000000111", "1\u00a0234,56")
    assert 'value="2036-08" selected' in back.text
    assert location(await client.get(path_of("person"))) == PATH


async def test_neither_yes_nor_no_stays_at_the_address(client: Browser) -> None:
    await client.reach("address")
    for answer in ("", "maybe", "YES"):
        assert location(await client.post(path_of("address"), {"answer": answer})) == path_of("address")


async def test_another_bill_asks_for_the_address_again(client: Browser) -> None:
    await client.reach("person")
    assert location(await client.post(PATH, {**BILL, "account_number": "7000000118"})) == path_of("address")
    assert "кв. 6" in words(await client.get(path_of("address")))
    assert location(await client.get(path_of("person"))) == path_of("address")
