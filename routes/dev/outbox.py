"""The messages that `outbox:` keeps, newest first, as their recipients would read them."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from db import outbox
from routes.message_texts import MessageTexts
from routes.page import ThisPage

_NEWEST = 50
_texts = MessageTexts()


@get("/dev/outbox", name="dev.outbox")
async def show(page: ThisPage) -> Response[Any]:
    messages = []
    for row in await outbox.newest(_NEWEST):
        shown = {
            "id": row["id"],
            "kind": row["kind"],
            "state": row["state"],
            "at": row["created_at"],
            "name": row["message"],
        }
        if row["sealed"]:
            letter = page.scope.unseal(row["sealed"])
            language = letter.get("language", "ru")
            shown |= {"to": letter["to"], "rendered": _texts(row["message"], letter["values"], language)}
        messages.append(shown)
    return page.show("dev/outbox", messages=messages)


handlers = [show]
