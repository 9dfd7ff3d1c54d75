"""What to open and what to type while developing."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from db import registry
from domain.proofs import bill_proof
from domain.registry import demo_company
from routes.page import ThisPage


@get("/dev", name="dev")
async def show(page: ThisPage) -> Response[Any]:
    periods = await bill_proof.offered_periods(page.scope)
    accounts = await registry.sample(5, periods[0]) if periods else []
    return page.show("dev/overview", accounts=accounts, cards=list(demo_company.cards())[:3] if accounts else [])


handlers = [show]
