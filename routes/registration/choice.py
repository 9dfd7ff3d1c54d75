"""«Регистрация»: the choice of the two tracks, or the first step of the only one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from routes.kept_pages import SAME_FOR_VISITORS
from routes.page import ThisPage

_FIRST_STEPS = {"account": "/registration/account/phone", "card": "/registration/card/card"}


@get("/registration", name="registration", opt=SAME_FOR_VISITORS)
async def show(page: ThisPage) -> Response[Any]:
    tracks = page.settings.tracks
    if redirect := page.redirect_if_signed_in():
        return redirect
    return page.show("registration/choice") if len(tracks) > 1 else page.redirect(_FIRST_STEPS[tracks[0]])


handlers = [show]
