"""By what the journal sums events that repeat: the same, of one customer, from one network, in one hour."""

from __future__ import annotations

from domain.scope import Scope
from domain.throttles import network_of


def sum_key(scope: Scope, event: str, customer: int | None, ip: str, details: str = "") -> str:
    hour = scope.now.replace(minute=0, second=0, microsecond=0).isoformat()
    return scope.keyed_hash("journal", f"{event}\0{details}\0{customer}\0{network_of(ip)}\0{hour}")
