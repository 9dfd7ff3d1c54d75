"""The rules of every journey: none of its steps is taken before those it needs, whatever else is known."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import domain
from domain.journey import Grant, Journey
from domain.profile.card_addition import LinkedCard
from domain.profile.phone_change import NewPhone
from domain.proofs.bill_proof import Bill
from domain.proofs.email_confirmation import LinkedAddress
from domain.registration.progress import (
    REGISTRATION,
    BillSearch,
    Registration,
)
from domain.sessions import Session
from domain.staff.setup import NewPassword
from tests.conftest import NOW
from tests.routes.registration.account import step_test

GRANT = Grant(1, 2, NOW + timedelta(minutes=10))
BILL = Bill("2026-08", "7000000111", 229317)
# What each step brings.
VALUES: dict[str, dict[str, Any]] = {
    "registration": {slug: step_test(slug).BROUGHT for slug in REGISTRATION.slugs},
    "card-registration": {"card": object(), "phone": 1, "password": None},
    "recovery": {"phone": "+79123456789", "code": GRANT, "password": NOW},
    "sign-in": {"phone": "+79123456789", "password": None},
    "phone-change": {"phone": NewPhone("+79123456789", GRANT), "code": None},
    "email-change": {"email": LinkedAddress("m@example.org", confirmed=False), "confirmation": None},
    "card-addition": {"card": LinkedCard("1234", "h", theirs=True), "confirmation": None},
    "account-addition": {"bill": None},
    "staff-setup": {"password": NewPassword("l", "p"), "factor": None},
}


def _journeys() -> dict[str, Journey[Any]]:
    """Every journey that a module of the domain makes."""
    names = [module.name for module in pkgutil.walk_packages(domain.__path__, "domain.")]
    made = [value for name in names for value in vars(importlib.import_module(name)).values()]
    return {value.name: value for value in made if isinstance(value, Journey)}


JOURNEYS = _journeys()
STEPS = [(journey, slug) for journey in JOURNEYS.values() for slug in journey.slugs]
EVERY_STEP = pytest.mark.parametrize(("journey", "slug"), STEPS, ids=[f"{j.name}-{slug}" for j, slug in STEPS])


def _before(journey: Journey[Any], slug: str) -> Any:
    """The progress of a customer who has done every step before `slug`, and nothing else."""
    known = journey.empty()
    if journey.name == "recovery":
        known = replace(known, login="mk1001")
    earlier = journey.slugs[: journey.slugs.index(slug)]
    return replace(known, **{one: VALUES[journey.name][one] for one in earlier})


def test_every_journey_is_here() -> None:
    assert {name: (*values,) for name, values in VALUES.items()} == {n: j.slugs for n, j in JOURNEYS.items()}


@EVERY_STEP
def test_a_step_is_a_field_of_the_progress(journey: Journey[Any], slug: str) -> None:
    assert slug in {one.name for one in fields(journey.empty())}
    assert getattr(journey.empty(), slug) is None


@EVERY_STEP
def test_a_step_needs_every_step_before_it(journey: Journey[Any], slug: str) -> None:
    known = _before(journey, slug)
    assert journey.may_take(known, slug, NOW)
    assert journey.current(known, NOW).slug == slug
    for missing in journey.slugs[: journey.slugs.index(slug)]:
        # With all that comes after it: no later proof stands in for an earlier one.
        without = replace(known, **{missing: None})
        assert not journey.may_take(without, slug, NOW), missing
        assert journey.current(without, NOW).slug == missing


@EVERY_STEP
def test_a_step_done_anew_takes_along_what_was_proved_after_it(journey: Journey[Any], slug: str) -> None:
    done = replace(_before(journey, journey.slugs[-1]), **{slug: VALUES[journey.name][slug]})
    anew = journey.redo(done, slug, VALUES[journey.name][slug])
    for later in journey.steps[journey.slugs.index(slug) + 1 :]:
        assert later.typed_only or getattr(anew, later.slug) is None, later.slug
    for earlier in journey.slugs[: journey.slugs.index(slug)]:
        assert getattr(anew, earlier) == getattr(done, earlier)


@pytest.mark.parametrize("name", ["registration", "recovery"])
def test_a_journey_that_is_over_takes_no_step(name: str) -> None:
    journey = JOURNEYS[name]
    over = replace(_before(journey, journey.slugs[-1]), **{journey.slugs[-1]: VALUES[name][journey.slugs[-1]]})
    assert journey.is_over(over, NOW)
    assert not any(journey.may_take(over, slug, NOW) for slug in (*journey.slugs, *journey.branches))


@pytest.mark.parametrize("name", ["registration", "recovery"])
def test_a_code_that_was_right_is_asked_for_no_more(name: str) -> None:
    journey = JOURNEYS[name]
    known = replace(_before(journey, "code"), code=VALUES[name]["code"])
    assert not journey.may_take(known, "code", NOW)


@pytest.mark.parametrize("late", [timedelta(minutes=10), timedelta(days=1)])
def test_a_code_that_was_right_too_long_ago_is_asked_for_again(late: timedelta) -> None:
    journey = JOURNEYS["recovery"]
    known = _before(journey, "password")
    assert journey.may_take(known, "password", NOW)
    assert not journey.may_take(known, "password", NOW + late)
    assert journey.may_take(known, "code", NOW + late)


@pytest.mark.parametrize(
    ("bill", "opens"),
    [(None, False), (BillSearch(BILL), False), (BillSearch(BILL, 3), False), (BillSearch(BILL, not_found=True), True)],
)
def test_a_request_is_sent_only_where_the_account_was_not_found(bill: BillSearch | None, opens: bool) -> None:
    known = replace(_before(REGISTRATION, "bill"), bill=bill)
    assert REGISTRATION.may_take(known, "connection", NOW) is opens
    assert not REGISTRATION.may_take(replace(known, code=None), "connection", NOW)


def _session(progress: dict[str, Any]) -> Session:
    return Session(0, None, NOW, NOW, progress)


IN_SESSIONS = pytest.mark.parametrize("name", ["registration", "recovery", "sign-in", "phone-change"])


@IN_SESSIONS
def test_a_session_keeps_what_is_known(name: str) -> None:
    journey = JOURNEYS[name]
    session = _session({})
    for slug in journey.slugs:
        known = replace(_before(journey, slug), **{slug: VALUES[name][slug]})
        journey.put(session, known)
        assert journey.progress(session) == known


@pytest.mark.parametrize(
    "kept",
    [
        {"phone": "+79123456789", "phone_confirmed": True, "account": 7},
        {"bill": {"bill": {}, "account": "x"}},
        {"code": 1},
        {"phone": None, "unknown": 1},
        [],
        "x",
    ],
)
def test_what_another_release_has_kept_is_no_fault(kept: Any) -> None:
    assert REGISTRATION.progress(_session({"registration": kept})) == Registration()


# What the releases before journeys had one type have kept.
_FORMER = {
    "login typed": {"phone": "", "login": "mk1001", "until": "", "lapsed": False, "saved": False},
    "code sent": {"phone": "+79123456789", "login": "", "until": "", "lapsed": False, "saved": False},
    "saved": {"phone": "+79123456789", "login": "", "until": "", "lapsed": False, "saved": True},
}


@pytest.mark.parametrize("kept", _FORMER.values(), ids=_FORMER)
def test_a_recovery_of_a_former_release_begins_anew(kept: dict[str, Any]) -> None:
    """Where a field has been given another meaning, a value that could be read would say something else."""
    recovery = JOURNEYS["recovery"]
    assert recovery.progress(_session({"recovery": kept})) == recovery.empty()


def _inside(kept: dict[str, Any]) -> list[dict[str, Any]]:
    return [kept, *(deeper for value in kept.values() if isinstance(value, dict) for deeper in _inside(value))]


@IN_SESSIONS
def test_a_field_that_this_release_does_not_know_is_not_overlooked(name: str) -> None:
    """Wherever it stands: it may be what limits a right."""
    journey = JOURNEYS[name]
    done = replace(_before(journey, journey.slugs[-1]), **{journey.slugs[-1]: VALUES[name][journey.slugs[-1]]})
    for place in range(len(_inside(journey.as_json(done)))):
        kept = journey.as_json(done)
        _inside(kept)[place]["unknown"] = True
        assert journey.progress(_session({name: kept})) == journey.empty(), kept


def test_the_place_of_a_step() -> None:
    of = len(REGISTRATION.slugs)
    assert [REGISTRATION.place(slug) for slug in REGISTRATION.slugs] == [(n, of) for n in range(1, of + 1)]


def test_a_grant_holds_until_its_end() -> None:
    ends: datetime = GRANT.until
    assert GRANT.holds(ends - timedelta(microseconds=1))
    assert not GRANT.holds(ends)
