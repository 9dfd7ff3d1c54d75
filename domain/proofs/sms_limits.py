"""The limits of codes sent by SMS, and of requests for them.

Registration and a change of phone send to any number that is typed, so their limits may be shown. They share one
budget, which leaves the rest to recovery, and a customer who changes the phone gets few codes a day, to all numbers
together. A recovery sends only to a customer, and nothing may show whether it did:

- the pause and the number of requests that are shown are counted for what was typed, known or not;
- the requests of a network are limited, far above any honest use, so that they cannot fill the database;
- the limits of the phone and the budgets count only what is sent. What is not sent is counted by equal counters that
  never refuse, so that both take the same statements.
"""

from __future__ import annotations

from dataclasses import replace

from domain import throttles
from domain.scope import Scope
from domain.throttles import DAY, HOUR, UNLIMITED, Limit


def of_sending(scope: Scope, phone: str, budget: str = "") -> list[Limit]:
    """For a code that is sent to any number; it counts in `budget` and in that of the whole portal."""
    return [*of_asking(scope, phone), *of_budgets(scope, phone, budget)]


def of_asking(scope: Scope, phone: str) -> list[Limit]:
    """Of who asks and for which number, whether or not it gets a code."""
    settings = scope.settings
    return [
        *_of_phone(scope, "sms-phone", phone, settings.sms_waits),
        *throttles.per_network(scope, "sms-ip-hour", scope.client.ip, settings.sms_per_ip_hour, HOUR),
        *throttles.per_network(scope, "sms-ip-day", scope.client.ip, settings.sms_per_ip_day, DAY),
    ]


def of_budgets(scope: Scope, phone: str, budget: str) -> list[Limit]:
    """What a code to any number costs: the range of numbers has budgets of its own."""
    settings = scope.settings
    numbers = phone[: settings.sms_range_digits + 1]
    return [
        *_budgets(scope, budget),
        Limit("sms-range-hour", numbers, settings.sms_per_range_hour, HOUR, shared=True),
        Limit("sms-range-day", numbers, settings.sms_per_range_day, DAY, shared=True),
    ]


def of_phone_change(scope: Scope, customer: int) -> list[Limit]:
    """For a change of phone: a customer must not send codes to many numbers in turn."""
    return [Limit("phone-change-day", str(customer), scope.settings.sms_per_phone_day, DAY)]


def of_recovery_request(scope: Scope, typed: str) -> list[Limit]:
    """For a recovery asked for with `typed`: the number, or login and number together."""
    settings = scope.settings
    most = max(settings.recovery_requests_ip_hour, settings.sms_per_ip_hour)
    return [
        *of_typed(scope, typed),
        *throttles.per_network(scope, "recovery-ip-hour", scope.client.ip, most, HOUR),
    ]


def of_typed(scope: Scope, typed: str) -> list[Limit]:
    return _of_phone(scope, "recovery-typed", typed, scope.settings.sms_waits)


def of_recovery_budgets(scope: Scope) -> list[Limit]:
    return _budgets(scope, "recovery")


def of_recovery_phone(scope: Scope, phone: str) -> list[Limit]:
    """The SMS to a customer's phone, whether the recovery was asked for by number or by login."""
    return _of_phone(scope, "sms-recovery-phone", phone)


def uncharged(limits: list[Limit]) -> list[Limit]:
    """The counters that are charged in place of `limits` where nothing is sent: they never refuse."""
    return [replace(limit, kind=f"unsent-{limit.kind}") for limit in unlimited(limits)]


def unlimited(limits: list[Limit]) -> list[Limit]:
    """The same counters without a maximum."""
    return [replace(limit, most=UNLIMITED) for limit in limits]


def of_wrong_codes(scope: Scope, purpose: str, subject: str) -> Limit:
    """Wrong codes of a day, for all codes of the subject together."""
    settings = scope.settings
    return Limit("code-guesses-day", f"{purpose}\0{subject}", max(settings.code_tries_day, settings.code_tries), DAY)


def _of_phone(scope: Scope, kind: str, subject: str, waits: tuple[int, ...] = ()) -> list[Limit]:
    settings = scope.settings
    return [
        Limit(f"{kind}-hour", subject, settings.sms_per_phone_hour, HOUR, waits),
        Limit(f"{kind}-day", subject, settings.sms_per_phone_day, DAY),
    ]


def _budgets(scope: Scope, budget: str) -> list[Limit]:
    settings = scope.settings
    own = {"registration": settings.registration_budget, "recovery": settings.recovery_budget}
    return [
        Limit("sms-portal-hour", "", settings.sms_budget_hour, HOUR, shared=True),
        Limit("sms-portal-day", "", settings.sms_budget_day, DAY, shared=True),
        *([Limit(f"sms-{budget}-day", "", own[budget], DAY, shared=True)] if budget else []),
    ]
