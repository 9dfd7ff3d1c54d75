"""Codes that allow a new password: asked for by anybody, sent only to a customer, and nobody may see which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain import throttles
from domain.delivery import outbox
from domain.proofs import one_time_codes, sms_limits
from domain.proofs.one_time_codes import Purpose
from domain.scope import Scope
from domain.throttles import Limit


@dataclass(frozen=True)
class RecoveryRequest:
    """Who asks for a code for a new password: `login` is folded, or empty where only the phone was typed.

    `known` where the phone is that of a customer, and with a login of the login's.
    """

    phone: str
    login: str
    known: bool

    @property
    def typed(self) -> str:
        return f"{self.login}\0{self.phone}" if self.login else self.phone

    @property
    def subject(self) -> str:
        """Whose codes and tries they are: what was never sent is nobody's, and touches no code that was."""
        return self.typed if self.known else f"unsent\0{self.typed}"


async def send(scope: Scope, purpose: Purpose, recovery: RecoveryRequest) -> datetime | None:
    """The same for a recovery: only a known phone gets an SMS, by the same statements as an unknown one gets none."""
    phone_limits = sms_limits.of_recovery_phone(scope, recovery.phone)
    free = await throttles.free_at(scope, phone_limits) <= scope.now
    wanted = recovery.known and free
    budgets = sms_limits.of_recovery_budgets(scope)
    charged, uncharged = [*budgets, *phone_limits], sms_limits.uncharged([*budgets, *phone_limits])
    # All can be seen from outside but what the phone has had: of that an unknown number has nothing.
    others = uncharged if wanted else [*budgets, *sms_limits.unlimited(phone_limits)]
    watched = [*_watched(scope, purpose, recovery), *others]
    asked = sms_limits.of_recovery_request(scope, recovery.typed)
    at = await throttles.claim(scope, [*asked, *(charged if wanted else uncharged)], watched=watched)
    if at is not None:
        return at
    code = await one_time_codes.add_code(scope, purpose, recovery.subject, sent=wanted)
    await one_time_codes.note_request(scope, purpose, recovery.phone, sent=wanted)
    row = await one_time_codes.post_code(scope, purpose, code, recovery.phone)
    await outbox.withdraw_unless(row, wanted)
    return None


async def next_at(scope: Scope, purpose: Purpose, recovery: RecoveryRequest) -> datetime:
    """When another recovery may be asked for with the same."""
    seen = [*sms_limits.of_recovery_request(scope, recovery.typed), *sms_limits.of_recovery_budgets(scope)]
    return await throttles.free_at(scope, [*seen, *_watched(scope, purpose, recovery)])


def _watched(scope: Scope, purpose: Purpose, recovery: RecoveryRequest) -> list[Limit]:
    """What else refuses a recovery, and is charged nothing by it."""
    # Where the number alone has been asked for too often, its phone has its SMS: the login's owner is told when.
    number = sms_limits.of_typed(scope, recovery.phone) if recovery.login else []
    return [*number, sms_limits.of_wrong_codes(scope, purpose.name, recovery.subject)]
