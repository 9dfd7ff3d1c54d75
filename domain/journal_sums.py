"""By what the journal sums events that repeat: the same, of one customer, from one network, in one hour."""

from __future__ import annotations

from datetime import datetime

from domain.portal import Portal
from domain.throttles import network_of


def sum_key(portal: Portal, event: str, customer: int | None, ip: str, now: datetime, details: str = "") -> str:
    hour = now.replace(minute=0, second=0, microsecond=0).isoformat()
    return portal.sealing.keyed_hash("journal", f"{event}\0{details}\0{customer}\0{network_of(ip)}\0{hour}")
