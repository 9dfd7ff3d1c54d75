"""The portal in English, walked from end to end: pages, errors, faults, messages."""

from __future__ import annotations

import re

import pytest

from db import outbox
from domain.portal import Portal
from routes.incoming import LONGEST_QUERY
from routes.message_texts import MessageTexts
from tests.browser import BILL, PERSON, PHONE, STEPS, Browser, location, path_of
from tests.routes.test_language import ENGLISH, language
from tests.screen import errors, fragment_of, title, words
from tests.test_english import russian_in


@pytest.mark.parametrize(
    ("method", "path", "status", "heading"),
    [
        ("GET", "/no-such-page", 404, "Page not found"),
        ("PUT", "/", 405, "This page cannot be opened in this way"),
        ("GET", f"/?{LONGEST_QUERY * 'x'}x", 400, "We could not read the request"),
    ],
    ids=["404", "405", "400"],
)
async def test_a_fault_is_told_in_english(client: Browser, method: str, path: str, status: int, heading: str) -> None:
    answer = await client.http.request(method, path, headers=ENGLISH)
    assert answer.status_code == status
    assert language(answer) == "en"
    assert heading in words(answer)
    assert russian_in(answer.text) == []


async def test_a_request_from_elsewhere_is_refused_in_english(client: Browser) -> None:
    answer = await client.http.post("/sign-in/phone", headers={**ENGLISH, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "Request refused" in words(answer)


async def test_a_whole_registration_in_english(client: Browser, portal: Portal) -> None:
    await client.get("/language/en")
    made_up = [*PERSON.values(), "г. Светлоречинск, ул. Липовая, д. 3, кв. 1"]
    for step in STEPS:
        for answer in (await client.get(path_of(step)), await client.post(path_of(step), {"amount": "1,5,0"})):
            if answer.is_redirect:  # «Нет» to the address
                assert step == "address"
                await client.submit("bill")
                continue
            assert fragment_of(answer) == f"registration-account-{step}"
            assert language(answer) == "en"
            assert russian_in(answer.text, made_up) == []
            assert answer.status_code == 200 or title(answer).startswith("Error: ")
        answer = await client.submit(step)
    profile = await client.follow(answer)
    assert location(answer) == "/profile"
    assert russian_in(profile.text, made_up) == []
    assert "August 2036" in words(profile)
    assert "1,234.56 ₽" in words(profile)

    texts = MessageTexts()
    sent = [(row["message"], portal.sealing.unseal(row["sealed"])) for row in reversed(await outbox.newest(9))]
    assert [name for name, _ in sent] == ["registration-code", "email-confirmation"]
    code, email = (texts(name, value["values"], value["language"]) for name, value in sent)
    assert re.fullmatch(r"\d{6} is your Kabinet code to register\. .*", code.text)
    assert email.subject == "Confirm the email address for your online account"


async def test_a_date_is_asked_for_as_it_is_written_here(client: Browser) -> None:
    """Who reads English cannot tell from 05.03. which is the day and which the month."""
    await client.get("/language/en")
    await client.reach("person")
    path = path_of("person")
    assert "Day, month, year, for example 31.03.1984" in words(await client.get(path))
    asked = "Enter the date of birth as day, month, year, for example 31.03.1984"
    for typed, told in (("March 1984", asked), ("31.02.1950", f"This day does not exist. {asked}.")):
        assert errors(await client.post(path, {**PERSON, "birth_date": typed})) == [told]


async def test_the_staff_read_russian_and_the_customer_their_own_language(client: Browser, portal: Portal) -> None:
    await client.get("/language/en")
    await client.reach("bill")
    wrong = await client.post(path_of("bill"), {**BILL, "amount": "1"})
    assert errors(wrong) == ["The details are incorrect: we could not find this customer"]
    form = {**PERSON, "address": "ул. Тихая, 5", "account_number": "", "comment": ""}
    sent = await client.post("/registration/account/connection", form)
    assert sent.status_code == 303
    messages = {row["message"]: portal.sealing.unseal(row["sealed"]) for row in await outbox.newest(9)}
    assert messages["connection-request-for-staff"]["language"] == "ru"
    assert messages["connection-request-received"]["language"] == "en"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_russian_customer_is_written_to_in_russian(client: Browser, portal: Portal) -> None:
    await client.post(path_of("phone"), {"phone": PHONE, "consent": "yes"})
    assert [portal.sealing.unseal(row["sealed"])["language"] for row in await outbox.newest(9)] == ["ru"]


async def test_the_binding_text_of_the_consent_stands_below_its_translation(client: Browser) -> None:
    russian = await client.get("/personal-data")
    english = await client.get("/personal-data", headers=ENGLISH)
    binding = "Согласие действует, пока у меня есть личный кабинет."
    assert binding in words(russian)
    assert "translation" not in words(russian)
    assert words(english).index("The Russian text below is the one that applies") < words(english).index(binding)
