"""Billing periods one after the other, and bills of an account for them."""

from __future__ import annotations

from collections.abc import Sequence

from db.engine import run


def months(newest: str, count: int) -> list[str]:
    """Newest first."""
    last = int(newest[:4]) * 12 + int(newest[5:]) - 1
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(last, last - count, -1)]


async def give_bills(account: int, periods: Sequence[str], kopecks: Sequence[int]) -> None:
    """These bills and no other."""
    await run("DELETE FROM bills WHERE account = {}", account)
    for period, amount in zip(periods, kopecks, strict=True):
        await run("INSERT INTO bills (account, period, amount_kopecks) VALUES ({}, {}, {})", account, period, amount)
