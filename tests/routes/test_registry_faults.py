"""What the portal shows when the company's registry has gone wrong: bad periods, accounts that are away."""

from __future__ import annotations

from db.engine import run
from tests.browser import BILL, Browser, location, path_of
from tests.screen import words

PATH = path_of("bill")


async def _bad_periods() -> None:
    for period in ("2036-11", "2062-01", "2099-12"):
        await run(
            "INSERT INTO bills (account, period, amount_kopecks) SELECT id, {}, 100 FROM accounts WHERE number = {}",
            period, "7000000111",
        )  # fmt: skip


async def test_bad_periods_stop_no_registration_and_hide_no_bill(client: Browser) -> None:
    await client.reach("bill")
    await _bad_periods()
    shown = words(await client.get(PATH))
    assert "Август 2036 Июль 2036 Июнь 2036" in shown
    assert "2062" not in shown
    await client.register()
    profile = words(await client.get("/profile"))
    assert "К оплате за август 2036" in profile
    assert "2062" not in profile


async def test_the_next_month_is_offered(client: Browser) -> None:
    await client.reach("bill")
    await run("INSERT INTO bills (account, period, amount_kopecks) SELECT id, '2036-10', 100 FROM accounts")
    assert "Октябрь 2036 Август 2036 Июль 2036" in words(await client.get(PATH))


async def test_an_absent_account_proves_nothing_and_is_shown_to_nobody(client: Browser) -> None:
    await client.register()
    assert "7000000111" in words(await client.get("/profile"))
    absent = "UPDATE accounts SET absent_since = (SELECT max(registered_at) FROM customers) WHERE number = {}"
    await run(absent, "7000000111")
    assert "7000000111" not in words(await client.get("/profile"))
    exported = (await client.get("/profile/data")).json()
    assert exported["accounts"] == []
    assert [account["number"] for account in exported["absent_accounts"]] == ["7000000111"]


async def test_a_bill_of_an_absent_account_is_unknown(client: Browser) -> None:
    await client.reach("bill")
    await run(
        "UPDATE accounts SET absent_since = (SELECT max(created_at) FROM sessions) WHERE number = {}", "7000000111"
    )
    answer = await client.post(PATH, BILL)
    assert answer.status_code == 422
    assert location(await client.get(path_of("address"))) == PATH
