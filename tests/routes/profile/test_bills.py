"""The history of an account's bills: all of them, by year, for its own customers only; and the same as a file."""

from __future__ import annotations

import re
from collections.abc import Callable

from db.engine import run
from tests.browser import BILL, Browser, location
from tests.routes.profile.months import give_bills, months
from tests.routes.test_spreadsheet import read
from tests.screen import words

PATH = "/profile/accounts/1/bills"
FILE = f"{PATH}.csv"
HEAD = ["Номер лицевого счета", "Адрес", "Расчетный период", "Сумма к оплате"]
ADDRESS = "г. Светлоречинск, ул. Липовая, д. 3, кв. 1"


async def test_every_bill_is_there_by_year_with_the_sum_of_the_year(client: Browser) -> None:
    await client.register()
    await give_bills(1, months("2036-08", 36), [100_00 + place for place in range(36)])
    page = await client.get(PATH)
    years = re.findall(r'<h2 id="year-(\d+)">.*?</section>', page.text, flags=re.DOTALL)
    assert years == ["2036", "2035", "2034", "2033"]
    shown = re.findall(r'<th scope="row">([^<]+)</th><td>([^<&]+)', page.text)
    assert (len(shown), shown[0], shown[-1]) == (36, ("Август 2036", "100,00"), ("Сентябрь 2033", "100,35"))
    assert "2036 Всего 800,28 ₽" in words(page)
    assert ADDRESS in words(page)


async def test_a_bill_of_the_future_is_a_mistake_of_the_registry_and_not_shown(client: Browser) -> None:
    await client.register()
    await give_bills(1, ["2062-01", "2036-10", "2036-08"], [1, 2, 3])
    assert re.findall(r'<th scope="row">([^<]+)', (await client.get(PATH)).text) == ["Октябрь 2036", "Август 2036"]
    assert [row[2] for row in read((await client.get(FILE)).content)[1:]] == ["2036-10", "2036-08"]


async def test_an_account_without_bills_says_so_and_has_no_file_to_offer(client: Browser) -> None:
    await client.register()
    await run("DELETE FROM bills")
    page = await client.get(PATH)
    assert "Счетов пока нет" in words(page)
    assert FILE not in page.text
    assert read((await client.get(FILE)).content) == [HEAD]


async def test_the_file_is_one_that_excel_opens(client: Browser) -> None:
    await client.register()
    await give_bills(1, ["2036-08", "2036-07"], [1_234_567_89, 5])
    answer = await client.get(FILE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="bills.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert read(answer.content) == [
        HEAD,
        ["7000000111", ADDRESS, "2036-08", "1234567,89"],
        ["7000000111", ADDRESS, "2036-07", "0,05"],
    ]


async def test_the_file_is_in_the_language_of_the_customer(client: Browser) -> None:
    await client.register()
    await client.get("/language/en?back=/profile")
    head, first, *_ = read((await client.get(FILE)).content)
    assert head == ["Account number", "Address", "Billing period", "Amount due"]
    assert first[2:] == ["2036-08", "1234.56"]


async def test_an_address_of_the_registry_is_no_formula_in_the_file(client: Browser) -> None:
    await client.register()
    await run("UPDATE accounts SET address = {} WHERE id = 1", '=HYPERLINK("http://evil.example";"x")')
    assert read((await client.get(FILE)).content)[1][1] == '\'=HYPERLINK("http://evil.example";"x")'


async def test_nobody_elses_bills_are_shown(client: Browser, another_browser: Callable[..., Browser]) -> None:
    await client.register()
    second = {**client.forms, "bill": {**BILL, "account_number": "7000000118"}}
    other = another_browser(phone="+7 900 111-22-33", forms=second)
    await other.register()
    assert (await other.get("/profile/accounts/2/bills")).status_code == 200
    for path in (PATH, FILE, "/profile/accounts/999/bills", "/profile/accounts/999/bills.csv"):
        answer = await other.get(path)
        assert (location(answer), answer.content) == ("/profile", b""), path
    for path in ("/profile/accounts/0/bills", "/profile/accounts/x/bills.csv", "/profile/accounts/4294967296/bills"):
        assert (await other.get(path)).status_code == 404, path


async def test_an_account_that_was_taken_away_or_is_absent_shows_nothing(client: Browser) -> None:
    await client.register()
    await run("UPDATE accounts SET absent_since = (SELECT max(registered_at) FROM customers)")
    assert location(await client.get(PATH)) == location(await client.get(FILE)) == "/profile"
    await run("UPDATE accounts SET absent_since = NULL")
    assert (await client.get(FILE)).status_code == 200
    await client.post("/profile/accounts/1/removal")
    assert location(await client.get(PATH)) == location(await client.get(FILE)) == "/profile"


async def test_after_the_sign_in_one_is_at_the_page_and_not_at_the_file(client: Browser) -> None:
    await client.register()
    await run("DELETE FROM sessions")
    assert location(await client.get(FILE)) == "/"
    assert location(await client.sign_in()) == PATH
