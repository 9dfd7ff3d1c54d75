"""Password, phone, e-mail, devices, data and the end of a cabinet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from db.engine import run
from tests import holder
from tests.browser import ANOTHER, COOKIE, PASSWORD, PHONE, Browser, location
from tests.conftest import Clock, Posted
from tests.screen import errors, value_of, words

NEW = "осенний берег у моря"
BASE = "/profile/security"
Outbox = Callable[[], Awaitable[list[Posted]]]


async def _link(posted: Outbox) -> str:
    message = next(p for p in reversed(await posted()) if "link" in p.values)
    return str(message.values["link"]).removeprefix("http://127.0.0.1:8000")


async def test_password_is_asked_again_after_ten_minutes(client: Browser, clock: Clock) -> None:
    await client.register()
    assert (await client.get(f"{BASE}/password")).status_code == 200
    clock.forward(minutes=10, seconds=1)
    asked = await client.get(f"{BASE}/password")
    assert asked.headers["location"] == f"{BASE}/confirmation?next={BASE}/password"
    wrong = await client.post(f"{BASE}/confirmation", {"password": "not this one", "next": f"{BASE}/password"})
    assert errors(wrong) == ["Неверный пароль"]
    right = await client.post(f"{BASE}/confirmation", {"password": PASSWORD, "next": f"{BASE}/password"})
    assert location(right) == f"{BASE}/password"
    assert (await client.get(f"{BASE}/password")).status_code == 200


async def test_confirmation_leads_to_no_foreign_page(client: Browser) -> None:
    await client.register()
    for path in ("https://evil.example", "//evil.example", "/profile//evil.example", "/profile\\evil", "/sign-out"):
        answer = await client.post(f"{BASE}/confirmation", {"password": PASSWORD, "next": path})
        assert location(answer) == BASE


async def test_form_opened_in_time_and_sent_too_late_asks_for_the_password_and_keeps_what_was_typed(
    client: Browser, clock: Clock, posted: Outbox
) -> None:
    await client.register()
    clock.forward(minutes=15)
    asked = await client.post(f"{BASE}/email", {"email": "new@example.org"})
    assert asked.headers["location"] == f"{BASE}/confirmation?next={BASE}/email"
    proved = await client.post(f"{BASE}/confirmation", {"password": PASSWORD, "next": f"{BASE}/email"})
    page = await client.follow(proved)
    assert value_of(page, "email") == "new@example.org"
    assert location(await client.post(f"{BASE}/email", {"email": "new@example.org"})) == BASE
    assert (await posted())[-1].to == "new@example.org"


@pytest.mark.parametrize(("confirmed", "emails"), [(False, 5), (True, 7)])
async def test_changes_of_a_password_do_not_fill_a_strangers_mailbox(
    client: Browser, posted: Outbox, confirmed: bool, emails: int
) -> None:
    """A customer who registers may type any address; the owner of a confirmed one is told of every change."""
    await client.register()
    if confirmed:
        await client.post(await _link(posted))
    for number in range(7):
        passwords = {"current_password": (PASSWORD, NEW)[number % 2], "password": (NEW, PASSWORD)[number % 2]}
        assert location(await client.post(f"{BASE}/password", passwords)) == BASE
    assert [p.name for p in await posted()].count("password-changed") == emails


async def test_data_asked_for_while_the_cabinet_is_deleted(
    client: Browser, another_browser: Callable[..., Browser]
) -> None:
    """Each answer is one that makes sense before or after the deletion."""
    await client.register()
    for round_ in range(4):
        same = another_browser()
        same.http.cookies.set(COOKIE, client.cookie or "")

        async def download(browser: Browser = same, pause: float = round_ * 0.01) -> int:
            await asyncio.sleep(pause)
            return (await browser.get("/profile/data")).status_code

        downloads = asyncio.gather(*(download() for _ in range(8)))
        assert location(await client.post("/profile/deletion", {"password": PASSWORD})) == "/"
        assert set(await downloads) <= {200, 303}
        await holder.clear_throttles()
        await client.register()


async def test_new_password_ends_all_other_sessions_and_changes_this_one(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox
) -> None:
    await client.register()
    other = another_browser()
    await other.sign_in()
    before = client.cookie
    assert location(await client.post(f"{BASE}/password", {"current_password": PASSWORD, "password": NEW})) == BASE
    assert client.cookie != before
    assert (await client.get("/profile")).status_code == 200
    assert location(await other.get("/profile")) == "/"
    assert (await posted())[-1].name == "password-changed"
    old = another_browser()
    old.http.cookies.set("kabinet", str(before))
    assert location(await old.get("/profile")) == "/"


@pytest.mark.parametrize("changed", [{"sms_per_phone_day": 3}])
async def test_one_cabinet_does_not_send_to_one_number_after_the_other(
    client: Browser, clock: Clock, changed: dict[str, int]
) -> None:
    await client.register()
    for number in range(3):
        answer = await client.post(f"{BASE}/phone", {"phone": f"8 900 111-22-0{number}"})
        assert location(answer) == f"{BASE}/phone/code"
    assert errors(await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-03"}))[0].startswith("Новый код можно")
    assert (await client.post(f"{BASE}/phone/code", ANOTHER)).status_code == 422
    clock.forward(days=1)
    await client.sign_in()
    assert location(await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-03"})) == f"{BASE}/phone/code"


@pytest.mark.parametrize("changed", [{"sms_budget_registration_day": 2}])
async def test_changes_of_phone_leave_recovery_its_budget(
    client: Browser, another_browser: Callable[..., Browser], changed: dict[str, int]
) -> None:
    await client.register()
    assert location(await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-01"})) == f"{BASE}/phone/code"
    assert (await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-02"})).status_code == 422
    owner = another_browser("198.51.100.9")
    await owner.post("/sign-in/phone", {"phone": PHONE})
    assert location(await owner.post("/recovery")) == "/recovery/code"


async def test_phone_changes_by_a_code_to_the_new_one_and_a_notice_to_the_old(
    client: Browser, posted: Outbox, clock: Clock
) -> None:
    await client.register()
    assert errors(await client.post(f"{BASE}/phone", {"phone": PHONE})) == ["Этот номер уже указан в вашем профиле"]
    assert location(await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-33"})) == f"{BASE}/phone/code"
    wrong = await client.post(f"{BASE}/phone/code", {"code": "000000"})
    assert errors(wrong) == ["Код не соответствует полученному в СМС"]
    assert "+7 912" in words(await client.get(BASE))
    right = await client.post(f"{BASE}/phone/code", {"code": await client.read_code("8 900 111-22-33")})
    assert location(right) == BASE
    notice = (await posted())[-1]
    assert (notice.name, notice.to) == ("phone-changed", "+79123456789")
    await client.post("/sign-out")
    assert location(await client.sign_in(phone="8 900 111-22-33")) == "/profile"


async def test_anothers_phone_is_learned_only_behind_its_code(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock
) -> None:
    await another_browser(phone="8 900 111-22-33").register()
    await client.register()
    clock.forward(minutes=2)
    taken = await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-33"})
    free = await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-44"})
    assert (taken.status_code, taken.headers["location"]) == (free.status_code, free.headers["location"])
    clock.forward(minutes=2)
    await client.post(f"{BASE}/phone", {"phone": "8 900 111-22-33"})
    answer = await client.post(f"{BASE}/phone/code", {"code": await client.read_code("8 900 111-22-33")})
    assert errors(answer) == ["На этот номер зарегистрирован другой личный кабинет"]


async def test_anothers_phone_that_has_become_free_is_taken_by_another_code(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock
) -> None:
    other = another_browser(phone="8 900 111-22-33")
    await other.register()
    await client.register()
    clock.forward(minutes=2)
    await client.post(f"{BASE}/phone", {"phone": other.phone})
    code = {"code": await client.read_code(other.phone)}
    for _ in range(2):
        refused = await client.post(f"{BASE}/phone/code", code)
        assert errors(refused) == ["На этот номер зарегистрирован другой личный кабинет"]
    await other.post("/profile/deletion", {"password": PASSWORD})
    # What was learned of it is not learned again, nor changed, by the code that is used.
    assert errors(await client.post(f"{BASE}/phone/code", code)) == errors(refused)
    clock.forward(minutes=8)
    assert location(await client.post(f"{BASE}/phone/code", ANOTHER)) == f"{BASE}/phone/code"
    right = await client.post(f"{BASE}/phone/code", {"code": await client.read_code(other.phone)})
    assert location(right) == BASE


async def test_another_code_for_anothers_phone_gives_no_more_time(
    client: Browser, another_browser: Callable[..., Browser], clock: Clock
) -> None:
    other = another_browser(phone="8 900 111-22-33")
    await other.register()
    await client.register()
    clock.forward(minutes=2)
    await client.post(f"{BASE}/phone", {"phone": other.phone})
    await client.post(f"{BASE}/phone/code", {"code": await client.read_code(other.phone)})
    clock.forward(minutes=9)
    await client.post(f"{BASE}/phone/code", ANOTHER)
    clock.forward(minutes=1)
    late = await client.post(f"{BASE}/phone/code", {"code": await client.read_code(other.phone)})
    assert errors(late) == ["Срок действия кода истек. Запросите новый"]


async def test_email_is_replaced_once_its_link_is_pressed(client: Browser, posted: Outbox, clock: Clock) -> None:
    await client.register()
    first = await _link(posted)
    await client.post(f"{BASE}/email", {"email": "new@example.org"})
    link = await _link(posted)
    await client.get(link)
    assert "ivanova@example.org" in words(await client.get("/profile"))
    assert "подтвержден" in words(await client.post(link))
    assert "new@example.org, подтверждена" in words(await client.get("/profile"))
    notice = (await posted())[-1]
    assert (notice.name, notice.to) == ("email-changed", "ivanova@example.org")
    assert (await client.post(first)).status_code == 410, "the link to the former address cannot bring it back"
    assert "new@example.org" in words(await client.get("/profile"))


async def test_of_two_changes_of_email_only_the_newer_wins(client: Browser, posted: Outbox, clock: Clock) -> None:
    await client.register()
    await client.post(f"{BASE}/email", {"email": "one@example.org"})
    one = await _link(posted)
    clock.forward(minutes=3)
    await client.post(f"{BASE}/email", {"email": "two@example.org"})
    assert (await client.post(one)).status_code == 410
    await client.post(await _link(posted))
    assert "two@example.org" in words(await client.get("/profile"))


async def test_devices_are_listed_and_ended(client: Browser, another_browser: Callable[..., Browser]) -> None:
    await client.register()
    chrome = another_browser()
    chrome.http.headers["User-Agent"] = (
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
    )
    third = another_browser()
    await chrome.sign_in()
    await third.sign_in()
    page = await client.get(BASE)
    assert "Chrome, Android" in words(page)
    sessions = await run("SELECT id FROM sessions WHERE user_agent LIKE '%Android%' AND customer IS NOT NULL")
    await client.post(f"{BASE}/devices/{sessions[0]['id']}/end")
    assert location(await chrome.get("/profile")) == "/"
    assert (await third.get("/profile")).status_code == 200
    await client.post(f"{BASE}/devices/end-others")
    assert location(await third.get("/profile")) == "/"
    assert (await client.get("/profile")).status_code == 200


async def test_anothers_session_cannot_be_ended(client: Browser, another_browser: Callable[..., Browser]) -> None:
    await client.register()
    other = another_browser(phone="8 900 111-22-33")
    await other.register()
    for row in await run("SELECT id FROM sessions"):
        await other.post(f"{BASE}/devices/{row['id'] if row['id'] != 0 else 0}/end")
    assert (await client.get("/profile")).status_code == 200


async def test_journal_shows_the_customers_own_events(client: Browser, another_browser: Callable[..., Browser]) -> None:
    await client.register()
    await another_browser("198.51.100.9").sign_in("not this one")
    page = words(await client.get(BASE))
    assert "Регистрация" in page
    assert "Неверный пароль при входе" in page
    assert "198.51.100.9" in page


async def test_data_come_as_a_file_and_hold_what_is_known(client: Browser, clock: Clock) -> None:
    await client.register()
    answer = await client.get("/profile/data")
    assert "attachment" in answer.headers["content-disposition"]
    data = json.loads(answer.text)
    assert data["person"]["phone"] == "+79123456789"
    assert data["accounts"][0]["bills"][0]["amount_kopecks"] == 123456
    assert [entry["event"] for entry in data["journal"]] == ["registered"]
    assert len(data["consents"]) == 1
    clock.forward(minutes=11)
    assert location(await client.get("/profile/data")) == f"{BASE}/confirmation"


async def test_deleted_cabinet_is_gone_and_what_stays_names_nobody(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox, clock: Clock
) -> None:
    await client.register()
    other = another_browser()
    await other.sign_in()
    assert errors(await client.post("/profile/deletion", {"password": "not this one"})) == ["Неверный пароль"]
    gone = await client.post("/profile/deletion", {"password": PASSWORD})
    assert "Личный кабинет удален" in words(await client.get(gone.headers["location"]))
    assert location(await other.get("/profile")) == "/"
    assert errors(await client.sign_in()) == ["Неверный логин или пароль"]
    assert (await posted())[-1].name == "cabinet-deleted"
    assert await run("SELECT id FROM customers") == []
    assert [row["customer"] for row in await run("SELECT customer FROM consents")] == [None]
    assert {row["customer"] for row in await run("SELECT customer FROM journal")} == {None}
    clock.forward(minutes=10)
    await another_browser().register()


async def test_lost_session_leads_back_with_what_was_typed(client: Browser, clock: Clock) -> None:
    await client.register()
    clock.forward(minutes=31)
    lost = await client.post(f"{BASE}/email", {"email": "typed@example.org"})
    assert "Сеанс завершен. Начните заново" in words(await client.get(lost.headers["location"]))
    back = await client.sign_in()
    assert location(back) == f"{BASE}/email"
    page = await client.get(back.headers["location"])
    assert value_of(page, "email") == "typed@example.org"
    assert value_of(await client.get(f"{BASE}/email"), "email") == ""


async def test_what_was_typed_never_holds_a_password(client: Browser, clock: Clock) -> None:
    await client.register()
    clock.forward(minutes=31)
    await client.post(f"{BASE}/password", {"current_password": PASSWORD, "password": NEW})
    page = await client.follow(await client.sign_in())
    assert NEW not in page.text
    assert PASSWORD not in page.text


async def test_going_on_moves_the_idle_end(client: Browser, clock: Clock) -> None:
    await client.register()
    assert "вы выйдете из кабинета в" in words(await client.get("/profile"))
    for _ in range(3):
        clock.forward(minutes=29)
        assert (await client.htmx("/session", {}, at="/profile")).status_code == 200
    assert (await client.get("/profile")).status_code == 200
    clock.forward(minutes=31)
    assert (await client.htmx("/session", {}, at="/profile")).headers["hx-redirect"] == "/"


async def test_sealed_value_of_another_kind_is_no_way_back(client: Browser) -> None:
    page = await client.get("/registration/card/card")
    token = value_of(page, "picture")
    assert token
    client.http.cookies.set("return-to", token)
    assert (await client.get("/")).status_code == 200
    await client.register()
    assert (await client.get("/profile")).status_code == 200
