"""What `litestar delivery status` and `… test` print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from db.gateways import GatewayRow
from db.governor import StepRow
from domain.delivery.figures import Condition, DeliveryFigures, GatewayFigures, condition_of
from domain.delivery.messages import PRIORITIES
from domain.delivery.operating import Trial
from domain.values.sms_steps import Step
from routes.cli.printing import age, print_table
from settings import Settings

_WAITING = ("waiting", "priority", "messages", "oldest")
_GATEWAYS = ("gateway", "for", "state", "sent today", "unknown", "delivered", "95 % within", "cost", "money left")
_STEPS = ("codes are held back", "of", "who gets one", "since")
_WHO = {Step.PICTURE: "after a picture code", Step.KNOWN: "known numbers, after one", Step.STOPPED: "nobody"}
# So many of them are printed: in an attack there are hundreds of networks.
_MOST_STEPS = 20
_NOTHING = "-"


def print_status(settings: Settings, found: DeliveryFigures, now: datetime) -> None:
    waiting = [
        (row["kind"], PRIORITIES[row["priority"]], str(row["messages"]), age(now - row["oldest"]))
        for row in found.waiting
    ]
    print_table([_WAITING, *waiting] if waiting else [("Nothing waits",)])
    click.echo("")
    gateways = [_cells(settings, one, now) for one in found.gateways]
    print_table([_GATEWAYS, *gateways] if gateways else [("There are no gateways: KABINET_SMS and KABINET_MAIL",)])
    if found.steps:
        _print_steps(settings, found.steps)
    if found.alerts:
        click.echo("")
    for row in found.alerts:
        click.echo(f"Wrong since {_local(settings, row['began_at'])}: {row['key']}")


def _print_steps(settings: Settings, steps: Sequence[StepRow]) -> None:
    cells = [
        (row["kind"], row["name"] or _NOTHING, _WHO[Step(row["step"])], _local(settings, row["since"]))
        for row in steps[:_MOST_STEPS]
    ]
    click.echo("")
    print_table([_STEPS, *cells])
    if len(steps) > _MOST_STEPS:
        click.echo(f"and {len(steps) - _MOST_STEPS} more")


def print_trial(trial: Trial) -> None:
    if trial.failure is not None:
        click.echo(f"{trial.gateway}: {trial.failure.follows}, {trial.failure.reason} ({trial.answered_after:.2f} s)")
        return
    said = f"{trial.gateway}: taken after {trial.answered_after:.2f} s"
    if trial.taken.cost_kopecks is not None:
        said += f" for {_rubles(trial.taken.cost_kopecks)} rubles"
    if trial.outcome:
        said += f", {trial.outcome} after {trial.receipt_after:.1f} s"
    elif trial.taken.receipt:
        said += ", no receipt so far"
    click.echo(said)


def _cells(settings: Settings, one: GatewayFigures, now: datetime) -> tuple[str, ...]:
    balance = one.state["balance_kopecks"] if one.state else None
    return (
        one.name,
        one.kind,
        _state(settings, one.state, now),
        str(one.sent),
        str(one.unknown),
        _NOTHING if one.delivered is None else f"{one.delivered:.1%}",
        _NOTHING if one.p95 is None else f"{one.p95:.1f} s",
        _rubles(one.cost_kopecks) if one.cost_kopecks else _NOTHING,
        _NOTHING if balance is None else _rubles(balance),
    )


def _state(settings: Settings, row: GatewayRow | None, now: datetime) -> str:
    match condition_of(row, now):
        case Condition.HELD:
            assert row is not None
            return f"held since {_local(settings, row['held_at'])}"
        case Condition.AWAY:
            return "no process sends by it"
        case Condition.SET_ASIDE:
            assert row is not None
            return f"set aside since {_local(settings, row['set_aside_at'])}: {row['reason']}"
        case _:
            return "works"


def _local(settings: Settings, at: datetime | None) -> str:
    assert at is not None
    return f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M}"


def _rubles(kopecks: int) -> str:
    return f"{kopecks / 100:.2f}"
