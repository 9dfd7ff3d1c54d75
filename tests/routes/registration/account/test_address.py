"""The address is shown behind the proof only, the flat with it and never a name."""

from __future__ import annotations

import re

from db.engine import run
from domain.registration.progress import ConfirmedAddress
from tests.browser import BILL, Browser, location, path_of
from tests.screen import fragment_of, words

PATH = path_of("address")
TYPED = {"answer": "yes"}
BROUGHT = ConfirmedAddress(3)


async def test_yes_goes_on_to_the_person(client: Browser) -> None:
    await client.reach("address")
    assert location(await client.submit("address")) == path_of("person")
    # Back and «Нет» after all: the person waits until the address is right.
    assert location(await client.post(PATH, {"answer": "no"})) == path_of("bill")
    assert location(await client.get(path_of("person"))) == path_of("bill")


async def test_yes_in_a_tab_of_before_confirms_no_other_address(client: Browser) -> None:
    await client.reach("address")
    number = re.search(r'name="shown" value="(\d+)"', (await client.get(PATH)).text)
    assert number is not None
    answered = {**TYPED, "shown": number[1]}
    # Another bill in another tab.
    await client.post(path_of("bill"), {**BILL, "account_number": "7000000118"})
    for answer in (answered, {**answered, "answer": "no"}):
        assert location(await client.post(PATH, answer)) == PATH
    assert "кв. 6" in words(await client.get(PATH))
    assert location(await client.post(PATH, {**TYPED, "shown": "7000000118"})) == path_of("person")


async def test_nothing_of_an_address_is_shown_before_the_proof(client: Browser) -> None:
    for step in ("phone", "code", "bill"):
        for path in ("phone", "bill", "address", "person", "password"):
            assert "Липовая" not in (await client.follow(await client.get(path_of(path)))).text
        await client.submit(step)
    shown = await client.get(PATH)
    assert fragment_of(shown) == "registration-account-address"
    assert "г. Светлоречинск, ул. Липовая, д. 3, кв. 1" in words(shown)


async def test_an_account_that_an_import_has_removed_leads_back_to_the_bill(client: Browser) -> None:
    await client.reach("address")
    await run("DELETE FROM accounts WHERE number = {}", BILL["account_number"])
    assert location(await client.get(PATH)) == path_of("bill")


async def test_the_bill_of_an_account_that_an_import_has_removed_is_looked_for_again(client: Browser) -> None:
    """Not taken for the one that was found: the customer would be led from one to the other without a word."""
    await client.reach("address")
    await run("DELETE FROM accounts WHERE number = {}", BILL["account_number"])
    refused = await client.post(path_of("bill"), BILL)
    assert refused.status_code == 422
    assert "данного абонента нет в системе" in words(refused)
    # And the way out of it is open.
    assert (await client.get(path_of("connection"))).status_code == 200
