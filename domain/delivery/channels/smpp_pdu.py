"""SMPP 3.4 over the wire: what a client says, and what it is told (SMPP Protocol Specification v3.4, 4 and 5).

By hand: aiosmpplib 0.7.4 drops the connection, with all that is unanswered, at each status, alphabet or type of number
that its enumerations lack and at each receipt with letters in its error. It speaks no TLS, takes no password of nine
letters, logs what it cannot read or send with number and text, and has no window.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">IIII")
LONGEST = 70_000
_RESPONSE = 0x8000_0000
_VERSION = 0x34
# Optional parameters (5.3.2).
RECEIPTED_MESSAGE_ID, MESSAGE_PAYLOAD, MESSAGE_STATE = 0x001E, 0x0424, 0x0427
_UCS2 = 8


class Command(IntEnum):
    GENERIC_NACK = 0x8000_0000
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102


@dataclass(frozen=True)
class Pdu:
    command: int
    status: int
    sequence: int
    body: bytes = field(repr=False)

    @property
    def is_response(self) -> bool:
        return bool(self.command & _RESPONSE)


@dataclass(frozen=True)
class Address:
    """Type of number and numbering plan: 5.2.5, 5.2.6."""

    ton: int
    npi: int
    number: str = field(repr=False)

    @property
    def encoded(self) -> bytes:
        return bytes((self.ton, self.npi)) + c_octets(self.number)


@dataclass(frozen=True)
class Delivered:
    """What a deliver_sm holds, as far as it concerns receipts."""

    esm_class: int
    text: str = field(repr=False)
    options: Mapping[int, bytes] = field(repr=False)


def written(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def answer_to(pdu: Pdu, status: int = 0) -> bytes:
    """A deliver_sm_resp has an id, which is empty."""
    body = b"\0" if pdu.command == Command.DELIVER_SM else b""
    return written(pdu.command | _RESPONSE, pdu.sequence, body, status)


def c_octets(text: str) -> bytes:
    return text.encode("ascii") + b"\0"


def bind_body(system_id: str, password: str, system_type: str) -> bytes:
    names = b"".join(map(c_octets, (system_id, password, system_type)))
    return names + bytes((_VERSION, 0, 0)) + c_octets("")


def submit_body(
    source: Address, destination: Address, part: bytes, *, coding: int, has_header: bool, minutes: int, receipt: bool,
    payload: bool,
) -> bytes:  # fmt: skip
    """One part of a text; `minutes` is how long it is worth delivering, `payload` that it stands in message_payload."""
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    # 7.1.1.2: relative; a month has thirty days at least.
    validity = f"00{days // 30:02}{days % 30:02}{hours:02}{rest:02}00000R"
    said = [
        c_octets(""), source.encoded, destination.encoded,
        # esm_class: with a header of user data; protocol, priority.
        bytes((0x40 if has_header else 0, 0, 0)),
        c_octets(""), c_octets(validity),
        # registered_delivery: the final outcome; replace_if_present; data_coding; sm_default_msg_id.
        bytes((1 if receipt else 0, 0, coding, 0)),
    ]  # fmt: skip
    if payload:
        return b"".join((*said, b"\0", struct.pack(">HH", MESSAGE_PAYLOAD, len(part)), part))
    return b"".join((*said, bytes((len(part),)), part))


def message_id(body: bytes) -> str:
    """Of a submit_sm_resp."""
    return body.partition(b"\0")[0].decode("latin-1")


def read_deliver(body: bytes) -> Delivered:
    """Raises ValueError or IndexError where it is none."""
    at = body.index(0) + 1
    for _ in ("source", "destination"):
        at = body.index(0, at + 2) + 1
    esm_class = body[at]
    at += 3
    for _ in ("schedule_delivery_time", "validity_period"):
        at = body.index(0, at) + 1
    coding, length = body[at + 2], body[at + 4]
    at += 5
    options = _options(body, at + length)
    text = body[at : at + length] or options.get(MESSAGE_PAYLOAD, b"")
    return Delivered(esm_class, text.decode("utf-16-be" if coding == _UCS2 else "latin-1", "replace"), options)


def _options(body: bytes, at: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at + 4 <= len(body):
        tag, length = struct.unpack_from(">HH", body, at)
        found[tag] = body[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def receipt_in(delivered: Delivered) -> tuple[str, str] | None:
    """The id of a message and its state, as Appendix B writes it; None for an SMS or an interim notification."""
    if delivered.esm_class & 0x3C != 0x04:
        return None
    # The beginning of the message comes last, and may hold anything.
    about = re.split(r"\btext:", delivered.text, maxsplit=1, flags=re.IGNORECASE)[0]
    said = {name.lower(): value for name, value in re.findall(r"\b(id|stat):(\S+)", about, re.IGNORECASE)}
    named = message_id(delivered.options.get(RECEIPTED_MESSAGE_ID, b"")) or said.get("id", "")
    state = _STATES.get(delivered.options.get(MESSAGE_STATE, b""), "") or said.get("stat", "").upper()
    return (named, state) if named and state else None


# 5.2.28, and Appendix B.
_NAMES = ("ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
_STATES = {bytes((number,)): name for number, name in enumerate(_NAMES, 1)}
