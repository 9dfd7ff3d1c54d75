"""The messages that `outbox:` keeps, newest first, as their recipients would read them."""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateError
from litestar import Response, get

from domain.delivery import outbox
from routes.message_texts import MessageTexts
from routes.page import ThisPage
from routes.slips import SlipError
from routes.template_slips import slip_of

_NEWEST = 50


@get("/dev/outbox", name="dev.outbox")
async def show(page: ThisPage) -> Response[Any]:
    texts: MessageTexts = page.request.app.state.messages
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
            language, shown["to"] = posted.get("language", "ru"), posted["to"]
            try:
                shown["rendered"] = texts(row["message"], posted["values"], language)
            except (TemplateError, SlipError) as error:
                # The others are read all the same.
                found = slip_of(error, page.templates.design)
                shown["slips"] = list(map(str, found.slips if found else ()))
        messages.append(shown)
    return page.show("dev/outbox", messages=messages)


handlers = [show]
