"""All is sealed with one key: what was sealed for one purpose is nothing for any other, wherever it is handed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from db.engine import Engine
from domain import device_cookies, sessions
from domain.portal import Portal
from domain.proofs import captcha
from domain.scope import NOBODY, Scope
from domain.sessions import Session
from domain.sign_in.recovery import RECOVERY, Recovery
from routes import every_handler, notices, return_to, sealed_values
from routes.cookies import NOTICE, RETURN_TO
from routes.links import LIFETIME
from routes.notices import Notice
from routes.own_path import links_among
from tests.conftest import scope_of

PATH, PHONE = "/profile", "+79123456789"
LINKS = links_among(every_handler())


async def _unproved(scope: Scope) -> Session:
    return await RECOVERY.save(scope, sessions.begin_unproved(scope), Recovery(phone=PHONE))


async def _sealed(scope: Scope) -> dict[str, str]:
    """What the portal seals: first by the name of what takes it again, then what no browser is meant to get."""
    unproved = await _unproved(scope)
    # What a customer types may be called as ours is.
    typed = {"for": NOTICE, "session": "x", "captcha": "x", "code": "x", "device": "x", "token": "x"}
    return {
        "notice": str(notices.keep(scope, Notice.ACCOUNT_ADDED, PATH, 1).value),
        "way back": str(return_to.keep(scope, PATH, typed, 1).value),
        "session": str(unproved.token).removeprefix("s."),
        "device": device_cookies.renewed(scope, None, 1),
        "picture": captcha.make(scope).token,
        **{link: sealed_values.seal(scope, link, token="x") for link in LINKS},
        "progress in a row": scope.seal(unproved.progress),
        "phone in a row": scope.seal(PHONE),
        "message": scope.seal({"to": PHONE, "values": {"code": "123456", "link": "x"}, "language": "ru"}),
        "request": scope.seal([("Фамилия", "Иванова")]),
    }


async def _as_session(scope: Scope, sealed: str) -> Session | None:
    return await sessions.resume(replace(scope, client=replace(NOBODY, token=f"s.{sealed}")))


async def _as_notice(scope: Scope, sealed: str) -> Notice | None:
    return notices.read(scope, {NOTICE: sealed}, PATH, 1)


async def _as_way_back(scope: Scope, sealed: str) -> return_to.ReturnTo | None:
    return return_to.read(scope, {RETURN_TO: sealed})


async def _as_device(scope: Scope, sealed: str) -> str | None:
    return device_cookies.recognised(scope, sealed, 1)


def _as_link(path: str) -> Callable[[Scope, str], Awaitable[Any]]:
    async def take(scope: Scope, sealed: str) -> Any:
        return sealed_values.unseal(scope, path, sealed, LIFETIME)

    return take


TAKEN: dict[str, Callable[[Scope, str], Awaitable[Any]]] = {
    "session": _as_session,
    "notice": _as_notice,
    "way back": _as_way_back,
    "device": _as_device,
    "picture": captcha.digits_of,
    **{link: _as_link(link) for link in LINKS},
}


@pytest.mark.parametrize("purpose", TAKEN)
async def test_what_was_sealed_for_one_purpose_is_nothing_for_any_other(
    engine: Engine, portal: Portal, purpose: str
) -> None:
    scope = scope_of(portal)
    taken = {name: await TAKEN[purpose](scope, sealed) for name, sealed in (await _sealed(scope)).items()}
    assert [name for name, what in taken.items() if what is not None] == [purpose]
