"""What keeps a customer from going on for a while: locks of the sign-in, of codes, of bills. The staff may lift them.

The counters of a network or a device stand for one that nobody has named to the staff; the journal of the customer's
refused passwords holds their keys. Counters that many customers share are lifted for nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from db import journal
from db import throttles as counted
from db.customers import CustomerRow
from domain import throttles
from domain.proofs import bill_proof, sms_limits
from domain.scope import Scope
from domain.sign_in import by_password
from domain.sign_in.password_change import RECOVERY_CODE
from domain.throttles import Limit
from domain.values.people import fold_login


@dataclass(frozen=True)
class Lock:
    """`kind` is "sign-in", "codes" or "bills"; `ends_at` is when it does so by itself."""

    kind: str
    ends_at: datetime


@dataclass(frozen=True)
class _Counters:
    """The counters of one kind of lock; `keys` are those of the sign-in that only the journal knows."""

    limits: Sequence[Limit]
    keys: Sequence[str] = field(default=())


async def of(scope: Scope, row: CustomerRow) -> list[Lock]:
    """The locks that hold now."""
    found = []
    for kind, counters in (await _counters(scope, row)).items():
        until = await throttles.free_at(scope, counters.limits)
        until = max(until, await _full_until(scope, counters.keys))
        if until > scope.now:
            found.append(Lock(kind, until))
    return found


async def lift(scope: Scope, row: CustomerRow, kind: str) -> bool:
    """«Снять», part of the caller's transaction; whether there was one."""
    if kind not in {lock.kind for lock in await of(scope, row)}:
        return False
    counters = (await _counters(scope, row))[kind]
    await throttles.give_back(scope, [], emptied=counters.limits)
    await counted.give_back([], counters.keys)
    return True


async def _full_until(scope: Scope, keys: Sequence[str]) -> datetime:
    """When the last of these counters of the sign-in allows another try."""
    known = await counted.look(keys) if keys else {}
    return max([scope.now, *(row.ends_at for row in known.values() if row.hits >= scope.settings.sign_in_tries)])


async def _counters(scope: Scope, row: CustomerRow) -> dict[str, _Counters]:
    phone, login = scope.unseal(row["phone_sealed"]), fold_login(row["login"])
    identifiers = [phone, login] if login else [phone]
    typed = [phone, f"{login}\0{phone}"] if login else [phone]
    since = scope.now - timedelta(seconds=2 * scope.settings.sign_in_lock)
    entries = await journal.counters_of(row["id"], "sign-in-refused", since - timedelta(hours=1))
    return {
        "sign-in": _Counters(
            [by_password.limit_anywhere(scope, one) for one in identifiers],
            list(dict.fromkeys(entry["details"] for entry in entries)),
        ),
        "codes": _Counters(
            [
                *sms_limits.of_recovery_phone(scope, phone),
                *(limit for one in typed for limit in sms_limits.of_typed(scope, one)),
                *(sms_limits.of_wrong_codes(scope, RECOVERY_CODE.name, one) for one in typed),
                *sms_limits.of_phone_change(scope, row["id"]),
            ]
        ),
        "bills": _Counters(bill_proof.limits_of_phone(scope, phone)),
    }
