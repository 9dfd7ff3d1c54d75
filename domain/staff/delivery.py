"""What the staff do about the delivery: stop sending by a gateway, and go on. Everybody may look, an admin may act."""

from __future__ import annotations

from db import gateways
from db.engine import transaction
from domain.delivery.channels import gateway_names
from domain.refusals import Code, Refused, SessionExpired
from domain.scope import Scope
from domain.staff import journal, rights
from domain.staff.people import Role
from settings import Settings


def names_of(settings: Settings) -> list[str]:
    return [name for own in gateway_names(settings).values() for name in own]


async def is_held(gateway: str) -> bool:
    return any(row["name"] == gateway and row["held_at"] is not None for row in await gateways.known())


async def change(scope: Scope, gateway: str, reason: str, *, held: bool) -> Refused | SessionExpired | None:
    """«Приостановить» or «Возобновить». Done already is done: then nothing more is in the journal."""
    if not reason:
        return Refused(Code.REASON_EMPTY, "why")
    async with transaction():
        person = await rights.actor(scope, Role.ADMIN)
        if person is None:
            return SessionExpired()
        await note_change(scope, gateway, person.staff, reason, held=held)
    return None


async def note_change(scope: Scope, gateway: str, by: int | None, reason: str, *, held: bool) -> None:
    """The same for a command, `by` None. Part of a transaction."""
    changed = await gateways.hold(gateway, scope.now) if held else await gateways.release(gateway)
    if changed:
        event = "gateway-held" if held else "gateway-released"
        await journal.note(scope, event, by, subject=gateway, reason=reason)
