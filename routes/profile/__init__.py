"""The pages of a signed-in customer."""

from __future__ import annotations

from domain.profile import overview as customer_overview
from domain.profile.overview import Profile
from routes.page import Page


async def profile_of(page: Page) -> Profile | None:
    """What the signed-in customer sees of themselves; None where nobody is signed in."""
    return await customer_overview.of(page.scope, page.customer) if page.customer is not None else None
