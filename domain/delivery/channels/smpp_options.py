"""What the address of an SMPP gateway may say behind its question mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from domain.delivery.channels.smpp_pdu import Address

FORM = "smpp://system_id:password@host:port"
# The values of each, and how an operator is told of them; the first one stands where nothing is said.
_OPTIONS = {
    "window": ("10", r"[1-9][0-9]{0,2}", "a number from 1 to 999"),
    "long": ("udh", r"udh|payload", "udh or payload"),
    "source": ("", r"[0-6]\.[0-9]{1,2}", "type of number and numbering plan, such as 5.0"),
    "destination": ("1.1", r"[0-6]\.[0-9]{1,2}", "type of number and numbering plan, such as 1.1"),
    "system_type": ("", r"[\x21-\x7e]{0,12}", "at most twelve Latin letters, digits and signs"),
    "ids": ("same", r"same|hex-dec|dec-hex", "same, hex-dec or dec-hex"),
    "line": ("", r"private", "private"),
}
_ALPHANUMERIC, _INTERNATIONAL, _UNKNOWN = "5.0", "1.1", "0.0"
# A telephone's number has as many digits; what is shorter is a number of the operator's.
_LONG_NUMBER = 10


@dataclass(frozen=True)
class SmppOptions:
    window: int
    long: str
    source: str
    destination: str
    system_type: str
    ids: str
    line: str

    def sender(self, name: str) -> Address:
        """The address of KABINET_SMS_FROM: a name, a number, or nothing."""
        number = name.removeprefix("+")
        kind = _ALPHANUMERIC
        if not number:
            kind = _UNKNOWN
        elif number.isdecimal():
            kind = _INTERNATIONAL if len(number) >= _LONG_NUMBER else _UNKNOWN
        return _address(self.source or kind, number if number.isdecimal() else name)

    def recipient(self, phone: str) -> Address:
        return _address(self.destination, phone.removeprefix("+"))

    def of_answer(self, named: str) -> str:
        """The id of a message, one way for an answer and for the receipt."""
        return _in_decimals(named, self.ids.partition("-")[0])

    def of_receipt(self, named: str) -> str:
        return _in_decimals(named, self.ids.partition("-")[2])


def read_options(query: str) -> SmppOptions:
    """Raises ValueError, one line."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name, text in given.items():
        if name not in _OPTIONS:
            raise ValueError(f"?{name[:20]}=… is no option; known: {', '.join(_OPTIONS)}")
        _, form, said = _OPTIONS[name]
        if not re.fullmatch(form, text):
            raise ValueError(f"?{name}=…: write {said}")
    values = {name: given.get(name, default) for name, (default, _, _) in _OPTIONS.items()}
    return SmppOptions(window=int(values.pop("window")), **values)


def _address(kind: str, number: str) -> Address:
    ton, _, npi = kind.partition(".")
    return Address(int(ton), int(npi), number)


def _in_decimals(named: str, written: str) -> str:
    """As it is, where it is not written so."""
    try:
        return str(int(named, {"hex": 16, "dec": 10}[written]))
    except (KeyError, ValueError):
        return named
