"""«Сводка»: how the portal was used in a period, as pictures and as CSV. It tells of nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from litestar import Response, get

from domain import usage
from domain.refusals import Code, Refused
from domain.usage import AGES, Usage
from domain.usage_counts import What
from routes.formatting import whole_minutes
from routes.forms import FilledForm
from routes.spreadsheet import spreadsheet
from routes.staff.desk import Desk, ThisDesk
from routes.usage import BY_SCRIPT, JOURNEYS, WITHOUT_SCRIPT

PATH, NAME = "/staff/summary", "staff.summary"
# What is shown where no period is named, and the periods that a link names.
_DAYS, _PERIODS = 30, (7, 30, 90, 365)
_SERIES = (What.REGISTERED, What.SIGNED_IN, What.CODE_SENT, What.CODE_TYPED)


@get(PATH, name=NAME)
async def show(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    form, first, last = _period(desk)
    found = await usage.of_period(desk.scope.portal, first, last, desk.scope.now)
    today = _today(desk)
    answer: Response[Any] = desk.show(
        "summary",
        status=422 if form.errors else 200,
        form=form,
        first=first.isoformat(),
        last=last.isoformat(),
        periods=[
            {"days": days, "first": (today - timedelta(days=days - 1)).isoformat(), "last": today.isoformat()}
            for days in _PERIODS
        ],
        open=await _open(desk),
        **_shown(found),
    )
    return answer


@get(f"{PATH}.csv", name=f"{NAME}.file")
async def download(desk: ThisDesk) -> Response[Any]:
    if redirect := desk.guard():
        return redirect
    form, first, last = _period(desk)
    if form.errors:
        return desk.redirect(PATH)
    shown = _shown(await usage.of_period(desk.scope.portal, first, last, desk.scope.now))
    values = {**shown, "first": f"{first:%d.%m.%Y}", "last": f"{last:%d.%m.%Y}", "open": await _open(desk)}
    lines = desk.page.templates.render("partials/staff/summary-file.txt", values).splitlines()
    headers = {"Content-Disposition": 'attachment; filename="summary.csv"', "Cache-Control": "no-store"}
    rows = [[cell.strip() for cell in line.split("\t")] for line in lines if line.strip()]
    return Response(spreadsheet(rows), media_type="text/csv", headers=headers)


def _today(desk: Desk) -> date:
    return desk.scope.now.astimezone(desk.settings.zone).date()


def _period(desk: Desk) -> tuple[FilledForm[Any], date, date]:
    """The days asked for, both included; the usual ones where they are none."""
    today = _today(desk)
    usual = today - timedelta(days=_DAYS - 1), today
    asked = desk.page.request.query_params
    typed = {name: asked.get(name, "")[:10] or day.isoformat() for name, day in zip(("from", "to"), usual, strict=True)}
    form: FilledForm[Any] = FilledForm(PATH, typed)
    try:
        first, last = (date.fromisoformat(text) for text in typed.values())
    except ValueError:
        first, last = date.max, date.min
    if not timedelta(0) <= last - first <= usage.KEPT or abs(today - first) > 2 * usage.KEPT:
        return form.refuse(Refused(Code.DAYS_WRONG, "from")), *usual
    return form, first, last


async def _open(desk: Desk) -> Mapping[str, Any]:
    found = await usage.open_requests(desk.scope.now)
    oldest = found.oldest_at and whole_minutes(desk.scope.now - found.oldest_at)
    limits = [*AGES, None]
    ages = [{"under": under, "requests": count} for under, count in zip(limits, found.ages, strict=True)]
    return {"all": found.all, "ages": ages, "oldest": oldest, "more": found.more}


def _shown(found: Usage) -> Mapping[str, Any]:
    days = [
        {"day": f"{day:%d.%m.%Y}", **{what.name.lower(): counts.get(what, 0) for what in _SERIES}}
        for day, counts in found.days.items()
    ]
    forms = found.names[What.FORM]
    by_script, without = forms.get(BY_SCRIPT, 0), forms.get(WITHOUT_SCRIPT, 0)
    return {
        "days": days,
        "journeys": [one for journey, steps in JOURNEYS.items() if (one := _journey(journey, steps, found))["steps"]],
        "forms": {"all": by_script + without, "without": without},
    }


def _journey(journey: str, steps: Sequence[str], found: Usage) -> dict[str, Any]:
    """The steps from the first to the last one that was sent, those between them too."""
    taken, errors = found.names[What.STEP], found.names[What.ERROR]
    rows: list[dict[str, Any]] = [
        {
            "name": step,
            "taken": taken.get(step, 0),
            "errors": sorted(
                (
                    {"code": name.partition(" ")[2], "times": times}
                    for name, times in errors.items()
                    if name.partition(" ")[0] == step
                ),
                key=lambda error: (-int(error["times"]), str(error["code"])),
            ),
        }
        for step in steps
    ]
    for row in rows:
        row["refused"] = sum(error["times"] for error in row["errors"])
    used = any(row["taken"] or row["refused"] for row in rows)
    return {"name": journey, "steps": rows if used else []}


handlers = [show, download]
