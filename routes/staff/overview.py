"""/staff: where a person lands after the sign-in."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from routes.staff import requests
from routes.staff.desk import HOME, ThisDesk


@get(HOME, name="staff")
async def show(desk: ThisDesk) -> Response[Any]:
    return desk.guard() or desk.redirect(requests.PATH)


handlers = [show]
