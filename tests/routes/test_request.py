"""A request as its sender follows it: the link of the e-mail, or number and code, of which guesses are counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from db import connection_requests
from db.engine import run
from domain.portal import Portal
from domain.profile.sent_requests import code_of
from tests.browser import Browser, location
from tests.conftest import Clock, Posted, scope_of
from tests.routes.staff.test_requests import asked
from tests.screen import errors, fragment_of, words

PATH = "/request"


async def test_number_and_code_show_the_state(
    client: Browser, another_browser: Callable[..., Browser], posted: Callable[[], Awaitable[list[Posted]]]
) -> None:
    number = await asked(client)
    received = (await posted())[-1]
    code = str(received.values["code"])
    assert f"Код заявки: {code}" in words(await client.get("/registration/account/sent"))
    other = another_browser("203.0.113.44")
    assert fragment_of(await other.get(PATH)) == "request-search"
    assert errors(await other.post(PATH, {})) == ["Введите номер заявки", "Введите код заявки"]
    typed = {"number": f" № {number} ", "request_code": f" {code.upper().replace('-', ' ')} "}
    assert location(await other.post(PATH, typed)) == PATH
    shown = words(await other.get(PATH))
    assert f"Заявка № {number}" in shown
    assert "Новая" in shown
    assert "Иванова" not in shown, "who has number and code need not read who it is"
    linked = another_browser("203.0.113.45")
    assert location(await linked.get(str(received.values["link"]).partition("8000")[2])) == PATH
    assert f"Заявка № {number}" in words(await linked.get(PATH))


async def test_guesses_are_counted_for_request_and_network(client: Browser, portal: Portal, clock: Clock) -> None:
    scope = scope_of(portal, clock())
    number = await connection_requests.add(scope.seal([]), clock())
    for wrong in ("", "x", "aaaaa-aaaaa", code_of(scope, number + 1)):
        answer = await client.post(PATH, {"number": str(number), "request_code": wrong or "-"})
        assert errors(answer) == ["Такой заявки нет. Проверьте номер и код."]
    for _ in range(6):
        await client.post(PATH, {"number": str(number), "request_code": "aaaaa-aaaaa"})
    right = {"number": str(number), "request_code": code_of(scope, number)}
    assert errors(await client.post(PATH, right))[0].startswith("Превышено число попыток")
    clock.forward(minutes=61)
    assert location(await client.post(PATH, right)) == PATH
    for strange in ("0", "x", "²", "9" * 90, "17 OR 1=1"):
        assert (await client.post(PATH, {"number": strange, "request_code": "aaaaa-aaaaa"})).status_code == 422
    assert fragment_of(await client.get(f"{PATH}/{number}-aaaaa-aaaaa", follow_redirects=True)) == "request-search"


async def test_a_request_marked_before_the_upgrade_is_done(portal: Portal, clock: Clock) -> None:
    number = await connection_requests.add(portal.sealing.seal([]), clock())
    await connection_requests.mark_handled(number, clock())
    await connection_requests.mark_handled(number, clock())
    (row,) = await run("SELECT state, version FROM connection_requests WHERE id = {}", number)
    assert (row["state"], row["version"]) == ("done", 1)
