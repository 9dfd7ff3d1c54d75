"""What was typed on a page is there again when its language has been switched, for the same person alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser import Browser, location, path_of
from tests.conftest import Clock
from tests.routes.test_language import switch_of
from tests.screen import value_of

TYPED = {"account_number": "70000", "amount": "12", "password": "a secret", "code": "934733", "captcha": "24680"}


@pytest.mark.parametrize("htmx", [False, True])
async def test_what_was_typed_is_there_in_the_other_language_once(client: Browser, htmx: bool) -> None:
    await client.reach("bill")
    switch = switch_of(await client.get(path_of("bill")))
    answer = await (client.htmx(switch, TYPED) if htmx else client.post(switch, TYPED))
    # The whole page: htmx would leave the frame around the step in the former language.
    assert (answer.headers["hx-redirect"] if htmx else location(answer)) == path_of("bill")
    shown = await client.get(path_of("bill"))
    assert {name: value_of(shown, name) for name in ("account_number", "amount")} == {
        "account_number": "70000",
        "amount": "12",
    }
    for secret in ("a secret", "934733", "24680"):
        assert secret not in shown.text
    assert "autofocus" in shown.text.partition('id="language-button"')[2].partition(">")[0]
    assert shown.text.count("autofocus") == 1
    assert value_of(await client.get(path_of("bill")), "account_number") == ""


# Real prose: a sentence said again and again would be compressed to nothing.
COMMENT = re.sub(r"[^а-я ]+", " ", Path("docs/manual.ru.md").read_text(encoding="utf-8"))[:2000].strip()
INCOMPRESSIBLE = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(120))


@pytest.mark.parametrize("comment", [COMMENT, "\r\n" * 990, INCOMPRESSIBLE, "\x01" * 1900])
async def test_a_cookie_holds_the_longest_comment_or_all_but_it(client: Browser, comment: str) -> None:
    await client.reach("bill")
    typed = {f"field{i}": "\x01" * 10 for i in range(40)} | {"amount": "12", "account_number": comment}
    answer = await client.post(f"/language/en?back={path_of('bill')}", typed)
    # A browser keeps 4096 bytes, and drops what is longer as a whole.
    assert all(len(one) <= 4096 for one in answer.headers.get_list("set-cookie"))
    shown = await client.follow(answer)
    assert value_of(shown, "amount") == "12"
    if comment == COMMENT:
        assert value_of(shown, "account_number") == comment


async def test_what_was_typed_for_one_number_is_not_shown_to_another(
    client: Browser, another_browser: Callable[..., Browser]
) -> None:
    """Of visitors the number confirmed in a registration tells them apart."""
    await client.reach("bill")
    await client.post(f"/language/en?back={path_of('bill')}", {"account_number": "70000"})
    other = another_browser(phone="8 900 111-22-33")
    await other.reach("bill")
    other.http.cookies.set("typed", client.http.cookies["typed"], domain="127.0.0.1")
    assert value_of(await other.get(path_of("bill")), "account_number") == ""


@pytest.mark.parametrize("of_registration", [False, True])
async def test_what_was_typed_stays_when_the_session_has_ended_before_the_switch(
    client: Browser, clock: Clock, of_registration: bool
) -> None:
    path, name = ("/profile/security/email", "email")
    if of_registration:
        await client.reach("bill")
        path, name = path_of("bill"), "account_number"
    else:
        await client.register()
    clock.forward(minutes=31)
    await client.follow(await client.post(f"/language/en?back={path}", {name: "typed@example.org"}))
    if of_registration:
        await client.reach("bill")
    else:
        assert location(await client.sign_in()) == path
    assert value_of(await client.get(path), name) == "typed@example.org"


async def test_what_was_typed_before_the_switch_is_shown_to_nobody_else(client: Browser, clock: Clock) -> None:
    await client.register()
    path = "/profile/security/email"
    for meanwhile in ("sign-out", "another page", "a minute"):
        await client.sign_in()
        await client.post(f"/language/en?back={path}", {"email": "typed@example.org"})
        if meanwhile == "sign-out":
            kept = client.http.cookies["typed"]
            await client.post("/sign-out")
            assert "typed" not in client.http.cookies
            client.http.cookies.set("typed", kept, domain="127.0.0.1")
            assert "typed@example.org" not in (await client.follow(await client.get(path))).text
        elif meanwhile == "another page":
            assert "typed@example.org" not in (await client.get("/profile/person/name")).text
        else:
            clock.forward(minutes=2)
            assert value_of(await client.get(path), "email") == ""
        client.http.cookies.delete("typed", domain="127.0.0.1") if "typed" in client.http.cookies else None


async def test_the_way_back_after_a_session_survives_a_switch(client: Browser, clock: Clock) -> None:
    await client.register()
    clock.forward(minutes=31)
    await client.follow(await client.get("/profile/security"))
    await client.post("/language/en?back=/", {"phone": "912"})
    assert location(await client.sign_in()) == "/profile/security"
