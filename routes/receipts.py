"""The addresses that gateways call with their receipts. What a receipt looks like, each channel knows.

Whatever a known gateway says is answered with 200, or it would call again and again: repeated, late or made up, it
changes nothing (domain/delivery/receipts.py).
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import MediaType, Request, Response, route
from litestar.enums import HttpMethod
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath

from domain.delivery.channels import receipt_readers
from domain.delivery.receipts import PATH, is_key_of
from domain.portal import Portal
from routes.incoming import fields_of
from routes.origin import FOR_MACHINES
from routes.own_path import TOKEN

# Gateways wait for about as long.
_SECONDS = 10.0
_HEADERS = {"Cache-Control": "no-store"}


@route(
    f"{PATH}{TOKEN}",
    name="receipts",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    status_code=200,
    media_type=MediaType.TEXT,
    opt={FOR_MACHINES: True},
)
async def take(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[str]:
    portal: Portal = request.app.state.portal
    readers = receipt_readers(portal.settings)
    gateway = next((name for name in readers if is_key_of(portal, name, token)), None)
    if gateway is None:
        raise NotFoundException
    fields = fields_of(request.scope.get("query_string", b"")) | fields_of(await request.body())
    try:
        receipt = readers[gateway](fields)
    except ValueError:
        raise ClientException("No receipt of this gateway") from None
    try:
        async with asyncio.timeout(_SECONDS):
            if receipt is not None:
                await portal.arrivals.take(gateway, receipt)
    except TimeoutError:
        return Response("later\n", status_code=503, headers={**_HEADERS, "Retry-After": "10"})
    return Response("taken\n", headers=_HEADERS)


handlers = [take]
