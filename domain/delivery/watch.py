"""Watches over the delivery: what an operator holds, what processes tell one another, what the staff must know.

Every process watches, also one that sends nothing: where nobody sends, it is the one to say so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from db import alerts, delivery_figures
from db import gateways as states
from db.alerts import AlertRow
from db.engine import transaction
from db.gateways import GatewayRow
from db.governor import StepRow
from domain import governor
from domain.delivery import outbox
from domain.delivery.channels import gateway_names
from domain.delivery.channels.channel import DeliveryFailed, HasBalance
from domain.delivery.gateways import Gateway, Gateways
from domain.delivery.messages import PRIORITIES, CodesHeldBack, DeliveryAlert
from domain.portal import Portal
from domain.scope import NOBODY, Scope

# How often an operator's word is looked for, what is wrong, and what money is left. Seconds.
_LOOK, _JUDGE, _BALANCE = 2.0, 10.0, 600.0
# How often a process says that it has a gateway, and how long that is believed.
_SEEN, BELIEVED = timedelta(seconds=30), timedelta(seconds=90)
_SET_ASIDE = timedelta(seconds=30)
# In an attack hundreds of networks are held back.
_NETWORKS_TOLD = timedelta(minutes=15)
# When waiting is too long; and for how long all must be well again, so that nobody is told over and over.
_CODE_WAITS, _NOTHING_SENT, _WELL = timedelta(seconds=60), timedelta(minutes=5), timedelta(seconds=60)
# While a gateway works, one message that waits may be its recipient's fault; so many are not.
_MANY = 3
_CODES = PRIORITIES.index("code")
_ALL = range(len(PRIORITIES))
_log = logging.getLogger("kabinet.delivery")


class Watch:
    """`gateways` are those that this process sends by.

    What is wrong has a key: "codes" (they wait), "sms" or "email" (none can be sent), "gateway …" (it is set aside),
    "money …" (little is left).
    """

    def __init__(self, portal: Portal, gateways: Gateways) -> None:
        self._portal = portal
        self._own = list(dict.fromkeys(gateway for own in gateways.values() for gateway in own))
        self._names = {kind: names for kind, names in gateway_names(portal.settings).items() if names}
        self._said: dict[str, tuple[datetime, object]] = {}
        self._set_aside: set[str] = set()

    @property
    def is_needed(self) -> bool:
        return bool(self._names)

    async def look(self) -> Sequence[GatewayRow]:
        """Do as the operator says."""
        rows = await states.known()
        held = {row["name"] for row in rows if row["held_at"] is not None}
        for gateway in self._own:
            gateway.hold(gateway.name in held)
        known = {name for names in self._names.values() for name in names}
        return [row for row in rows if row["name"] in known]

    async def judge(self, now: datetime) -> None:
        """Report the gateways of this process, and tell the staff what has begun or is over."""
        for gateway in self._own:
            await self._report(gateway, now)
        rows = await self.look()
        wrong = {**self._wrong_gateways(rows, now), **await self._wrong_messages(rows, now)}
        for key, reason in wrong.items():
            async with transaction():
                if await alerts.begin(key, now):
                    _log.error("wrong from now on: %s", key)
                    await self._tell(key, reason, now, now, over=False)
        await self._tell_steps(now)
        for alert in await alerts.standing():
            if alert["key"] in wrong or now - alert["seen_at"] < _WELL or not await self._is_over(alert, rows):
                continue
            async with transaction():
                if await alerts.end(alert["key"], alert["seen_at"]):
                    _log.warning("over: %s", alert["key"])
                    await self._tell(alert["key"], "", alert["began_at"], now, over=True)

    async def look_at_balances(self) -> None:
        for gateway in self._own:
            if isinstance(gateway.channel, HasBalance):
                try:
                    await gateway.channel.look_at_balance()
                except DeliveryFailed as failure:
                    _log.warning("%s does not say what money is left: %s", gateway.name, failure.reason)

    async def _report(self, gateway: Gateway, now: datetime) -> None:
        balance = gateway.channel.balance_kopecks if isinstance(gateway.channel, HasBalance) else None
        before, said = self._said.get(gateway.name, (None, None))
        if before is None or now - before >= _SEEN or said != balance:
            await states.report(gateway.name, now, balance)
            self._said[gateway.name] = (now, balance)
        if gateway.set_aside_for:
            await states.report_set_aside(gateway.name, now, now + _SET_ASIDE, gateway.set_aside_for)
            self._set_aside.add(gateway.name)
        elif gateway.name in self._set_aside:
            # Where other processes have set it aside too, they say so again.
            await states.report_back(gateway.name, now)
            self._set_aside.remove(gateway.name)

    def _wrong_gateways(self, rows: Sequence[GatewayRow], now: datetime) -> Mapping[str, str]:
        set_aside = {f"gateway {row['name']}": row["reason"] for row in rows if _is_set_aside(row, now)}
        return set_aside | {f"money {row['name']}": _rubles(row) for row in rows if self._lacks_money(row)}

    async def _wrong_messages(self, rows: Sequence[GatewayRow], now: datetime) -> Mapping[str, str]:
        wrong = set()
        for kind in ("sms", "call") if "sms" in self._names else ():
            if await delivery_figures.wait_since(kind, [_CODES], now - _CODE_WAITS):
                wrong.add("codes")
        working = {row["name"] for row in rows if _works(row, now)}
        for kind, names in self._names.items():
            enough = _MANY if working & {*names} else 1
            waits = await delivery_figures.wait_since(kind, _ALL, now - _NOTHING_SENT, enough)
            if waits >= enough and not await delivery_figures.sent_since(names, now - _NOTHING_SENT):
                wrong.add(kind)
        return dict.fromkeys(wrong, "")

    async def _is_over(self, alert: AlertRow, rows: Sequence[GatewayRow]) -> bool:
        """Not only because nobody tries any more: something has been sent since, or there is money again."""
        what, _, name = alert["key"].partition(" ")
        if what == "money":
            return not any(row["name"] == name and self._lacks_money(row) for row in rows)
        names = [name] if name else self._names.get("email" if what == "email" else "sms", [])
        return bool(names) and await delivery_figures.sent_since(names, alert["seen_at"])

    def _lacks_money(self, row: GatewayRow) -> bool:
        limit = self._portal.settings.sms_money_low * 100
        return row["balance_kopecks"] is not None and row["balance_kopecks"] < limit

    async def _tell_steps(self, now: datetime) -> None:
        """How far codes are held back: what is shared at once, networks together and every quarter of an hour."""
        await governor.review(Scope(self._portal, NOBODY, now))
        rows = await governor.untold()
        of_networks = [row for row in rows if row["kind"] == "network"]
        if of_networks and min(row["since"] for row in of_networks) <= now - _NETWORKS_TOLD:
            await self._tell_networks(of_networks, now)
        for row in rows:
            if row["kind"] != "network":
                async with transaction():
                    if await governor.tell(row):
                        await self._post_step(row["kind"], row["name"], row["step"], row["since"], now)

    async def _tell_networks(self, rows: Sequence[StepRow], now: datetime) -> None:
        async with transaction():
            if any([await governor.tell(row) for row in rows]):
                held = [row for row in await governor.all_steps() if row["kind"] == "network" and row["step"]]
                worst = max((row["step"] for row in held), default=0)
                await self._post_step("network", str(len(held)), worst, min(row["since"] for row in rows), now)

    async def _post_step(self, what: str, of: str, step: int, since: datetime, now: datetime) -> None:
        """Part of the caller's transaction."""
        staff = self._portal.settings.staff_email
        if staff:
            local = since.astimezone(self._portal.settings.zone).isoformat(timespec="minutes")
            message = CodesHeldBack(what=what, of=of, step=step, since=local)
            await outbox.post(Scope(self._portal, NOBODY, now), message, staff)

    async def _tell(self, key: str, reason: str, since: datetime, now: datetime, *, over: bool) -> None:
        """Part of the caller's transaction. The log says it too, for where no e-mail can be sent."""
        staff = self._portal.settings.staff_email
        if staff:
            what, _, name = key.partition(" ")
            local = since.astimezone(self._portal.settings.zone).isoformat(timespec="minutes")
            message = DeliveryAlert(what=what, gateway=name, reason=reason, since=local, over=over)
            await outbox.post(Scope(self._portal, NOBODY, now), message, staff)


def _works(row: GatewayRow, now: datetime) -> bool:
    """Whether a process sends by it, as far as any of them says."""
    seen = row["seen_at"] is not None and now - row["seen_at"] < BELIEVED
    return seen and row["held_at"] is None and not _is_set_aside(row, now)


def _is_set_aside(row: GatewayRow, now: datetime) -> bool:
    return row["set_aside_until"] is not None and row["set_aside_until"] > now


def _rubles(row: GatewayRow) -> str:
    kopecks = row["balance_kopecks"] or 0
    return f"{'-' if kopecks < 0 else ''}{abs(kopecks) // 100},{abs(kopecks) % 100:02}"


async def watch_forever(portal: Portal, gateways: Gateways, clock: Callable[[], datetime]) -> None:
    """Returns at once where both kinds are `outbox:`."""
    watch, loop, said = Watch(portal, gateways), asyncio.get_running_loop(), ""
    if not watch.is_needed:
        return
    judge_at = balances_at = loop.time()
    while True:
        try:
            if loop.time() >= balances_at:
                balances_at = loop.time() + _BALANCE
                await watch.look_at_balances()
            if loop.time() >= judge_at:
                judge_at = loop.time() + _JUDGE
                await watch.judge(clock())
            else:
                await watch.look()
            said = ""
        except Exception as error:  # noqa: BLE001 - it goes on after any error of the database
            if type(error).__name__ != said:
                said = type(error).__name__
                _log.error("the delivery is not watched for now: %s", said)
        await asyncio.sleep(_LOOK)
