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
    for row, letter in await outbox.newest(page.scope, _NEWEST):
        shown = {
            "id": row["id"],
            "kind": row["kind"],
            "state": row["state"],
            "at": row["created_at"],
            "name": row["message"],
        }
        if letter:
            language = letter.get("language", "ru")
            shown |= {"to": letter["to"], "rendered": _texts(row["message"], letter["values"], language)}
        messages.append(shown)
    return page.show("dev/outbox", messages=messages)


handlers = [show]
