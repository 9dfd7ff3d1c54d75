"""Validates one field when the customer leaves it: the answer is that field alone, and nothing is saved."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from routes.forms import Form
from routes.page import ThisPage


def field_check(path: str, name: str, fragment: str, model: type[Form], fields: Sequence[str]) -> HTTPRouteHandler:
    """The handler of `POST <path>/fields/<field>` for these fields of a step; an empty field is not validated."""

    @post(f"{path}/fields/{{field:str}}", name=f"{name}.field", status_code=200)
    async def check(page: ThisPage, field: FromPath[str]) -> Response[str]:
        if field not in fields:
            raise NotFoundException
        form = await page.read(model)
        form.path = path
        wrong = form.errors.get(field) if form.typed.get(field, "").strip() else None
        form.errors = {field: wrong} if wrong else {}
        return page.show_field(fragment, form, field)

    return check
