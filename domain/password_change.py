"""What every new password goes through, whichever way it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import customers, sessions
from domain import outbox
from domain.messages import PasswordChanged
from domain.passwords import unmet_conditions
from domain.portal import Portal


@dataclass(frozen=True)
class UnmetConditions:
    """The password breaks these conditions of domain/passwords.py."""

    conditions: list[str]


def unmet(portal: Portal, password: str, about: Sequence[str]) -> list[str]:
    """Conditions that `password` breaks; `about` is what others know of the customer."""
    settings = portal.settings
    return unmet_conditions(
        password,
        shortest=settings.password_min,
        longest=settings.password_max,
        needs=settings.password_needs,
        about=about,
    )


async def about(portal: Portal, customer: int) -> Sequence[str]:
    """What a customer's password may not contain: phone, names, e-mail, login."""
    row = await customers.get(customer)
    if row is None:
        return ()
    unseal = portal.sealing.unseal
    sealed = [unseal(row[name]) for name in ("phone_sealed", "email_sealed") if row[name]]
    return (*sealed, row["last_name"], row["first_name"], row["patronymic"], row["login"])


async def set_password(
    portal: Portal, customer: int, password_hash: str, now: datetime, *, keep_session: int | None = None
) -> None:
    """Save it, end all sessions but `keep_session`, tell the customer. Part of the caller's transaction."""
    await customers.set_password(customer, password_hash)
    await sessions.end_all(customer, keep_session)
    row = await customers.get(customer)
    if row is not None and row["email_sealed"]:
        printed = now.astimezone(portal.settings.zone).strftime("%d.%m.%Y в %H:%M")
        link = f"{portal.settings.public_url}/sign-in/phone"
        message = PasswordChanged(row["first_name"], printed, link)
        await outbox.post(portal, message, portal.sealing.unseal(row["email_sealed"]), now)
