"""The staff at a real browser: the link, password, app or passkey, recovery codes, and what needs them again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pyotp import TOTP

from tests.commands import Command
from tests.journeys.modes import WITH_SCRIPT
from tests.journeys.server import Server, environment_of, running
from tests.journeys.steps import confirm_phone, fill_bill, register
from tests.journeys.visitor import PATIENCE, BrowserErrors, Visitor

pytest_plugins = ["tests.journeys.fixtures"]
STAFF, PASSWORD = "routes.cli.staff:staff_group", "старый сад у пруда"


def invited(server: Server, email: str, role: str = "admin") -> str:
    """The link that the command prints."""
    added = Command(STAFF, ["add", email, "--role", role], environment_of(server.database, server.url)).finished()
    assert added.returncode == 0, added.stderr
    found = re.search(r"http\S+", added.stdout)
    assert found
    return found[0]


@pytest.fixture
def context(browser: Browser, server: Server, scripted: bool) -> Iterator[BrowserContext]:
    context = browser.new_context(
        java_script_enabled=scripted, viewport={"width": 320, "height": 640}, locale="ru-RU", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    errors = BrowserErrors(server.url)
    errors.listen_to(context)
    yield context
    context.close()
    errors.check()


def expect_screen(page: Page, screen: str) -> None:
    expect(page.locator(f"#{screen}")).to_be_visible()
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide), f"{screen} scrolls sideways"


def set_password(page: Page, link: str) -> None:
    page.goto(link)
    expect_screen(page, "staff-setup")
    page.get_by_label("Пароль", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Далее").click()
    expect_screen(page, "staff-new-factor")


def sign_in(page: Page, server: Server, email: str) -> None:
    page.goto(f"{server.url}/staff")
    page.get_by_label("Электронная почта").fill(email)
    page.get_by_label("Пароль", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Далее").click()
    expect_screen(page, "staff-factor")


def write_down_codes(page: Page) -> list[str]:
    expect_screen(page, "staff-recovery-codes")
    codes = page.locator(".recovery li").all_inner_texts()
    page.get_by_role("button", name="Коды записаны").click()
    return codes


def begin(page: Page, server: Server, email: str, role: str = "operator") -> None:
    """A person who has just begun, with an app."""
    set_password(page, invited(server, email, role))
    app = TOTP(page.locator("strong[translate=no]").inner_text().replace(" ", ""))
    page.get_by_label("Код из приложения").fill(app.now())
    page.get_by_role("button", name="Подтвердить код").click()
    write_down_codes(page)


def test_a_new_person_begins_with_an_app_and_adds_a_colleague(
    context: BrowserContext, server: Server, scripted: bool
) -> None:
    page, email = context.new_page(), "admin@example.org"
    set_password(page, invited(server, email))
    expect(page.get_by_role("img", name="QR-код")).to_be_visible()
    app = TOTP(page.locator("strong[translate=no]").inner_text().replace(" ", ""))
    first = app.now()
    page.get_by_label("Код из приложения").fill(first)
    page.get_by_role("button", name="Подтвердить код").click()
    codes = write_down_codes(page)
    page.get_by_role("button", name="Выйти").click()
    expect_screen(page, "staff-sign-in")
    sign_in(page, server, email)
    page.get_by_label("Код подтверждения").fill(codes[0])
    page.get_by_role("button", name="Войти").click()
    page.get_by_role("link", name="Сотрудники").click()
    expect_screen(page, "staff-people")
    page.get_by_role("link", name="Добавить сотрудника").click()
    # Who gets in is changed by nobody who has only found an open screen.
    expect_screen(page, "staff-factor")
    page.get_by_label("Код подтверждения").fill(codes[1])
    page.get_by_role("button", name="Подтвердить", exact=True).click()
    expect_screen(page, "staff-person-new")
    page.get_by_label("Электронная почта").fill("colleague@example.org")
    page.get_by_label("Роль").select_option("Оператор")
    page.get_by_role("button", name="Добавить").click()
    expect_screen(page, "staff-people")
    expect(page.get_by_role("status").filter(has_text="Мы отправили ссылку для входа")).to_be_visible()
    expect(page.get_by_text("colleague@example.org").first).to_be_visible()
    assert server.messages("colleague@example.org")[0].link.startswith(f"{server.url}/staff/setup/")
    if scripted:
        see_the_end_of_the_session(page)


def see_the_end_of_the_session(page: Page) -> None:
    """The data go off the screen, and the sign-in leads back; nothing of it goes by the cookies of customers."""
    page.clock.install()
    page.reload()
    page.clock.fast_forward("12:50")
    expect(page.get_by_role("alert").locator("visible=true")).to_have_count(0)
    page.clock.fast_forward("00:20")
    expect(page.get_by_role("alert").filter(has_text="Скоро вы выйдете из кабинета")).to_be_in_viewport(ratio=1)
    page.clock.fast_forward("02:00")
    expect(page.get_by_role("heading", name="Сеанс завершен")).to_be_focused()
    expect(page.get_by_text("@example.org")).to_have_count(0)
    # The clock of the page alone has moved: the server's session is ended by hand.
    page.context.clear_cookies()
    page.get_by_role("link", name="Войти").click()
    expect_screen(page, "staff-sign-in")
    expect(page.locator("[name=next]")).to_have_value("/staff/people")
    assert page.context.cookies() == []


@pytest.fixture(scope="module")
def at_localhost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Browsers make passkeys for names alone, not for addresses."""
    folder = tmp_path_factory.mktemp("localhost")
    with running(f"sqlite:{folder / 'kabinet.sqlite'}", folder, host="localhost") as server:
        yield server


@pytest.mark.parametrize("server", [WITH_SCRIPT], indirect=True)
def test_a_passkey_is_made_and_signs_in(browser: Browser, server: Server, at_localhost: Server) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="ru-RU", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    errors = BrowserErrors(at_localhost.url)
    errors.listen_to(context)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    set_password(page, invited(at_localhost, "key@example.org"))
    page.get_by_role("button", name="Создать ключ доступа").click()
    write_down_codes(page)
    page.get_by_role("button", name="Выйти").click()
    expect_screen(page, "staff-sign-in")
    sign_in(page, at_localhost, "key@example.org")
    page.get_by_role("button", name="Подтвердить ключом доступа").click()
    expect_screen(page, "staff-requests")
    page.get_by_role("link", name="Мой вход").click()
    expect(page.get_by_text("Добавлен").first).to_be_visible()
    # An authenticator that does not answer: the page says so, and a code still helps.
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    page.get_by_role("button", name="Выпустить новые").click()
    expect_screen(page, "staff-factor")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.get_by_role("button", name="Подтвердить ключом доступа").click()
    expect(page.get_by_role("alert").filter(has_text="Ключ доступа не сработал")).to_be_visible()
    context.close()
    errors.check()


def test_a_clerk_finds_a_customer_shows_and_detaches(context: BrowserContext, server: Server, visitor: Visitor) -> None:
    """By the labels alone, at 320 px, with and without JavaScript."""
    register(visitor)
    page = context.new_page()
    begin(page, server, "finder@example.org")
    page.get_by_role("link", name="Клиенты").click()
    expect_screen(page, "staff-customers")
    page.get_by_label("Кого искать").fill(visitor.bill.account_number)
    page.get_by_label("Причина").fill("звонок клиента")
    page.get_by_role("button", name="Найти клиента").click()
    expect_screen(page, "staff-customer")
    expect(page.get_by_text(visitor.bill.account_number)).to_have_count(0)
    page.get_by_label("Причина").fill("сверка счета")
    page.get_by_role("button", name="Показать").click()
    expect(page.get_by_text(visitor.bill.account_number)).to_be_visible()
    page.get_by_role("button", name="Завершить сеансы").click()
    expect(page.get_by_role("status").filter(has_text="Все сеансы клиента завершены")).to_be_visible()
    page.get_by_role("link", name="Чей счет").click()
    expect_screen(page, "staff-customer-account")
    page.get_by_label("Причина").fill("квартира продана")
    page.get_by_role("button", name="Отсоединить счет").click()
    expect(page.get_by_role("status").filter(has_text="Лицевой счет отсоединен")).to_be_visible()
    expect(page.get_by_role("link", name="Удалить клиента")).to_have_count(0)


def test_a_clerk_connects_a_request_and_its_sender_registers_without_a_bill(
    context: BrowserContext, server: Server, visitor: Visitor
) -> None:
    confirm_phone(visitor)
    fill_bill(visitor)
    visitor.field("Сумма к оплате").fill("1,00")
    visitor.browser_errors.expected_failures[422] += 1
    visitor.press("Далее")
    visitor.page.get_by_role("link", name="Отправить заявку на подключение").click()
    for label, text in (("Фамилия", "Иванова"), ("Имя", "Анна"), ("Электронная почта", "i@example.org")):
        visitor.field(label).fill(text)
    visitor.field("Адрес").fill("ул. Тихая, 5")
    visitor.button("Отправить заявку").click()
    said = visitor.page.get_by_text("Номер заявки:").inner_text()
    number = said.rpartition(" ")[2].strip()
    page = context.new_page()
    begin(page, server, "clerk@example.org")
    page.get_by_role("link", name="Заявки").click()
    expect_screen(page, "staff-requests")
    page.get_by_label("Номер заявки").fill(number)
    page.get_by_role("button", name="Найти").click()
    expect_screen(page, "staff-request")
    page.get_by_role("button", name="Взять в работу").click()
    expect(page.get_by_role("status").filter(has_text="Заявка у вас в работе")).to_be_visible()
    page.get_by_label("Вопрос").fill("Какая квартира?")
    page.get_by_role("button", name="Отправить вопрос").click()
    expect(page.get_by_role("status").filter(has_text="Мы отправили вопрос")).to_be_visible()
    question = next(one for one in server.messages("i@example.org") if "/request/" in one.link)
    visitor.page.goto(question.link)
    visitor.field("Ваш ответ").fill("Квартира 12")
    visitor.button("Отправить ответ").click()
    expect(visitor.page.get_by_text("Мы получили ваш ответ")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Квартира 12")).to_be_visible()
    page.get_by_label(re.compile("омер лицевого счета$")).fill(visitor.bill.account_number)
    page.get_by_role("button", name="Подключить").click()
    expect(page.get_by_text("Ждет регистрации по номеру телефона из заявки")).to_be_visible()
    visitor.open("/registration/account/bill")
    visitor.button("Подключить этот счет").click()
    visitor.expect_step("address")
    visitor.open("/request")
    expect(visitor.page.get_by_text("Выполнена")).to_be_visible()
