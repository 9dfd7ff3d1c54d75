"""The security page: what can be changed, the devices, and what has happened."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from db import journal
from domain.profile import devices, overview
from routes.page import ThisPage
from routes.profile.security import BASE, FOLDER, guard, owner_of
from routes.row_ids import row_id

NAME, FRAGMENT = "profile.security", f"{FOLDER}/overview"
_ENTRIES = 20


@get(BASE, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    visit = owner_of(page)
    known = await overview.of(page.scope, visit.customer) if visit is not None and visit.customer else None
    if visit is None or visit.customer is None or known is None:
        return await page.lead_to_sign_in()
    return page.show(
        FRAGMENT,
        profile=known,
        devices=await devices.of(page.scope, visit),
        entries=await journal.of_customer(visit.customer, _ENTRIES),
        note=next(iter(page.request.query_params.keys()), ""),
    )


@post(f"{BASE}/devices/{{session:str}}/end", name=f"{NAME}.devices.end")
async def end_one(page: ThisPage, session: FromPath[str]) -> Response[Any]:
    visit = owner_of(page)
    if visit is None or visit.customer is None:
        return await page.lead_to_sign_in(BASE)
    ended = row_id(session, bits=64)
    # Where another device is signed in decides who keeps the cabinet. Nothing was typed here that could be lost.
    if elsewhere := await guard(page, BASE):
        return elsewhere
    await devices.end_one(page.scope, visit.customer, ended)
    return page.lead_out("/") if ended == visit.id else page.lead_to(f"{BASE}?ended=one")


@post(f"{BASE}/devices/end-others", name=f"{NAME}.devices.end-others")
async def end_others(page: ThisPage) -> Response[Any]:
    visit = owner_of(page)
    if visit is None:
        return await page.lead_to_sign_in(BASE)
    if elsewhere := await guard(page, BASE):
        return elsewhere
    await devices.end_others(page.scope, visit)
    return page.lead_to(f"{BASE}?ended=others")


handlers = [show, end_one, end_others]
