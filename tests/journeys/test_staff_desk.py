"""«Доставка» and «Реестр» at a real browser, with JavaScript and without."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.server import Server
from tests.journeys.test_staff import begin, context, expect_screen

pytest_plugins = ["tests.journeys.fixtures"]
__all__ = ["context"]
FILE = "account_number;address\n7000000955;ул. Новая, д. 5\n"


def send(page: Page, content: str) -> None:
    page.get_by_role("link", name="Реестр").click()
    expect_screen(page, "staff-registry")
    page.get_by_label("Что в файле").select_option("Лицевые счета")
    page.get_by_label("Файл", exact=True).set_input_files(
        {"name": "accounts.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Проверить").click()
    expect_screen(page, "staff-registry-file")


def wait_for(page: Page, state: str, scripted: bool) -> None:
    """With the script the page follows by itself; without it, it is loaded anew."""
    seen = page.locator(".state", has_text=state)
    while not scripted and not seen.count():
        page.get_by_role("link", name="Обновить").or_(page.get_by_role("link", name="К реестру")).first.wait_for()
        if page.get_by_role("link", name="Обновить").count():
            page.get_by_role("link", name="Обновить").click()
    expect(seen).to_be_visible()


def test_an_admin_loads_a_file_of_the_registry(context: BrowserContext, server: Server, scripted: bool) -> None:
    page = context.new_page()
    begin(page, server, "registry@example.org", "admin")
    expect_screen(page, "staff-requests")
    send(page, "account_number;address\n;ул. Новая, д. 5\n")
    wait_for(page, "Проверен", scripted)
    expect(page.get_by_role("row", name="2 account_number пусто")).to_be_visible()
    expect(page.get_by_role("button", name="Загрузить")).to_have_count(0)
    page.get_by_role("button", name="Удалить файл").click()
    expect_screen(page, "staff-registry")
    expect(page.get_by_role("status").filter(has_text="Файл удален")).to_be_visible()
    send(page, FILE)
    wait_for(page, "Проверен", scripted)
    expect(page.get_by_role("row", name="Добавить строк 1")).to_be_visible()
    page.get_by_role("button", name="Загрузить").click()
    wait_for(page, "Загружен", scripted)
    expect(page.get_by_role("heading", name="Что изменилось")).to_be_visible()
    assert server.sql("SELECT address FROM accounts WHERE number = '7000000955'") == [("ул. Новая, д. 5",)]
    page.get_by_role("link", name="К реестру").click()
    expect(page.get_by_text("добавлено 1, изменено 0").first).to_be_visible()
    page.get_by_role("link", name="Доставка").click()
    expect_screen(page, "staff-delivery")
    expect(page.get_by_text("Шлюзы не настроены")).to_be_visible()
