"""What to open and what to type while developing."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from domain.proofs import bill_proof
from domain.registry import demo_company
from routes.page import ThisPage


@get("/dev", name="dev")
async def show(page: ThisPage) -> Response[Any]:
    accounts = await bill_proof.sample(page.scope, 5)
    return page.show("dev/overview", accounts=accounts, cards=list(demo_company.cards())[:3] if accounts else [])


handlers = [show]
