"""The security page: what can be changed, the devices, and what has happened."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from db import journal
from domain import devices, profile
from routes.page import ThisPage
from routes.profile.security import BASE, FOLDER, owner_of

NAME, FRAGMENT = "profile.security", f"{FOLDER}/overview"
_ENTRIES = 20


@get(BASE, name=NAME)
async def show(page: ThisPage) -> Response[Any]:
    visit = owner_of(page)
    known = await profile.of(page.portal, visit.customer) if visit is not None and visit.customer else None
    if visit is None or visit.customer is None or known is None:
        return await page.lead_to_sign_in()
    return page.show(
        FRAGMENT,
        profile=known,
        devices=await devices.of(visit, page.now),
        entries=await journal.of_customer(visit.customer, _ENTRIES),
        note=next(iter(page.request.query_params.keys()), ""),
    )


@post(f"{BASE}/devices/{{session:int}}/end", name=f"{NAME}.devices.end")
async def end_one(page: ThisPage, session: FromPath[int]) -> Response[Any]:
    visit = owner_of(page)
    if visit is None or visit.customer is None:
        return await page.lead_to_sign_in(BASE)
    await devices.end_one(page.caller, visit.customer, session, page.now)
    return page.lead_out("/") if session == visit.id else page.lead_to(f"{BASE}?ended=one")


@post(f"{BASE}/devices/end-others", name=f"{NAME}.devices.end-others")
async def end_others(page: ThisPage) -> Response[Any]:
    visit = owner_of(page)
    if visit is None:
        return await page.lead_to_sign_in(BASE)
    await devices.end_others(page.caller, visit, page.now)
    return page.lead_to(f"{BASE}?ended=others")


handlers = [show, end_one, end_others]
