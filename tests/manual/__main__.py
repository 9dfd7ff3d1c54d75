"""Takes the pictures of docs/manual.ru.md and of the README from a running portal, so that they never age.

Run as `make pictures`.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, Route, sync_playwright

from domain.proofs.captcha import draw
from domain.registry import demo_company
from domain.values.phones import show_phone
from tests.journeys.fixtures import ARGUMENTS
from tests.journeys.server import Server, running

DOCS = Path(__file__).parents[2] / "docs"
_CAPTCHA = "24680"
_CODE = "428195"
_PASSWORD = "сиреневый туман 42"
_PHONE = "+79001234567"
_EMAIL = "ivanova@example.org"
_IN_README = ("account-1-phone", "account-2-code", "account-4-address", "account-7-profile")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kabinet-manual-") as name:
        folder = Path(name)
        tracks = {"KABINET_TRACKS": "account,card", "KABINET_CAPTCHA_CODE": _CAPTCHA}
        with (
            running(f"sqlite:{folder / 'kabinet.sqlite'}", folder, **tracks) as server,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            for walk in (_by_account, _by_card):
                context = browser.new_context(
                    viewport={"width": 360, "height": 640}, locale="ru-RU", reduced_motion="reduce", bypass_csp=True
                )
                context.route("**/captcha/*/picture.webp", _show_still_captcha)
                walk(context.new_page(), server)
                context.close()
            browser.close()
    _join(DOCS / "journey.png", [DOCS / "manual" / f"{name}.png" for name in _IN_README])


def _by_account(page: Page, server: Server) -> None:
    bill = server.bill(3)
    page.goto(f"{server.url}/registration")
    _take(page, "choice")
    page.get_by_role("link", name="По лицевому счету").click()
    page.get_by_label("Номер мобильного телефона").fill(show_phone(_PHONE))
    page.get_by_label("Я согласен на обработку персональных данных").check()
    _take(page, "account-1-phone")
    page.get_by_role("button", name="Далее").click()
    page.wait_for_url("**/code")
    page.get_by_label("Код из СМС").fill(_CODE)
    _take(page, "account-2-code")
    page.get_by_label("Код из СМС").fill(server.messages(_PHONE)[0].code)
    page.get_by_role("button", name="Подтвердить номер").click()
    page.get_by_label("Номер лицевого счета").fill(bill.account_number)
    page.get_by_label("Сумма к оплате").fill(bill.amount)
    _take(page, "account-3-bill")
    page.get_by_role("button", name="Далее").click()
    page.get_by_role("button", name="Да", exact=True).wait_for()
    _take(page, "account-4-address")
    page.get_by_role("button", name="Да", exact=True).click()
    for label, text in (("Фамилия", "Иванова"), ("Имя", "Мария"), ("Отчество", "Петровна")):
        page.get_by_label(label).fill(text)
    page.get_by_label("Дата рождения").fill("05.03.1984")
    page.get_by_label("Электронная почта").fill(_EMAIL)
    _take(page, "account-5-person")
    page.get_by_role("button", name="Далее").click()
    page.get_by_label("Пароль", exact=True).fill(_PASSWORD)
    page.locator(".conditions .met").nth(2).wait_for()
    _take(page, "account-6-password")
    page.get_by_role("button", name="Зарегистрироваться").click()
    page.wait_for_url("**/profile")
    page.goto(server.messages(_EMAIL)[0].link)
    page.get_by_role("button", name="Подтвердить почту").click()
    page.get_by_role("link", name="Перейти в личный кабинет").click()
    page.get_by_role("link", name="Добавить лицевой счет").wait_for()
    _give_year(server, bill.account_number)
    page.reload()
    _take(page, "account-7-profile")
    page.get_by_role("link", name="История счетов").click()
    page.get_by_role("link", name="Скачать").wait_for()
    _take(page, "cabinet-1-bills")
    page.get_by_role("link", name="Профиль").click()
    page.get_by_role("heading", name="Контакты").wait_for()
    _take(page, "cabinet-2-person")


def _give_year(server: Server, account_number: str) -> None:
    """Earlier bills than the fictitious company has, of a flat that is heated in winter."""
    newest = server.sql("SELECT max(period) FROM bills")[0][0]
    for back in range(3, 26):
        month = int(newest[:4]) * 12 + int(newest[5:]) - 1 - back
        period, kopecks = f"{month // 12}-{month % 12 + 1:02d}", 368_015 + 57_130 * abs(month % 12 - 6)
        server.sql(
            f"INSERT INTO bills (account, period, amount_kopecks) SELECT id, '{period}', {kopecks} FROM accounts"
            f" WHERE number = '{account_number}'"
        )


def _by_card(page: Page, server: Server) -> None:
    card = demo_company.cards()[0]
    page.goto(f"{server.url}/registration/card/card")
    page.get_by_label("Номер карты").fill(card["card_number"])
    page.get_by_label("Электронная почта").fill(card["email"])
    page.get_by_label("Код с картинки").fill(_CAPTCHA)
    _take(page, "card-1-card")
    page.get_by_role("button", name="Продолжить").click()
    page.get_by_role("heading", name="Проверьте почту").wait_for()
    _take(page, "card-2-sent")
    page.goto(server.messages(card["email"])[0].link)
    page.get_by_label("Номер телефона").fill(show_phone(card["phone"]))
    page.get_by_label("Код с картинки").fill(_CAPTCHA)
    _take(page, "card-3-phone")
    page.get_by_role("button", name="Завершить регистрацию").click()
    page.get_by_role("heading", name="Пароль отправлен").wait_for()
    _take(page, "card-4-done")
    page.goto(f"{server.url}/sign-in/login")
    page.get_by_label("Логин", exact=True).fill(card["login"])
    _take(page, "card-5-login")


# Each waiting time is of 60 seconds. A check in the background may give a field the focus back at any moment.
_STILL = """() => {
  const now = Date.now();
  Date.now = () => now;
  document.querySelectorAll("[data-wait]").forEach((button) => { button.until = now + 60000; });
  tick();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\\b\\d\\d:\\d\\d\\b/g, "14:32");
}"""


def _show_still_captcha(route: Route) -> None:
    """A picture is turned by chance: here always by the same."""
    route.fulfill(body=draw(_CAPTCHA, random.Random(7)), content_type="image/webp")


def _take(page: Page, name: str) -> None:
    """The screen as it is, without the focus ring and what moves, in few colours; every time of day is the same."""
    page.add_style_tag(
        content=":focus-visible { outline: none !important; } * { caret-color: transparent !important; }"
    )
    page.evaluate(_STILL)
    page.evaluate(
        "scrollTo(0, 0); document.activeElement?.blur(); document.getElementById('session-note')?.replaceChildren()"
    )
    page.wait_for_function("!document.querySelector('[aria-busy]')")
    page.mouse.move(0, 0)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    path = DOCS / "manual" / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)


def _join(path: Path, pictures: list[Path]) -> None:
    opened = [Image.open(picture).convert("RGB") for picture in pictures]
    width = sum(picture.width for picture in opened) + 16 * (len(opened) - 1)
    joined = Image.new("RGB", (width, max(picture.height for picture in opened)), "white")
    left = 0
    for picture in opened:
        joined.paste(picture, (left, 0))
        left += picture.width + 16
    joined.quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main()
