"""The pages of a signed-in customer."""

from __future__ import annotations

from domain.profile import overview as customer_overview
from domain.profile.overview import Person
from routes.page import Page


async def person_of(page: Page) -> Person | None:
    """Who the signed-in customer is; None where nobody is signed in."""
    return await customer_overview.person_of(page.scope, page.customer) if page.customer is not None else None
