"""«Регистрация»: straight to the only track's first step, or the choice of the two."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from routes.page import ThisPage
from routes.registration.account import path_of


@get("/registration", name="registration")
async def show(page: ThisPage) -> Response[Any]:
    return page.lead_to("/profile" if page.customer is not None else path_of("phone"))


handlers = [show]
