"""The number of a row in an address: whatever stands there, signed in or not, it is that of no row or of one's own."""

from __future__ import annotations

import pytest

from tests.browser import PASSWORD, Browser
from tests.screen import is_page

# At the edges of the databases' columns (32 and 64 bits) and beyond them, and what is no number at all.
NUMBERS = [
    "0", "-1", "+1", "1_0", "%D9%A3", "2147483647", "2147483648", "4294967296", "9" * 18, "9223372036854775807",
    "9223372036854775808", "18446744073709551616", "9" * 400, "x", "%00", "1.0", "1e3", "01",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:20])
async def test_a_number_of_no_row_is_not_found(client: Browser, number: str) -> None:
    await client.register()
    await client.post("/profile/security/confirmation", {"password": PASSWORD, "next": "/profile"})
    for method, path in (
        ("GET", f"/profile/accounts/{number}/removal"),
        ("POST", f"/profile/accounts/{number}/removal"),
        ("POST", f"/profile/security/devices/{number}/end"),
    ):
        answer = await (client.get(path) if method == "GET" else client.post(path))
        assert answer.status_code in {303, 404}, (path, answer.status_code)
        assert answer.status_code == 303 or is_page(answer)
    assert (await client.get("/profile")).status_code == 200
