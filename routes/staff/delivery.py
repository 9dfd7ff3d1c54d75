"""«Доставка»: what waits, the last 24 hours as pictures, and the gateways, which an admin holds and releases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from domain.delivery.figures import Condition, GatewayFigures, by_hour, condition_of, figures
from domain.delivery.messages import PRIORITIES
from domain.refusals import Refused, SessionExpired
from domain.staff import delivery
from domain.staff.people import Role
from domain.values.sms_steps import Step
from routes.formatting import whole_minutes
from routes.forms import Choice, Comment, FilledForm, Form
from routes.notices import Notice
from routes.staff.desk import Desk, ThisDesk

PATH, NAME = "/staff/delivery", "staff.delivery"
HOLD, RELEASE = f"{PATH}/hold", f"{PATH}/release"
# Steps that are shown: in an attack there are hundreds of networks.
_MOST_STEPS = 20


class GatewayForm(Form):
    """`gateway` is a name that our page has put into the form."""

    gateway: Choice = ""
    why: Comment = ""


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    portal, now = desk.scope.portal, desk.scope.now
    found = await figures(portal, now)
    answer: Response[Any] = desk.show(
        "delivery",
        form=FilledForm(PATH),
        hours=await by_hour(portal, now),
        waiting=[
            {**row, "priority": PRIORITIES[row["priority"]], "age": whole_minutes(now - row["oldest"])}
            for row in found.waiting
        ],
        gateways=[_shown(one, now) for one in found.gateways],
        steps=[
            {"kind": row["kind"], "name": row["name"], "step": _word(row["step"]), "since_at": row["since"]}
            for row in found.steps[:_MOST_STEPS]
        ],
        more_steps=max(0, len(found.steps) - _MOST_STEPS),
        alerts=[_alert(row["key"], row["began_at"]) for row in found.alerts],
    )
    return answer


def _shown(one: GatewayFigures, now: datetime) -> dict[str, Any]:
    row, condition = one.state, condition_of(one.state, now)
    since = {Condition.HELD: "held_at", Condition.SET_ASIDE: "set_aside_at"}.get(condition)
    return {
        "kind": one.kind,
        "name": one.name,
        "condition": condition.value,
        "since_at": row[since] if row and since else None,  # type: ignore[literal-required]
        "reason": row["reason"] if row and condition is Condition.SET_ASIDE else "",
        "sent": one.sent,
        "unknown": one.unknown,
        "delivered": None if one.delivered is None else round(one.delivered * 100),
        "p95": None if one.p95 is None else max(1, round(one.p95)),
        "cost_kopecks": one.cost_kopecks,
        "balance_kopecks": row["balance_kopecks"] if row else None,
    }


def _word(step: int) -> str:
    return Step(step).name.lower()


def _alert(key: str, began_at: datetime) -> dict[str, Any]:
    what, _, gateway = key.partition(" ")
    return {"what": what, "gateway": gateway, "began_at": began_at}


@get([HOLD, RELEASE], name=f"{NAME}.gateway")
async def show_gateway(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard(Role.ADMIN):
        return redirect
    path = desk.page.request.url.path
    return _answer(desk, FilledForm(path, {"gateway": desk.page.request.query_params.get("gateway", "")}), 200)


@post(HOLD, name=f"{NAME}.hold")
async def hold(desk: ThisDesk) -> Response[Any]:
    return await _change(desk, held=True)


@post(RELEASE, name=f"{NAME}.release")
async def release(desk: ThisDesk) -> Response[Any]:
    return await _change(desk, held=False)


async def _change(desk: Desk, *, held: bool) -> Response[Any]:
    if redirect := desk.guard(Role.ADMIN):
        return redirect
    form = await desk.read(GatewayForm)
    if form.data is None:
        return _answer(desk, form, 422)
    if form.data.gateway not in _names(desk):
        raise NotFoundException
    match await delivery.change(desk.scope, form.data.gateway, form.data.why, held=held):
        case SessionExpired():
            return desk.to_sign_in()
        case Refused() as refused:
            return _answer(desk, form.refuse(refused), 422)
        case _:
            return desk.redirect(PATH, notice=Notice.GATEWAY_HELD if held else Notice.GATEWAY_RELEASED)


def _answer(desk: Desk, form: FilledForm[Any], status: int) -> Response[Any]:
    gateway = form.typed.get("gateway", "")
    if gateway not in _names(desk):
        raise NotFoundException
    held = desk.page.request.url.path == HOLD
    answer: Response[Any] = desk.show("gateway", status=status, form=form, gateway=gateway, held=held)
    return answer


def _names(desk: Desk) -> Sequence[str]:
    return delivery.names_of(desk.settings)


handlers = [show, show_gateway, hold, release]
