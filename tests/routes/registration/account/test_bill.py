"""Period, account number and amount prove the account; wrong ones are counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from db.engine import bound, run
from domain.proofs.bill_proof import Bill
from domain.registration.progress import BillSearch
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from settings import Settings
from tests.browser import BILL, Browser, location, path_of
from tests.conftest import Clock
from tests.screen import errors, fragment_of, main_buttons, value_of, words

PATH = path_of("bill")
TYPED = BILL
BROUGHT = BillSearch(Bill("2026-08", "7000000111", 229317), 3)
UNKNOWN = "Введены некорректные данные: данного абонента нет в системе"
REQUEST = "Отправить заявку на подключение"
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
    assert location(await client.submit("bill")) == path_of("address")


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
    assert location(await client.submit("bill")) == path_of("address")


async def test_five_wrong_a_day_for_a_phone(client: Browser, clock: Clock) -> None:
    await client.reach("bill")
    numbers = [f"70000001{n}" for n in range(11, 17)]
    assert [await wrong(client, number) for number in numbers] == [UNKNOWN] * 5 + [TOO_OFTEN]
    # Not even the right one, and the next day again.
    assert TOO_OFTEN in words(await client.post(PATH, BILL))
    clock.forward(days=1)
    await client.reach("bill")
    assert location(await client.submit("bill")) == path_of("address")


async def test_after_the_last_try_the_request_is_the_main_button(client: Browser, clock: Clock) -> None:
    await client.reach("bill")
    for left in range(4, -1, -1):
        answer = await client.post(PATH, {**BILL, "amount": f"{left},01"})
        advised = "Проверьте период" in words(answer)
        assert (advised, main_buttons(answer)) == ((True, ["Далее"]) if left else (False, [REQUEST]))
    assert errors(answer) == [UNKNOWN, TOO_OFTEN]
    # Coming again, and trying once more, are told the same.
    for again in (await client.get(PATH), await client.post(PATH, BILL)):
        assert (errors(again), main_buttons(again)) == ([TOO_OFTEN], [REQUEST])
    clock.forward(days=1)
    await client.reach("bill")
    assert (errors(await client.get(PATH)), main_buttons(await client.get(PATH))) == ([], ["Далее"])


async def test_a_drawn_bill_marks_what_is_asked_for(client: Browser) -> None:
    await client.reach("bill")
    shown = (await client.get(PATH)).text
    drawn = re.search(r"<details.*?</details>", shown, re.DOTALL)
    assert drawn
    assert "Где это на счете-квитанции?" in drawn[0]
    assert drawn[0].count("<circle") == drawn[0].count("<li>") == 3


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


@pytest.mark.parametrize("typed", ["л/с 7000000111", "лс7000000111", "лицевой счет: 7000000111"])
@pytest.mark.parametrize("number", ["7000000111", "ЛС7000000111"])
async def test_the_label_of_a_number_is_no_part_of_it_here_and_in_the_registry(
    client: Browser, typed: str, number: str
) -> None:
    await run("UPDATE accounts SET number = {} WHERE number = '7000000111'", number)
    await client.reach("bill")
    assert location(await client.post(PATH, {**BILL, "account_number": typed})) == path_of("address")


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


@pytest.mark.parametrize("period", ["2019-01", "2036-05", "2036-09", "2062-01"])
async def test_only_the_periods_offered_are_taken_and_another_is_no_try(
    client: Browser, settings: Settings, clock: Clock, period: str
) -> None:
    """A bill of the registry that no form offers proves nothing; as nothing is looked up, nothing is counted."""
    known = kinds(Sealing(settings.secret), settings.sms_countries, clock.now.date())
    await import_rows(bound(), known["bills"], enumerate([["7000000111", "2019-01", "5,00"]], 1), clock.now)
    await import_rows(bound(), known["bills"], enumerate([["7000000111", "2036-05", "5,00"]], 1), clock.now)
    await client.reach("bill")
    for _ in range(10):
        answer = await client.post(PATH, {**BILL, "period": period, "amount": "5,00"})
        assert (answer.status_code, UNKNOWN in words(answer)) == (422, True)
        assert "Липовая" not in answer.text
    assert await run("SELECT hits FROM throttles WHERE key LIKE 'bill-%'") == []
    assert location(await client.submit("bill")) == path_of("address")


async def test_nothing_to_pay_proves_nothing_and_is_a_try(client: Browser) -> None:
    await run("UPDATE bills SET amount_kopecks = 0 WHERE period = '2036-08'")
    await client.reach("bill")
    assert [await wrong(client, amount=amount) for amount in ("0", "0,00", "00,0", "0.00", "0")] == [UNKNOWN] * 5
    assert TOO_OFTEN in words(await client.post(PATH, {**BILL, "amount": "0"}))


MANY = [f"70000002{n:02d}" for n in range(30)]


async def flat_tariff(settings: Settings, clock: Clock) -> None:
    """Thirty more accounts whose bills are all alike."""
    known = kinds(Sealing(settings.secret), settings.sms_countries, clock.now.date())
    await import_rows(bound(), known["accounts"], enumerate([[n, f"ул. Ровная, {n}"] for n in MANY], 1), clock.now)
    bills = [[number, "2036-08", "500,00"] for number in MANY]
    await import_rows(bound(), known["bills"], enumerate(bills, 1), clock.now)


async def test_ten_different_accounts_a_day_for_a_phone_right_ones_included(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock
) -> None:
    await flat_tariff(settings, clock)
    await client.reach("bill")
    forms = [{**BILL, "account_number": number, "amount": "500"} for number in MANY]
    answers = [await client.post(PATH, form) for form in forms]
    assert [answer.status_code for answer in answers] == [303] * 10 + [422] * 20
    assert TOO_OFTEN in words(answers[10])
    # One of the ten may be asked about again, and another session of the phone brings no new ones.
    assert location(await client.post(PATH, forms[0])) == path_of("address")
    clock.forward(minutes=2)
    second = another_browser("198.51.100.1")
    await second.reach("bill")
    assert TOO_OFTEN in words(await second.post(PATH, forms[20]))
    clock.forward(days=1)
    await second.reach("bill")
    assert location(await second.post(PATH, forms[20])) == path_of("address")


async def test_ten_different_accounts_at_once_are_ten(
    client: Browser, another_browser: MakeBrowser, settings: Settings, clock: Clock
) -> None:
    await flat_tariff(settings, clock)
    browsers = [client, another_browser("198.51.100.1")]
    await client.reach("code")
    await client.submit("code")
    clock.forward(minutes=2)
    await browsers[1].reach("bill")
    forms = [{**BILL, "account_number": number, "amount": "500"} for number in MANY]
    answers = await asyncio.gather(*(browsers[n % 2].post(PATH, form) for n, form in enumerate(forms)))
    assert [answer.status_code for answer in answers].count(303) == 10


SECOND = {"second_period": "2036-07", "second_amount": "1100"}


@pytest.mark.parametrize("changed", [{"bill_proof": "two-amounts", "bill_tries_phone_day": 20}])
async def test_a_second_bill_is_asked_for(client: Browser, changed: dict[str, Any]) -> None:
    await client.reach("bill")
    shown = await client.get(PATH)
    assert "Еще один расчетный период" in words(shown)
    assert "Сумма к оплате за этот период" in words(shown)
    # The second select begins at another period.
    assert 'value="2036-07" selected' in shown.text
    assert errors(await client.post(PATH, BILL)) == ["Выберите расчетный период", "Введите сумму к оплате"]
    for wrong_part in (
        {"second_amount": "1100,01"}, {"second_amount": "0"}, {"second_period": "2036-06"},
        {"second_period": "2036-08", "second_amount": "1234,56"}, {"second_period": "2035-07"},
    ):  # fmt: skip
        answer = await client.post(PATH, {**BILL, **SECOND, **wrong_part})
        assert UNKNOWN in words(answer), wrong_part
        assert value_of(answer, "second_amount") == {**SECOND, **wrong_part}["second_amount"]
    assert location(await client.post(PATH, {**BILL, **SECOND})) == path_of("address")


async def name_holder(settings: Settings, clock: Clock, born: str) -> None:
    known = kinds(Sealing(settings.secret), settings.sms_countries, clock.now.date())
    row = ["+7 900 000-00-01", "Петрова", "Мария", "", born, "", "7000000111"]
    await import_rows(bound(), known["customers"], enumerate([row], 1), clock.now)


@pytest.mark.parametrize("changed", [{"bill_proof": "birth-date"}])
async def test_the_holders_birth_date_is_asked_for_where_the_registry_has_it(
    client: Browser, settings: Settings, clock: Clock, changed: dict[str, Any]
) -> None:
    await name_holder(settings, clock, "01.02.1960")
    await client.reach("bill")
    assert "Дата рождения владельца лицевого счета" in words(await client.get(PATH))
    assert errors(await client.post(PATH, BILL)) == ["Заполните обязательное поле"]
    assert UNKNOWN in words(await client.post(PATH, {**BILL, "birth_date": "02.01.1960"}))
    assert location(await client.post(PATH, {**BILL, "birth_date": "1.2.1960"})) == path_of("address")
    # The neighbours' account has no holder whom the company has named: the amount has to do.
    neighbour = {**BILL, "account_number": "7000000118", "birth_date": "03.03.1990"}
    assert location(await client.post(PATH, neighbour)) == path_of("address")


@pytest.mark.parametrize("changed", [{"bill_proof": "birth-date"}])
async def test_a_birth_date_typed_by_the_first_customer_is_not_the_registrys(
    client: Browser, another_browser: MakeBrowser, changed: dict[str, Any]
) -> None:
    for browser in (client, another_browser("198.51.100.1", phone="+7 912 345-67-90")):
        browser.forms["bill"] = {**BILL, "birth_date": "05.03.1984" if browser is client else "01.01.1970"}
        assert location(await browser.register()) == "/profile"
