"""Codes for a new password: anybody may ask for one, only a customer gets it, and nothing shows which it was."""

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
    """What was typed to ask for a new password: `login` is folded, or empty where only the phone was typed.

    `known` where the phone is a customer's, and the login, if any, is the same customer's.
    """

    phone: str
    login: str
    known: bool

    @property
    def typed(self) -> str:
        return f"{self.login}\0{self.phone}" if self.login else self.phone

    @property
    def subject(self) -> str:
        """What codes and tries belong to. Codes that are not sent have a subject of their own and touch no sent one."""
        return self.typed if self.known else f"unsent\0{self.typed}"


async def send(scope: Scope, purpose: Purpose, recovery: RecoveryRequest, *, call: bool = False) -> datetime | None:
    """Like `one_time_codes.send`, but only a known phone gets an SMS; an unknown one takes the same statements."""
    phone_limits = sms_limits.of_recovery_phone(scope, recovery.phone)
    free = await throttles.free_at(scope, phone_limits) <= scope.now
    wanted = recovery.known and free
    budgets = sms_limits.of_recovery_budgets(scope)
    charged, uncharged = [*budgets, *phone_limits], sms_limits.uncharged([*budgets, *phone_limits])
    # The budgets may refuse any request. The limits of the phone refuse none here: an unknown number has none.
    others = uncharged if wanted else [*budgets, *sms_limits.unlimited(phone_limits)]
    watched = [*_watched(scope, purpose, recovery), *others]
    asked = sms_limits.of_recovery_request(scope, recovery.typed)
    at = await throttles.claim(scope, [*asked, *(charged if wanted else uncharged)], watched=watched)
    if at is not None:
        return at
    owner = await one_time_codes.note_request(scope, purpose, recovery.phone, sent=wanted)
    message = await one_time_codes.add_code(
        scope, purpose, recovery.subject, recovery.phone, sent=wanted, call=call, owner=owner
    )
    await outbox.withdraw_unless(message, wanted)
    return None


async def next_at(scope: Scope, purpose: Purpose, recovery: RecoveryRequest) -> datetime:
    """When the same recovery may be asked for again."""
    seen = [*sms_limits.of_recovery_request(scope, recovery.typed), *sms_limits.of_recovery_budgets(scope)]
    return await throttles.free_at(scope, [*seen, *_watched(scope, purpose, recovery)])


def _watched(scope: Scope, purpose: Purpose, recovery: RecoveryRequest) -> list[Limit]:
    """Limits that may refuse a recovery and count nothing of it."""
    # Recoveries asked for by the number alone have used up the phone's SMS: those by login wait for the same time.
    number = sms_limits.of_typed(scope, recovery.phone) if recovery.login else []
    return [*number, sms_limits.of_wrong_codes(scope, purpose.name, recovery.subject)]
