"""Every limit there is, whatever it counts: at once, overtaken, with a row of a wrong clock, at its window's end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from db.engine import Engine, run, transaction
from domain import throttles
from domain.portal import Portal
from domain.profile import attached_accounts, connection_requests
from domain.proofs import bill_proof, card_links, email_confirmation, sms_limits
from domain.scope import Client
from domain.sign_in import by_password, password_change
from domain.throttles import Limit
from tests.conftest import scope_of

PHONE, IP = "+79123456789", "2001:db8:0:1::7"
ROOT = Path(__file__).parents[2]
SMALL = {
    "sms_per_phone_hour": 3, "sms_per_phone_day": 4, "sms_per_ip_hour": 5, "sms_budget_day": 1002, "code_tries": 3,
    "sms_budget_registration_day": 6, "sms_budget_recovery_day": 7, "recovery_requests_ip_hour": 5, "code_tries_day": 6,
    "sign_in_tries": 3, "sign_in_tries_anywhere_hour": 4, "sign_in_failures_ip_hour": 5, "bill_tries_phone_day": 3,
    "bill_tries_account_day": 4, "bill_accounts_phone_day": 5, "card_tries_hour": 3, "card_tries_ip_hour": 4,
}  # fmt: skip
KINDS = [
    "sms-phone-hour", "sms-phone-day", "sms-ip-hour", "sms-ip-hour-56", "sms-ip-hour-48",
    "sms-ip-day", "sms-portal-hour", "sms-portal-day", "sms-range-hour", "sms-range-day",
    "sms-registration-day", "sms-recovery-day", "recovery-typed-hour", "recovery-typed-day", "recovery-ip-hour",
    "sms-recovery-phone-hour", "sms-recovery-phone-day", "unsent-sms-recovery-day", "unsent-sms-recovery-phone-hour",
    "code-guesses-day", "sign-in-here", "sign-in-anywhere", "sign-in-failures-hour", "sign-in-failures-hour-48",
    "sign-in-device", "password-again", "bill-phone-day", "bill-account-day", "account-asked-day",
    "accounts-phone-day", "card-hour", "card-ip-hour", "card-email", "email-link", "account-shared", "password-email",
    "phone-change-day", "connection-request-day",
]  # fmt: skip


def every_limit(portal: Portal) -> dict[str, Limit]:
    caller = Client(None, IP, "")
    v4 = Client(None, "203.0.113.7", "")
    recovery = [
        *sms_limits.of_recovery_budgets(scope_of(portal)),
        *sms_limits.of_recovery_phone(scope_of(portal), PHONE),
    ]
    limits = [
        *sms_limits.of_sending(scope_of(portal, client=caller), PHONE, "registration"),
        *sms_limits.of_sending(scope_of(portal, client=v4), PHONE),
        *sms_limits.of_recovery_request(scope_of(portal, client=caller), PHONE),
        *recovery,
        *sms_limits.uncharged(recovery),
        sms_limits.of_wrong_codes(scope_of(portal), "recovery", PHONE),
        *by_password.limits(scope_of(portal, client=caller), PHONE),
        by_password.limit_of_device(scope_of(portal), "a device"),
        by_password.limit_of_session(scope_of(portal, client=caller), 7),
        *bill_proof.tries(scope_of(portal), PHONE, "7000000111"),
        *bill_proof.different_accounts(scope_of(portal), PHONE, "7000000111"),
        *card_links.tries(scope_of(portal, client=caller), "4111111111111111"),
        card_links.limit_of_email(scope_of(portal), "a holder", None),
        email_confirmation._limit(scope_of(portal), 7),
        *sms_limits.of_phone_change(scope_of(portal), 7),
        attached_accounts.limit_of_telling(7, 11),
        connection_requests.limit_of_customer(7),
        password_change.limit_of_unconfirmed_emails("a hash"),
    ]
    return {limit.kind: limit for limit in limits}


def test_no_limit_is_missing_here(portal: Portal) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "domain").glob("*.py"))
    named = re.findall(r'Limit\(\s*f?"([\w{}-]+)"|(?:per_network|_locking)\(\s*portal, "([\w-]+)"', sources)
    fixed = {kind for pair in named for kind in pair if kind and "{" not in kind}
    known = every_limit(portal)
    assert fixed <= known.keys()
    assert set(KINDS) <= known.keys()


async def claim(portal: Portal, limits: Sequence[Limit], now: datetime) -> datetime | None:
    async with transaction():
        return await throttles.claim(scope_of(portal, now), limits)


async def fill(portal: Portal, limit: Limit, now: datetime) -> datetime:
    """Claim until it is full; the time of the last claim."""
    for _ in range(limit.most):
        while (at := await claim(portal, [limit], now)) is not None:
            now = at
    return now


@pytest.fixture
def limits(portal: Portal) -> list[Limit]:
    """All of them in one database, each with a row of its own: a database for each takes longer than its test."""
    known = every_limit(portal)
    # As many as can be claimed in a test; what refuses nobody is filled far enough to be counted.
    return [
        limit if limit.most <= 2000 else replace(limit, most=1002 if limit.shared else 50)
        for limit in (known[kind] for kind in KINDS)
    ]


small = pytest.mark.parametrize("changed", [SMALL], ids=["small"])


@small
async def test_at_once_no_more_than_it_says(engine: Engine, portal: Portal, now: datetime, limits: list[Limit]) -> None:
    for limit in _of_twenty(limits):
        told = await asyncio.gather(*(claim(portal, [limit], now) for _ in range(30)))
        assert told.count(None) == (1 if limit.waits else limit.most), limit
        assert all(at > now for at in told if at is not None), limit


def _of_twenty(limits: list[Limit]) -> list[Limit]:
    return [replace(limit, most=min(limit.most, 20)) for limit in limits]


@small
async def test_who_is_overtaken_is_counted(engine: Engine, portal: Portal, now: datetime, limits: list[Limit]) -> None:
    """Another caller, who began later or whose clock is ahead, was counted first."""
    for limit in limits:
        if limit.most < 2:
            continue
        assert await claim(portal, [limit], now + timedelta(seconds=2)) is None, limit
        told = await claim(portal, [limit], now)
        # Only a pause may refuse, and by no more than the clocks differ.
        pause = limit.waits[0] if limit.waits else 0
        assert told == (now + timedelta(seconds=2 + pause) if pause else None), limit


@small
async def test_a_row_of_a_clock_that_was_ahead_holds_up_nobody_for_longer_than_its_own(
    engine: Engine, portal: Portal, now: datetime, limits: list[Limit]
) -> None:
    for limit in limits:
        if limit.most < 2:
            continue  # full with its first hit: that is the next test
        ahead = now + timedelta(hours=30)
        assert await claim(portal, [limit], ahead) is None, limit
        told = await claim(portal, [limit], now)
        pause = timedelta(seconds=max(limit.waits, default=0))
        assert told == (now + pause if limit.waits else None), limit
        assert told is None or await claim(portal, [limit], told) is None, limit


@small
async def test_a_full_row_of_a_clock_that_was_ahead_ends(
    engine: Engine, portal: Portal, now: datetime, limits: list[Limit]
) -> None:
    for limit in _of_twenty(limits):
        await fill(portal, limit, now + timedelta(hours=30))
        at = await claim(portal, [limit], now)
        longest = timedelta(seconds=max(limit.window, limit.lock or 0))
        assert at is not None, limit
        assert now < at <= now + longest, limit
        # Told again it is the same time, and then it works.
        assert await claim(portal, [limit], now) == at, limit
        assert await claim(portal, [limit], at) is None, limit


@small
async def test_the_time_that_is_told_is_one_at_which_it_works(
    engine: Engine, portal: Portal, now: datetime, limits: list[Limit]
) -> None:
    for rows, limit in enumerate(_of_twenty(limits), 1):
        last = await fill(portal, limit, now)
        at = await claim(portal, [limit], last)
        assert at is not None, limit
        assert at > last, limit
        assert await throttles.free_at(scope_of(portal, last), [limit]) == at, limit
        assert await claim(portal, [limit], at - timedelta(microseconds=1)) == at, limit
        assert await claim(portal, [limit], at) is None, limit
        assert len(await run("SELECT key FROM throttles")) == rows, limit
