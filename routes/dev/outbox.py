"""The messages that `outbox:` keeps, newest first, as their recipients would read them."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from domain.delivery import outbox
from routes.message_texts import MessageTexts
from routes.page import ThisPage

_NEWEST = 50
_texts = MessageTexts()


@get("/dev/outbox", name="dev.outbox")
async def show(page: ThisPage) -> Response[Any]:
    messages = []
    for row, posted in await outbox.newest(page.scope, _NEWEST):
        shown = {
            "id": row["id"],
            "kind": row["kind"],
            "state": row["state"],
            "at": row["created_at"],
            "name": row["message"],
        }
        if posted:
            language = posted.get("language", "ru")
            shown |= {"to": posted["to"], "rendered": _texts(row["message"], posted["values"], language)}
        messages.append(shown)
    return page.show("dev/outbox", messages=messages)


handlers = [show]
