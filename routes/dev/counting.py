"""The count of branches as a page: it is made when somebody asks, and kept until a file changes."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get

from routes.dev.branches import count_branches
from routes.dev.gallery import drawing_of, look_of_page
from routes.dev.kept_count import keep_count, kept_count
from routes.dev.look import query_of
from routes.page import ThisPage


@get("/dev/gallery/branches", name="dev.gallery.branches")
async def show_branches(page: ThisPage) -> Response[Any]:
    """States and branches of each fragment, of each message and of what they share."""
    state, files = page.request.app.state, drawing_of(page).templates.sources
    counted = kept_count(state, files)
    if counted is None:
        version = files.version
        counted = await asyncio.to_thread(count_branches, page.settings.zone, files)
        keep_count(state, files, version, counted)
    return page.show(
        "dev/branches",
        whole=counted.whole,
        parts=list(counted.parts.values()),
        query=query_of(look_of_page(page)),
    )


handlers = [show_branches]
