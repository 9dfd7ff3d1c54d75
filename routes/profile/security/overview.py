"""The security page: what can be changed, the devices, and what has happened."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from domain import journal
from domain.profile import devices
from routes.notices import Notice
from routes.page import ThisPage
from routes.profile import person_of
from routes.profile.security import BASE, FOLDER, guard, owner_of
from routes.row_ids import row_id

NAME, FRAGMENT = "profile.security", f"{FOLDER}/overview"
_ENTRIES = 20


@get(BASE, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    session, person = owner_of(page), await person_of(page)
    if session is None or session.customer is None or person is None:
        return await page.redirect_to_sign_in()
    return page.show(
        FRAGMENT,
        person=person,
        devices=await devices.of(page.scope, session),
        entries=await journal.newest_of(session.customer, _ENTRIES),
    )


@post(f"{BASE}/devices/{{device:str}}/end", name=f"{NAME}.devices.end")
async def end_one(page: ThisPage, device: FromPath[str]) -> Response[Any]:
    session = owner_of(page)
    if session is None or session.customer is None:
        return await page.redirect_to_sign_in(BASE)
    ended = row_id(device, bits=64)
    # Ending sessions can shut the owner out, so the password is asked for. `BASE`: no typed text has to be kept.
    if redirect := await guard(page, BASE):
        return redirect
    await devices.end_one(page.scope, session.customer, ended)
    if ended == session.id:
        return page.redirect_after_sign_out("/")
    return page.redirect(BASE, notice=Notice.SESSIONS_ENDED)


@post(f"{BASE}/devices/end-others", name=f"{NAME}.devices.end-others")
async def end_others(page: ThisPage) -> Response[Any]:
    session = owner_of(page)
    if session is None:
        return await page.redirect_to_sign_in(BASE)
    if redirect := await guard(page, BASE):
        return redirect
    await devices.end_others(page.scope, session)
    return page.redirect(BASE, notice=Notice.SESSIONS_ENDED)


handlers = [show, end_one, end_others]
