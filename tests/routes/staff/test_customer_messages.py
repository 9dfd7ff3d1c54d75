"""The messages of a customer on their card: what has become of each, never what it says; and the link sent again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import pytest

from db.engine import run
from domain.delivery.messages import MESSAGES
from domain.portal import Portal
from routes.design import TEMPLATES
from routes.dev.gallery import draw
from routes.dev.states import State, states_of
from routes.sources import sources
from routes.templates import Templates
from tests import staff
from tests.browser import Browser, location
from tests.conftest import Clock, Posted
from tests.holder import clear_throttles
from tests.routes.staff.test_customers import search
from tests.screen import errors, words

ONE, PHONE = "/staff/customers/1", "8 912 345 67 89"
Another = Callable[..., Browser]
ReadPosted = Callable[[], Awaitable[list[Posted]]]


@pytest.fixture
async def customer(another_browser: Another) -> Browser:
    browser = another_browser("203.0.113.9")
    await browser.register()
    await clear_throttles()
    return browser


def test_every_message_to_a_customer_and_every_state_has_its_words() -> None:
    templates = Templates(ZoneInfo("Europe/Moscow"), lambda name: f"/static/{name}", sources(watch=False))
    state = states_of("staff/customer")[0].values
    told = [message.name for message in MESSAGES if not message.to_staff and message.name != "staff-invitation"]
    states = ["waiting", "sending", "sent", "accepted", "delivered", "undelivered", "failed", "rejected", "unknown"]
    states += ["expired"]
    rows = [
        {
            "kind": "sms",
            "message": name,
            "state": states[n % len(states)],
            "created_at": state["customer"]["registered_at"],
        }
        for n, name in enumerate(told)
    ]
    values = {**state, "customer": {**state["customer"], "messages": rows}}
    shown = draw(templates, State("staff/customer", "all", values))
    assert [name for name in [*told, *states] if f">{name}<" in shown or f"<p>{name}<br>" in shown] == []


async def test_messages_are_shown_with_their_states_and_without_what_they_say(
    client: Browser, customer: Browser, another_browser: Another, portal: Portal, clock: Clock, posted: ReadPosted
) -> None:
    stranger = another_browser("203.0.113.10")
    await stranger.post("/sign-in/phone", {"phone": PHONE})
    await stranger.post("/recovery")
    code = str((await posted())[-1].values["code"])
    other = another_browser("203.0.113.11")
    other.phone = "+7 900 111-22-33"
    await other.register()
    await run("UPDATE outbox SET state = 'undelivered' WHERE message = 'recovery-code'")
    await staff.begin(client, portal, clock)
    await search(client, PHONE)
    card = await client.get(ONE)
    assert "Код для нового пароля СМС" in words(card)
    assert "Не доставлено" in words(card)
    assert code not in words(card)
    assert "Код для регистрации" not in words(card), "sent before there was a customer, and to somebody else"
    rows = await run("SELECT message, customer FROM outbox WHERE message = 'email-confirmation' ORDER BY id")
    assert [row["customer"] for row in rows] == [1, 2]


async def test_the_link_that_confirms_an_address_is_sent_again_with_its_pauses(
    client: Browser, customer: Browser, portal: Portal, clock: Clock, posted: ReadPosted
) -> None:
    await staff.begin(client, portal, clock)
    await search(client, PHONE)
    before = len([one for one in await posted() if one.name == "email-confirmation"])
    assert "Мы отправили клиенту новую ссылку" in words(await client.follow(await client.post(f"{ONE}/message")))
    again = await client.post(f"{ONE}/message")
    assert again.status_code == 422
    assert errors(again)[0].startswith("Новое письмо можно запросить")
    links = [one for one in await posted() if one.name == "email-confirmation"]
    assert len(links) == before + 1
    await run("UPDATE customers SET email_confirmed_at = registered_at")
    assert "Отправить еще раз" not in words(await client.get(ONE))
    assert location(await client.post(f"{ONE}/message")) == ONE
    assert len([one for one in await posted() if one.name == "email-confirmation"]) == before + 1
    sent = await run("SELECT number FROM staff_journal WHERE event = 'customer-message-sent-again'")
    assert len(sent) == 1


def test_no_word_of_the_list_is_for_a_message_that_does_not_exist() -> None:
    text = (TEMPLATES / "partials/staff/messages.html").read_text(encoding="utf-8")
    names = {message.name for message in MESSAGES}
    listed = {part.split('"')[-1] for part in text.partition("message_states")[0].split('": _(')[:-1]}
    assert listed <= names
