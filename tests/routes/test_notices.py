"""What a customer is told once: after the act itself, on its own page, and by nothing that anybody can craft."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from domain.portal import Portal
from domain.sealing import Sealing
from routes import notices, return_to, sealed_values
from routes.assets import Assets
from routes.cookies import NOTICE, RETURN_TO
from routes.dev.gallery import draw
from routes.dev.states import State, fragments, states_of
from routes.notices import Notice
from routes.sources import sources
from routes.templates import Templates
from settings import Settings
from tests.acts import ACTS, Act, Scene, settings_of
from tests.browser import ANOTHER, BASE, BILL, COOKIE, PASSWORD, Browser, location
from tests.conftest import Clock, scope_of
from tests.holder import Outbox
from tests.routes.test_headers import PRODUCTION
from tests.screen import fragment_of, is_page, words

TEXTS = {
    Notice.SESSION_EXPIRED: "Сеанс завершен. Начните заново",
    Notice.REGISTERED: "Вы зарегистрированы. Войдите с номером телефона и паролем",
    Notice.PHONE_KNOWN: "На этот номер уже зарегистрирован личный кабинет. Войдите в него",
    Notice.PASSWORD_RECOVERED: "Пароль сохранен, все остальные сеансы завершены. Войдите с новым паролем",
    Notice.CABINET_DELETED: "Личный кабинет удален",
    Notice.CONSENT_WITHDRAWN: "Согласие отозвано, личный кабинет удален",
    Notice.CODE_SENT_AGAIN: "Мы отправили код еще раз",
    Notice.PICTURE_NEEDED: "Чтобы получить еще один код, введите код с картинки",
    Notice.CODE_CALLED: "Сейчас мы позвоним и продиктуем код",
    Notice.WELCOME: "Вы зарегистрированы",
    Notice.NAME_SAVED: "Имя сохранено",
    Notice.ACCOUNT_ADDED: "Лицевой счет добавлен",
    Notice.ACCOUNT_REMOVED: "Лицевой счет убран из кабинета. Договор действует, а счет можно добавить снова",
    Notice.CARD_LINK_SENT: "Мы отправили ссылку на почту, которая привязана к карте",
    Notice.CARD_ADDED: "Карта добавлена",
    Notice.EMAIL_SENT_AGAIN: "Мы отправили письмо еще раз",
    Notice.PASSWORD_SAVED: "Пароль сохранен, все остальные сеансы завершены",
    Notice.PHONE_SAVED: "Новый номер сохранен. На прежний мы отправили сообщение",
    Notice.EMAIL_LINK_SENT: "Мы отправили письмо на новый адрес. Он заменит прежний, когда вы нажмете кнопку из письма",
    Notice.SESSIONS_ENDED: "Готово. На этих устройствах придется войти снова.",
    Notice.FILE_REMOVED: "Файл удален",
    Notice.GATEWAY_HELD: "Через этот шлюз ничего не отправляется",
    Notice.GATEWAY_RELEASED: "Шлюз снова отправляет",
    Notice.ANSWER_SENT: "Мы получили ваш ответ",
    Notice.REQUEST_TAKEN: "Заявка у вас в работе",
    Notice.REQUEST_ASKED: "Мы отправили вопрос",
    Notice.REQUEST_REFUSED: "Заявка отклонена, мы сообщили об этом письмом",
    Notice.REQUEST_CONNECTED: "Лицевой счет подключен, мы сообщили об этом письмом",
    Notice.CUSTOMER_NOT_OPEN: "Найдите клиента",
    Notice.CUSTOMER_UNLOCKED: "Блокировка снята",
    Notice.CUSTOMER_SIGNED_OUT: "Все сеансы клиента завершены",
    Notice.CUSTOMER_MESSAGED: "Мы отправили клиенту новую ссылку",
    Notice.CUSTOMER_DETACHED: "Лицевой счет отсоединен",
    Notice.CUSTOMER_DELETED: "Личный кабинет клиента удален",
    Notice.STAFF_INVITED: "Мы отправили ссылку для входа",
    Notice.STAFF_REMOVED: "Сотрудник больше не может войти",
    Notice.FACTOR_ADDED: "Готово. Теперь входить можно и так.",
    Notice.FACTOR_REMOVED: "Ключ доступа удален",
}
MakeBrowser = Callable[..., Browser]
each_act = pytest.mark.parametrize(
    ("one", "changed"), [pytest.param(one, settings_of(one), id=str(one)) for one in ACTS]
)


# --- The halves of a notice ---


def _screens() -> dict[Notice, set[str]]:
    """On which screens the acts end; the windows of the sign-in tell what they tell in one place."""
    windows = {"sign-in-phone", "sign-in-login", "sign-in-password"}
    screens = {notice: {one.screen for one in ACTS if one.notice is notice} for notice in Notice}
    return {notice: found | (windows if found & windows else set()) for notice, found in screens.items()}


@functools.cache
def _templates() -> Templates:
    return Templates(ZoneInfo("Europe/Moscow"), Assets(sources(watch=False)), sources(watch=False))


@pytest.mark.parametrize("fragment", fragments())
def test_a_fragment_has_the_texts_of_its_notices_and_of_no_other(fragment: str) -> None:
    templates = _templates()
    plain = [State(fragment, state.name, {**state.values, "notice": ""}) for state in states_of(fragment)]
    screen = fragment.replace("/", "-").replace("_", "-")
    for notice in Notice:
        told = [State(fragment, state.name, {**state.values, "notice": notice}) for state in plain]
        drawn = [
            draw(templates, with_it)
            for with_it, without in zip(told, plain, strict=True)
            if draw(templates, with_it) != draw(templates, without)
        ]
        assert bool(drawn) == (screen in _screens()[notice]), notice
        assert all(TEXTS[notice] in words(httpx.Response(200, text=html)) for html in drawn), notice


def test_the_gallery_shows_every_notice() -> None:
    shown = {state.values.get("notice") for fragment in fragments() for state in states_of(fragment)}
    assert set(Notice) <= shown


# --- Shown once, after the act ---


@pytest.fixture
def scene(client: Browser, another_browser: MakeBrowser, clock: Clock, posted: Outbox, settings: Settings) -> Scene:
    return Scene(client, another_browser, clock, posted, settings)


@each_act
@pytest.mark.parametrize(
    ("database", "htmx"), [("postgres", False), ("sqlite", True)], ids=["page", "htmx"], indirect=["database"]
)
async def test_it_is_shown_once_after_its_act(scene: Scene, one: Act, changed: dict[str, Any], htmx: bool) -> None:
    browser, text = scene.browser, TEXTS[one.notice]
    answer = await one.do(scene)
    path = location(answer)
    assert answer.headers["location"] == path, "nothing of it stands in the address"
    # Another page leaves it where it is.
    assert text not in words(await browser.get("/terms"))
    shown = await (browser.htmx(path, at="/terms") if htmx else browser.get(path))
    assert (shown.status_code, fragment_of(shown), is_page(shown)) == (200, one.screen, not htmx)
    assert text in words(shown)
    assert browser.http.cookies.get(NOTICE) is None
    assert text not in words(await browser.get(path))


async def test_a_part_of_a_page_leads_to_it_too(client: Browser) -> None:
    """«Продолжить» after the end: htmx loads the whole of the welcome screen anew."""
    client.http.cookies.set(COOKIE, "invented")
    answer = await client.htmx("/session", {}, at="/profile")
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/")
    assert TEXTS[Notice.SESSION_EXPIRED] in words(await client.get("/"))
    assert TEXTS[Notice.SESSION_EXPIRED] not in words(await client.get("/"))


async def test_it_waits_behind_other_redirects_and_a_refused_form(client: Browser) -> None:
    await client.register()
    for _ in range(2):
        emailed = await client.post("/profile", ANOTHER)
        added = await client.post("/profile/accounts/new", {**BILL, "account_number": "7000000118"})
    # The form of the very page that it waits for.
    assert (emailed.status_code, added.status_code) == (422, 422)
    assert location(await client.get("/")) == "/profile"
    # One at a time: the last act's, which is not the first e-mail's.
    assert _told(await client.open("/")) == [TEXTS[Notice.ACCOUNT_ADDED]]


# --- And by nothing else ---

OLD = (
    "session=lost", "registered=yes", "known=yes", "password=saved", "deleted=yes", "sent=again", "account=added",
    "account=removed", "card=sent", "card=added", "email=sent", "phone=saved", "ended=one", "ended=others",
)  # fmt: skip
PUBLIC = ("/", "/sign-in/phone", "/sign-in/login", "/registration/account/phone", "/recovery/code", "/sign-in/password")
OWN = ("/profile", "/profile/person", "/profile/security", "/profile/accounts/new", "/profile/security/phone/code")


def _told(page: httpx.Response) -> list[str]:
    # The history on the security page has like words.
    said = words(page).partition("История входов")[0]
    return [text for text in TEXTS.values() if text in said]


async def test_no_address_brings_one_about(client: Browser) -> None:
    queries = [*OLD, *(f"notice={notice}" for notice in Notice), "&".join(OLD)]
    await client.post("/sign-in/phone", {"phone": client.phone})
    await client.post("/recovery")
    for path in PUBLIC:
        assert [query for query in queries if _told(await client.open(f"{path}?{query}"))] == [], path
    assert _told(await client.follow(await client.register())) == [TEXTS[Notice.WELCOME]]
    await client.post("/profile/security/phone", {"phone": "8 900 111-22-33"})
    for path in OWN:
        assert [query for query in queries if _told(await client.open(f"{path}?{query}"))] == [], path


def _cookies(portal: Portal, clock: Clock) -> dict[str, str]:
    """What may come as a notice, by name; only one of them is."""
    scope = scope_of(portal, clock())
    genuine = {"notice": Notice.CABINET_DELETED.value, "path": "/", "customer": None}
    late = scope_of(portal, clock() - notices.LIFETIME - timedelta(seconds=1))
    stranger = Sealing("the secret of another installation, as long")
    return {
        "genuine": sealed_values.seal(scope, NOTICE, **genuine),
        "invented": Notice.CABINET_DELETED.value,
        "empty": "",
        "too old": sealed_values.seal(late, NOTICE, **genuine),
        "unknown": sealed_values.seal(scope, NOTICE, **{**genuine, "notice": "cabinet-sold"}),
        "no text": sealed_values.seal(scope, NOTICE, **{**genuine, "notice": {"a": [None]}}),
        "of another page": sealed_values.seal(scope, NOTICE, **{**genuine, "path": "/sign-in/phone"}),
        "of a customer": sealed_values.seal(scope, NOTICE, **{**genuine, "customer": 1}),
        "for something else": sealed_values.seal(scope, RETURN_TO, **genuine),
        "for nothing": scope.seal({**genuine, "at": clock().isoformat()}),
        "of another kind": scope.seal("x"),
        "a way back": str(return_to.keep(scope, "/", {}, 1).value),
        "a session": scope.seal({"session": {}, "ends_at": "", "idle_until": ""}),
        "of another secret": stranger.seal({"for": NOTICE, "at": clock().isoformat(), **genuine}),
    }


async def test_no_cookie_brings_one_about_but_our_own(client: Browser, portal: Portal, clock: Clock) -> None:
    for kind, cookie in _cookies(portal, clock).items():
        page = await client.http.get("/", headers={"Cookie": f'{NOTICE}="{cookie}"'})
        assert page.status_code == 200, kind
        assert _told(page) == ([TEXTS[Notice.CABINET_DELETED]] if kind == "genuine" else []), kind
        assert ("set-cookie" in page.headers) == (kind == "genuine"), kind


async def test_it_is_gone_after_ten_minutes(client: Browser, clock: Clock) -> None:
    await client.register()
    for minutes, shown in ((10, True), (10.02, False)):
        await client.post("/profile/security/devices/end-others")
        clock.forward(minutes=minutes)
        assert (TEXTS[Notice.SESSIONS_ENDED] in words(await client.get("/profile/security"))) is shown
        await client.post("/profile/security/confirmation", {"password": PASSWORD})


@pytest.mark.parametrize("signed_out", [True, False])
async def test_the_next_customer_at_this_browser_is_not_told_it(
    client: Browser, another_browser: MakeBrowser, signed_out: bool
) -> None:
    other = "8 900 111-22-33"
    await another_browser(phone=other).register()
    await client.register()
    await client.post("/profile/accounts/new", {**BILL, "account_number": "7000000118"})
    if signed_out:
        await client.post("/sign-out")
        assert client.http.cookies.get(NOTICE) is None
    else:
        client.http.cookies.delete(COOKIE)
        assert client.http.cookies.get(NOTICE) is not None
    assert _told(await client.follow(await client.sign_in(phone=other))) == []


@pytest.mark.parametrize("changed", [{}, PRODUCTION], ids=["development", "production"])
async def test_its_cookie_is_out_of_reach_and_says_nothing(client: Browser, changed: dict[str, Any]) -> None:
    session = f"__Host-{COOKIE}" if changed else COOKIE
    answer = await client.http.get("/profile", headers={"Cookie": f"{session}=invented"})
    cookie = next(one for one in answer.headers.get_list("set-cookie") if NOTICE in one.partition("=")[0])
    name, *parts = (part.strip().lower() for part in cookie.split(";"))
    assert name.startswith(f"__host-{NOTICE}=" if changed else f"{NOTICE}=")
    secure = {"secure"} if changed else set()
    assert set(parts) == {"path=/", "httponly", "samesite=lax", "max-age=600"} | secure
    assert Notice.SESSION_EXPIRED not in cookie
    assert BASE not in cookie
