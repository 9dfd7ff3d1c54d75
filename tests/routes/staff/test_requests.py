"""«Заявки»: the list, one request, every act on it, and what its sender and the registry see of that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db import connection_requests, registry
from db.engine import run
from domain.portal import Portal
from domain.staff import near_matches
from domain.staff.people import Role
from tests import staff
from tests.browser import BILL, REQUEST, Browser, location, path_of
from tests.conftest import Clock, Posted, scope_of
from tests.holder import clear_throttles
from tests.screen import errors, fragment_of, value_of, words

PATH = "/staff/requests"
ACTS = ("work", "question", "refusal", "connection")
Another = Callable[..., Browser]
ReadPosted = Callable[[], Awaitable[list[Posted]]]


async def asked(browser: Browser, **typed: str) -> int:
    """A person who was not found sends a request; its number."""
    await browser.reach("bill")
    await browser.post(path_of("bill"), {**BILL, "amount": "1,00"})
    assert location(await browser.post(path_of("connection"), {**REQUEST, **typed})) == path_of("sent")
    return int((await run("SELECT max(id) AS id FROM connection_requests"))[0]["id"])


async def act(clerk: Browser, number: int, name: str, **fields: str) -> Any:
    page = await clerk.get(f"{PATH}/{number}")
    return await clerk.post(f"{PATH}/{number}/{name}", {"version": value_of(page, "version") or "", **fields})


async def test_a_request_is_found_taken_and_connected_to_the_phones_next_registration(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock, posted: ReadPosted
) -> None:
    applicant = another_browser("203.0.113.9")
    number = await asked(applicant, account_number="7000000112")
    clock.forward(minutes=90)
    await staff.begin(client, portal, clock)
    shown = words(await client.get(PATH))
    assert f"№ {number} Новая" in shown
    assert "прошло 90 минут" in shown
    assert "Иванова" not in shown, "a list shows no personal data"
    assert location(await client.get(f"{PATH}?number=№ {number}")) == f"{PATH}/{number}"
    assert "Заявки с таким номером нет" in words(await client.get(f"{PATH}?number=77"))
    page = await client.get(f"{PATH}/{number}")
    for said in ("Взять в работу", "Что введено", "Новый дом", "ivanova@example.org"):
        assert said in words(page)
    assert "Похожие лицевые счета" not in words(page), "only for who works on it"
    assert location(await act(client, number, "work")) == f"{PATH}/{number}"
    page = await client.get(f"{PATH}/{number}")
    assert BILL["account_number"] in words(page), "one digit off"
    (account,) = await registry.accounts_with_numbers([BILL["account_number"]])
    assert errors(await act(client, number, "connection")) == ["Выберите лицевой счет или введите его номер"]
    assert errors(await act(client, number, "connection", account_number="1")) == [
        "Такого лицевого счета нет в реестре"
    ]
    done = await client.follow(await act(client, number, "connection", account=str(account["id"])))
    assert "Ждет регистрации по номеру телефона из заявки" in words(done)
    message = (await posted())[-1]
    assert (message.name, message.to, message.values["outcome"]) == ("connection-decided", REQUEST["email"], "found")
    # The sender registers without a bill.
    await clear_throttles()
    await applicant.post("/sign-out")
    newcomer = another_browser("203.0.113.10")
    await newcomer.reach("bill")
    offered = await newcomer.get(path_of("bill"))
    assert f"По вашей заявке мы нашли лицевой счет: {account['number']}" in words(offered)
    assert location(await newcomer.post(path_of("bill") + "/offer", {"account": "99"})) == path_of("bill")
    assert location(await newcomer.post(path_of("bill") + "/offer", {"account": str(account["id"])})) == path_of(
        "address"
    )
    for step in ("address", "person", "password"):
        answer = await newcomer.submit(step)
    assert location(answer) == "/profile"
    assert account["number"] in words(await newcomer.get("/profile"))
    assert await run("SELECT id FROM connection_requests WHERE phone_hash <> ''") == []
    entries = await run("SELECT event, subject FROM staff_journal WHERE event LIKE 'request-%' ORDER BY number")
    assert {row["subject"] for row in entries} == {f"request {number}"}
    assert {"request-opened", "request-taken", "request-connected"} == {row["event"] for row in entries}


async def test_an_offer_is_for_its_phone_and_for_a_while(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock
) -> None:
    number = await asked(another_browser("203.0.113.9"))
    await staff.begin(client, portal, clock)
    await act(client, number, "work")
    (account,) = await registry.accounts_with_numbers([BILL["account_number"]])
    await act(client, number, "connection", account_number=account["number"])
    await clear_throttles()
    stranger = another_browser("203.0.113.11")
    stranger.phone = "+7 900 111-22-33"
    await stranger.reach("bill")
    assert "Подключить этот счет" not in words(await stranger.get(path_of("bill")))
    answer = await stranger.post(path_of("bill") + "/offer", {"account": str(account["id"])})
    assert location(answer) == path_of("bill")
    clock.forward(days=61)
    late = another_browser("203.0.113.12")
    await late.reach("bill")
    assert "Подключить этот счет" not in words(await late.get(path_of("bill")))


async def test_a_customers_request_is_connected_at_once_and_they_see_who_looked(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock, posted: ReadPosted
) -> None:
    number = await asked(another_browser("203.0.113.9"))
    await clear_throttles()
    customer = another_browser("203.0.113.10")
    await customer.register()
    await run("DELETE FROM customer_accounts")
    await staff.begin(client, portal, clock)
    await act(client, number, "work")
    answers = await asyncio.gather(
        *(act(client, number, "connection", account_number=BILL["account_number"]) for _ in range(3))
    )
    assert {location(answer) for answer in answers if answer.status_code == 303} == {f"{PATH}/{number}"}
    assert BILL["account_number"] in words(await customer.get("/profile"))
    assert [m.values["outcome"] for m in await posted() if m.name == "connection-decided"] == ["attached"]
    assert "Лицевой счет добавлен" in words(await customer.get("/profile/security"))
    # It is a customer's now: a further look is told to them.
    await client.get(f"{PATH}/{number}")
    assert "Сотрудник компании открывал ваши данные" in words(await customer.get("/profile/security"))


async def test_the_second_of_two_clerks_is_told(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock, posted: ReadPosted
) -> None:
    number = await asked(another_browser("203.0.113.9"))
    other = another_browser("203.0.113.10")
    await staff.begin(client, portal, clock)
    await staff.begin(other, portal, clock, "sidorov@example.org")
    pages = [await browser.get(f"{PATH}/{number}") for browser in (client, other)]
    assert [value_of(page, "version") for page in pages] == ["0", "0"]
    first, second = await asyncio.gather(
        *(browser.post(f"{PATH}/{number}/work", {"version": "0"}) for browser in (client, other))
    )
    assert sorted((first.status_code, second.status_code)) == [303, 422]
    late, early = (other, client) if first.status_code == 303 else (client, other)
    told = second if first.status_code == 303 else first
    assert errors(told) == ["Заявку уже изменил другой сотрудник. Посмотрите, что получилось, и решите заново."]
    # The same press sent again is no other clerk's.
    assert (await early.post(f"{PATH}/{number}/work", {"version": "0"})).status_code == 303
    sent = len(await posted())
    for name, fields in (("question", {"question": "Где вы?"}), ("refusal", {"reason": "no-answer"}),
                         ("connection", {"account_number": BILL["account_number"]})):  # fmt: skip
        assert (await act(late, number, name, **fields)).status_code == 422
        for version in ("", "0", "7", "-1", "9" * 30, "x"):
            answer = await early.post(f"{PATH}/{number}/{name}", {**fields, "version": version})
            assert answer.status_code == 422, (name, version)
    assert len(await posted()) == sent
    # A colleague may take it over, and then the first is told.
    assert location(await act(late, number, "work")) == f"{PATH}/{number}"
    assert (await early.post(f"{PATH}/{number}/refusal", {"version": "1", "reason": "repeated"})).status_code == 422
    assert (await act(late, number, "refusal", reason="repeated")).status_code == 303
    assert (await act(early, number, "work")).status_code == 422, "what is decided stays decided"


async def test_a_question_is_answered_on_a_page_and_a_refusal_says_why(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock, posted: ReadPosted
) -> None:
    number = await asked(another_browser("203.0.113.9"))
    await staff.begin(client, portal, clock)
    await act(client, number, "work")
    assert errors(await act(client, number, "question", question=" ")) == ["Напишите вопрос"]
    asking = await act(client, number, "question", question="Какая квартира?\nИ дом?")
    assert "Мы отправили вопрос" in words(await client.follow(asking))
    question = (await posted())[-1]
    assert (question.name, question.values["question"]) == ("connection-question", "Какая квартира?\nИ дом?")
    reader = another_browser("203.0.113.44")
    link = str(question.values["link"]).partition("8000")[2]
    assert location(await reader.get(link)) == "/request"
    assert "Какая квартира?" in words(await reader.get("/request"))
    assert errors(await reader.post("/requests/answer", {"answer_text": ""})) == ["Напишите ответ"]
    for _ in range(2):
        answered = await reader.follow(await reader.post("/requests/answer", {"answer_text": "Квартира 12 <b>"}))
        assert "Мы получили ваш ответ" in words(answered)
    page = await client.get(f"{PATH}/{number}")
    assert words(page).count("Квартира 12 <b>") == 1
    assert "<b>" not in page.text
    assert errors(await act(client, number, "refusal", reason="other")) == ["Напишите причину"]
    await act(client, number, "refusal", reason="not-served")
    assert (await posted())[-1].values["outcome"] == "refused"
    seen = words(await reader.get("/request"))
    assert "Отклонена" in seen
    assert "мы не обслуживаем этот адрес" in seen
    before = await run("SELECT talk_sealed FROM connection_requests")
    await reader.post("/requests/answer", {"answer_text": "Поздно"})
    assert await run("SELECT talk_sealed FROM connection_requests") == before


@pytest.mark.parametrize("who", ["nobody", "customer"])
async def test_only_the_staff_see_and_change_requests(
    client: Browser, another_browser: Another, portal: Portal, clock: Clock, who: str
) -> None:
    number = await asked(another_browser("203.0.113.9"))
    await clear_throttles()
    if who == "customer":
        await client.register()
        client.http.cookies.set("kabinet-staff", str(client.cookie), domain="127.0.0.1")
    before = await run("SELECT * FROM connection_requests")
    for path in (PATH, f"{PATH}/{number}"):
        assert location(await client.get(path)) == "/staff/sign-in"
    for name in ACTS:
        assert location(await client.post(f"{PATH}/{number}/{name}", {"version": "0"})) == "/staff/sign-in"
    assert await run("SELECT * FROM connection_requests") == before
    clerk = another_browser("203.0.113.10")
    await staff.begin(clerk, portal, clock, role=Role.OPERATOR)
    for name in ACTS:
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        answer = await clerk.post(f"{PATH}/{number}/{name}", {"version": "0"}, headers=foreign)
        assert answer.status_code == 403, name
        assert (await clerk.post(f"{PATH}/99/{name}", {"version": "0"})).status_code == 404
    assert await run("SELECT * FROM connection_requests") == before
    for wrong in ("0", "x", "9" * 20, "1e1", "-1"):
        assert (await clerk.get(f"{PATH}/{wrong}")).status_code == 404, wrong


async def test_the_list_goes_on_behind_fifty_and_filters(client: Browser, portal: Portal, clock: Clock) -> None:
    scope = scope_of(portal, clock())
    for _ in range(120):
        await connection_requests.add(scope.seal([]), clock())
    await connection_requests.mark_handled(5, clock())
    await staff.begin(client, portal, clock)
    first = await client.get(PATH)
    assert first.text.count('class="act"') == 50
    assert "№ 5 " not in words(first)
    second = await client.get(f"{PATH}?state=open&after=51")
    assert second.text.count('class="act"') == 50
    assert "№ 52 " in words(second)
    assert fragment_of(await client.get(f"{PATH}?state=done")) == "staff-requests"
    assert "№ 5 Выполнена" in words(await client.get(f"{PATH}?state=done"))
    for query in ("state=x", "state=open&after=-1", "after=" + "9" * 40, "number=" + "9" * 200):
        assert (await client.get(f"{PATH}?{query}")).status_code == 200, query


def test_neighbours_of_a_number_are_one_slip_away() -> None:
    near = near_matches.neighbours("7012")
    assert {"7013", "712", "70112", "7102", "0712"} <= set(near)
    assert "7012" not in near
    assert near_matches.neighbours("7" * 40) == []
