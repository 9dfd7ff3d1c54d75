"""What follows from the status of an SMPP answer (SMPP Protocol Specification v3.4, 5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping

from domain.delivery.channels.channel import DeliveryFailed, Follows, Outcome

OK, INVALID_COMMAND, TRY_LATER = 0x00, 0x03, 0x64
# The gateway has enough for now: slower, and again.
SLOWER = frozenset({0x14, 0x58})
_MEANT: Mapping[int, tuple[Follows, bool, str]] = {
    0x04: ("away", False, "the gateway does not know us any more"),
    0x08: ("away", False, "the gateway has a fault of its own"),
    0x0A: ("later", True, "the gateway refuses our sender address"),
    0x0B: ("refused", False, "the gateway knows no such number"),
    0x45: ("later", False, "the gateway could not take the message"),
    0x48: ("later", True, "the gateway refuses the type of our sender address"),
    0x49: ("later", True, "the gateway refuses the numbering plan of our sender address"),
    0x50: ("later", True, "the gateway refuses the type of the number"),
    0x51: ("later", True, "the gateway refuses the numbering plan of the number"),
}
_BIND: Mapping[int, str] = {
    0x05: "the gateway says that we are connected already",
    0x0D: "the gateway refuses us",
    0x0E: "the gateway refuses our password",
    0x0F: "the gateway refuses our system_id",
}
# Appendix B; other states are not the last ones.
OUTCOMES: Mapping[str, Outcome] = {
    "DELIVRD": "delivered",
    "UNDELIV": "undelivered",
    "EXPIRED": "expired",
    "DELETED": "rejected",
    "REJECTD": "rejected",
}


def submit_failure(status: int) -> DeliveryFailed:
    # A number without a meaning here is of this gateway, or about the message: another gateway may take it.
    follows, operator, reason = _MEANT.get(status, ("later", False, "the gateway does not take the message"))
    return DeliveryFailed(follows, f"{reason} (0x{status:02X})", operator=operator)


def bind_failure(status: int) -> DeliveryFailed:
    reason = _BIND.get(status, "the gateway does not let us in")
    return DeliveryFailed("away", f"{reason} (0x{status:02X})", operator=status in _BIND)
