"""Registration by card through the web: both steps, the password of the SMS, and what may go wrong between them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.engine import bound, run
from domain.registry.importing import import_rows
from domain.registry.kinds import kinds
from domain.sealing import Sealing
from routes.message_texts import MessageTexts
from settings import Settings
from tests.browser import Browser, location
from tests.conftest import Clock, Posted
from tests.screen import errors, words

CARD = {"card_number": "9643 9000 0000 0013", "email": "Holder1@Example.org"}
PHONE = "8 900 000-01-01"
PASSWORD = "зимний вечер у реки"
_CODE = "24680"
_ROWS = [
    ["9643900000000013", "H1", "tk1001", "holder1@example.org", "+79000000101"],
    ["964390000000002", "H1", "tk1001", "holder1@example.org", "+79000000101"],
    ["964390000000003", "H2", "tk1002", "holder2@example.org", "+79123456789"],
]
Outbox = Callable[[], Awaitable[list[Posted]]]


@pytest.fixture
def changed() -> dict[str, Any]:
    return {"captcha_code": _CODE, "card_tries_ip_hour": 1000}


async def _import(settings: Settings, clock: Clock, rows: list[list[str]], *, replace: bool = False) -> None:
    known = kinds(Sealing(settings.secret), settings.sms_countries, clock().date())["cards"]
    await import_rows(bound(), known, enumerate(rows, 1), clock(), replace=replace, allow_removing=len(_ROWS))


@pytest.fixture(autouse=True)
async def _cards(client: Browser, settings: Settings, clock: Clock) -> None:
    await _import(settings, clock, _ROWS)


async def _picture(client: Browser, path: str) -> str:
    found = re.search(r'name="picture" value="([^"]+)"', (await client.open(path)).text)
    assert found
    return found[1]


async def _ask(client: Browser, card: dict[str, str] | None = None, **more: str) -> Any:
    path = "/registration/card/card"
    form = {**(card or CARD), "captcha": _CODE, "picture": await _picture(client, path), **more}
    return await client.post(path, form)


async def _link(posted: Outbox) -> str:
    message = next(p for p in reversed(await posted()) if p.name == "card-registration")
    return str(message.values["link"]).removeprefix("http://127.0.0.1:8000")


async def _give_phone(client: Browser, link: str, phone: str = PHONE, **more: str) -> Any:
    return await client.post(link, {"phone": phone, "captcha": _CODE, "picture": await _picture(client, link), **more})


async def _sms_password(posted: Outbox) -> str:
    return str(next(p for p in reversed(await posted()) if p.name == "card-password").values["password"])


async def _sign_in(client: Browser, password: str, login: str = "TK1001") -> Any:
    return await client.post("/sign-in/login", {"login": login, "password": password})


async def _register(client: Browser, posted: Outbox) -> str:
    assert location(await _ask(client)) == "/registration/card/sent"
    assert location(await _give_phone(client, await _link(posted))) == "/registration/card/done"
    return await _sms_password(posted)


async def test_whole_registration_costs_one_email_and_one_sms(client: Browser, posted: Outbox) -> None:
    password = await _register(client, posted)
    assert [(p.name, p.to) for p in await posted()] == [
        ("card-registration", "Holder1@example.org"),
        ("card-password", "+79000000101"),
    ]
    assert re.fullmatch("[a-zA-Z2-9]{10}", password)
    assert location(await _sign_in(client, password)) == "/registration/card/password"
    assert location(await client.get("/profile")) == "/registration/card/password"
    saved = await client.post("/registration/card/password", {"password": PASSWORD})
    assert location(saved) == "/profile"
    told = (await posted())[-1]
    assert MessageTexts()(told.name, told.values).text.startswith("Здравствуйте!\n\nПароль изменен")
    profile = words(await client.get("/profile"))
    assert "tk1001" in profile
    assert "0013" in profile


async def test_password_of_the_sms_is_good_for_one_sign_in(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox
) -> None:
    password = await _register(client, posted)
    answers = await asyncio.gather(*(_sign_in(another_browser(), password) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]


async def test_expired_password_of_the_sms_says_the_way_on(client: Browser, posted: Outbox, clock: Clock) -> None:
    password = await _register(client, posted)
    clock.forward(hours=72, seconds=1)
    answer = await _sign_in(client, password)
    assert "пройдите регистрацию по карте еще раз" in errors(answer)[0]
    again = await _register(client, posted)
    assert again != password
    assert location(await _sign_in(client, again)) == "/registration/card/password"


async def test_holder_with_a_password_is_told_so_by_any_card(client: Browser, posted: Outbox) -> None:
    await _sign_in(client, await _register(client, posted))
    await client.post("/registration/card/password", {"password": PASSWORD})
    await client.post("/sign-out")
    other = {"card_number": "964390000000002", "email": "holder1@example.org"}
    assert location(await _ask(client, other)) == "/registration/card/registered"
    assert "У держателя этой карты уже есть логин и пароль" in words(await client.get("/registration/card/registered"))
    assert len(await posted()) == 2 + 1  # the new password was told by e-mail


async def test_mismatch_does_not_tell_which_is_wrong(client: Browser, posted: Outbox) -> None:
    unknown_card = await _ask(client, {**CARD, "card_number": "4111 1111 1111 1111"})
    others_email = await _ask(client, {**CARD, "email": "holder2@example.org"})
    for answer in (unknown_card, others_email):
        assert answer.status_code == 422
        assert errors(answer) == ["Карта и адрес электронной почты не связаны между собой. Проверьте данные"]
    assert await posted() == []


async def test_five_misses_an_hour_for_a_card(client: Browser, posted: Outbox, clock: Clock) -> None:
    for _ in range(5):
        await _ask(client, {**CARD, "email": "other@example.org"})
    assert "Превышено число попыток" in errors(await _ask(client))[0]
    clock.forward(hours=1, seconds=1)
    assert location(await _ask(client)) == "/registration/card/sent"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"card_number": "1" * 11}, "Введите номер карты: от 12 до 19 цифр"),
        ({"card_number": "1" * 20}, "Введите номер карты: от 12 до 19 цифр"),
        ({"card_number": ""}, "Введите номер карты"),
        ({"email": "holder1@"}, "Введен некорректный адрес электронной почты"),
        ({"captcha": ""}, "Введите код с картинки"),
        ({"captcha": "13579"}, "Код с картинки введен неверно"),
        ({"picture": "invented"}, "Код с картинки введен неверно"),
    ],
)
async def test_bad_input_is_told_beside_its_field(client: Browser, typed: dict[str, str], expected: str) -> None:
    answer = await _ask(client, None, **typed)
    assert (answer.status_code, errors(answer)) == (422, [expected])
    assert _CODE not in answer.text


async def test_number_without_its_check_digit_is_doubted_and_not_refused(client: Browser, posted: Outbox) -> None:
    left = await client.htmx("/registration/card/card/fields/card_number", {"card_number": "964390000000002"})
    assert errors(left) == ["Проверьте номер карты: возможно, в нем опечатка"]
    other = {"card_number": "964390000000002", "email": "holder1@example.org"}
    assert location(await _ask(client, other)) == "/registration/card/sent"


async def test_pressed_eight_times_at_once_sends_one_email(client: Browser, posted: Outbox) -> None:
    form = {**CARD, "captcha": _CODE, "picture": await _picture(client, "/registration/card/card")}
    answers = await asyncio.gather(*(client.post("/registration/card/card", form) for _ in range(8)))
    assert {location(answer) for answer in answers} == {"/registration/card/sent"}
    link = await _link(posted)
    form = {"phone": PHONE, "captcha": _CODE, "picture": await _picture(client, link)}
    answers = await asyncio.gather(*(client.post(link, form) for _ in range(8)))
    assert location(answers[0]) == "/registration/card/done"
    assert [p.name for p in await posted()] == ["card-registration", "card-password"]


async def test_same_card_in_two_browsers_sends_one_email(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox
) -> None:
    answers = await asyncio.gather(_ask(client), _ask(another_browser()))
    assert {location(answer) for answer in answers} == {"/registration/card/sent"}
    assert len(await posted()) == 1


async def test_asking_again_later_makes_the_former_link_void_and_says_so(
    client: Browser, posted: Outbox, clock: Clock
) -> None:
    await _ask(client)
    former = await _link(posted)
    clock.forward(minutes=2)
    await _ask(client)
    assert [p.values["renewed"] for p in await posted()] == [False, True]
    assert (await client.get(former)).status_code == 410
    assert (await client.open(await _link(posted))).status_code == 200


async def test_scanner_spends_nothing_and_the_link_works_on_another_device(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox
) -> None:
    await _ask(client)
    link = await _link(posted)
    for _ in range(3):
        assert (await client.http.head(link)).status_code == 303
        assert (await client.open(link)).status_code == 200
    assert location(await _give_phone(another_browser("198.51.100.7"), link)) == "/registration/card/done"


async def test_link_is_void_when_used_altered_or_late(client: Browser, posted: Outbox, clock: Clock) -> None:
    await _ask(client)
    link = await _link(posted)
    altered = link[:-1] + ("A" if link[-1] != "A" else "B")
    assert (await client.get(altered)).status_code == 410
    assert "Ссылка недействительна или уже использована" in words(await client.get(altered))
    await _give_phone(client, link)
    assert (await client.get(link)).status_code == 410
    assert (await client.post(link, {"phone": PHONE})).status_code == 410
    clock.forward(minutes=10)
    await _ask(client)
    clock.forward(hours=24, seconds=1)
    assert (await client.get(await _link(posted))).status_code == 410


async def test_fifth_wrong_phone_ends_the_link(client: Browser, posted: Outbox) -> None:
    await _ask(client)
    link = await _link(posted)
    for _ in range(4):
        assert errors(await _give_phone(client, link, "8 912 345-67-00")) == ["Этот номер не привязан к карте"]
    assert (await _give_phone(client, link, "8 912 345-67-00")).status_code == 410
    assert (await client.get(link)).status_code == 410
    assert [p.name for p in await posted()] == ["card-registration"]


async def test_registry_imported_anew_between_the_steps(
    client: Browser, posted: Outbox, settings: Settings, clock: Clock
) -> None:
    await _ask(client)
    link = await _link(posted)
    moved = [[*_ROWS[0][:4], "+79000000177"]]
    await _import(settings, clock, moved, replace=True)
    assert errors(await _give_phone(client, link)) == ["Этот номер не привязан к карте"]
    assert location(await _give_phone(client, link, "8 900 000-01-77")) == "/registration/card/done"
    clock.forward(minutes=10)
    await _ask(client)
    await _import(settings, clock, _ROWS[2:], replace=True)
    assert (await client.get(await _link(posted))).status_code == 410


async def test_bound_phone_with_a_customer_leads_to_sign_in_and_adding_the_card(
    client: Browser, posted: Outbox, clock: Clock
) -> None:
    await client.register()
    await client.post("/sign-out")
    before = len(await posted())
    await _ask(client, {"card_number": "964390000000003", "email": "holder2@example.org"})
    assert location(await _give_phone(client, await _link(posted), "8 912 345-67-89")) == "/registration/card/known"
    assert len(await posted()) == before + 1
    assert [row["n"] for row in await run("SELECT count(*) AS n FROM customers")] == [1]


async def test_card_is_added_to_a_customer_by_the_link_to_its_email(
    client: Browser, another_browser: Callable[..., Browser], posted: Outbox
) -> None:
    await client.register()
    wrong = await client.post("/profile/cards/new", {**CARD, "email": "other@example.org"})
    assert errors(wrong) == ["Карта и адрес электронной почты не связаны между собой. Проверьте данные"]
    await client.post("/profile/cards/new", CARD)
    link = str((await posted())[-1].values["link"]).removeprefix("http://127.0.0.1:8000")
    assert location(await another_browser().get(link)) == "/"
    assert (await client.open(link)).status_code == 200
    assert "0013" not in words(await client.get("/profile"))
    assert location(await client.post(link)) == "/profile"
    assert "0013" in words(await client.get("/profile"))
    assert (await client.post(link)).status_code == 410
    await client.post("/sign-out")
    assert location(await _ask(client)) == "/registration/card/registered"


async def test_picture_voice_and_another_picture(client: Browser) -> None:
    page = (await client.get("/registration/card/card")).text
    found = re.search(r'src="(/captcha/[^"]+/picture.webp)"', page)
    assert found
    picture = await client.get(found[1])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    voice = await client.get(found[1].replace("picture.webp", "voice.wav"))
    assert (voice.status_code, voice.headers["content-type"]) == (200, "audio/wav")
    token = found[1].split("/")[2]
    another = await client.htmx(f"/captcha/another?instead={token}&path=/registration/card/card")
    assert "<html" not in another.text
    assert token not in another.text
    answer = await client.post("/registration/card/card", {**CARD, "captcha": _CODE, "picture": token})
    assert errors(answer) == ["Код с картинки введен неверно"]
    assert (await client.get("/captcha/invented/picture.webp")).status_code == 404


async def test_a_tried_picture_is_neither_drawn_nor_spoken(client: Browser) -> None:
    path = "/registration/card/card"
    token = await _picture(client, path)
    addresses = [f"/captcha/{token}/{kind}" for kind in ("picture.webp", "voice.wav")]
    assert [(await client.get(address)).status_code for address in addresses] == [200, 200]
    await client.post(path, {**CARD, "captcha": "00000", "picture": token})
    assert [(await client.get(address)).status_code for address in addresses] == [404, 404]


async def test_a_flood_of_spoken_codes_is_told_to_wait(client: Browser, settings: Settings) -> None:
    token = await _picture(client, "/registration/card/card")
    answers = [await client.get(f"/captcha/{token}/voice.wav") for _ in range(settings.captcha_voices_ip_hour + 1)]
    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    assert "Слишком много запросов" in words(answers[-1])
