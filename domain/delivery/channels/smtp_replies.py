"""Whose fault a mail server's refusal is, by its code and its enhanced code (RFC 5321, 4.2; RFC 3463).

What is wrong with us (we may not relay, are listed somewhere, lack a signature) must not wipe a customer's e-mail: it
is kept, tried again, and told to the operator. Only what is certainly about the recipient ends an e-mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from domain.delivery.channels.channel import DeliveryFailed, Follows

# Where in the conversation a reply came; "content" is the answer to the message itself.
Stage = Literal["greeting", "sign-in", "sender", "recipient", "data", "content"]
_ENHANCED = re.compile(r"\s*[245]\.(\d{1,3})\.(\d{1,3})\b")
# The service closes the connection, whatever it was asked (RFC 5321, 3.8).
_CLOSING = 421
# RFC 3463, 3: what an enhanced code is about.
_ADDRESS, _MAILBOX, _SYSTEM, _ROUTING, _CONTENT, _POLICY = 1, 2, 3, 4, 6, 7
# Of the subject "address", those of the sender's: 3.2 there, and RFC 3886.
_SENDERS_ADDRESS = frozenset({7, 8})
_TOO_LARGE = {(_MAILBOX, 3), (_SYSTEM, 4)}
# Without an enhanced code: what is said of a mailbox (RFC 5321, 4.2.2), unless the text speaks of us.
_OF_MAILBOX = frozenset({501, 550, 551, 552, 553, 555})
_OF_US = re.compile(
    r"relay|spf|dkim|dmarc|spam|block|black|banned|denied|policy|authenti|reputation|reverse|ptr\b", re.I
)
# What Postfix says of us with 454 4.7.1 (defer_unauth_destination); others greylist a recipient by the same code.
_RELAYING = re.compile(r"relay(ing)? (access )?(is )?(denied|not)", re.I)


@dataclass(frozen=True)
class Reply:
    code: int
    text: str

    @property
    def enhanced(self) -> tuple[int, int] | None:
        """Subject and detail; of a pair such as 5.7.1 the last two."""
        found = _ENHANCED.match(self.text)
        return (int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        """Without its text, which may repeat the address."""
        found = self.enhanced
        return f"{self.code} {self.code // 100}.{found[0]}.{found[1]}" if found else str(self.code)


def failure_of(stage: Stage, reply: Reply) -> DeliveryFailed:
    """What follows from a reply that is not the one hoped for."""
    if reply.code == _CLOSING:
        return DeliveryFailed("away", f"the server closes the connection ({reply})")
    if 400 <= reply.code < 500:
        return _temporary(stage, reply)
    if 500 <= reply.code < 600:
        return _permanent(stage, reply)
    follows: Follows = "unknown" if stage == "content" else "away"
    return DeliveryFailed(follows, f"the server's answer makes no sense ({reply})")


def _temporary(stage: Stage, reply: Reply) -> DeliveryFailed:
    subject = reply.enhanced[0] if reply.enhanced else None
    if stage in {"greeting", "sign-in", "sender"} or subject == _SYSTEM:
        return DeliveryFailed("away", f"the server cannot take e-mails now ({reply})")
    if _RELAYING.search(reply.text):
        return DeliveryFailed("later", f"the server does not relay for us ({reply})", operator=True)
    return DeliveryFailed("later", f"the server cannot take this e-mail now ({reply})")


def _permanent(stage: Stage, reply: Reply) -> DeliveryFailed:
    if stage == "greeting":
        return DeliveryFailed("away", f"the server does not want to talk to us ({reply})", operator=True)
    if stage == "sign-in":
        return DeliveryFailed("away", f"the server refuses our password ({reply})", operator=True)
    if stage == "sender":
        return DeliveryFailed("away", f"the server refuses our sender address ({reply})", operator=True)
    if reply.enhanced in _TOO_LARGE:
        return DeliveryFailed("refused", f"the e-mail is too large ({reply})")
    if _is_about_recipient(stage, reply):
        return DeliveryFailed("refused", f"the server refuses the recipient ({reply})")
    return DeliveryFailed("later", f"the server refuses e-mails of ours ({reply})", operator=True)


def _is_about_recipient(stage: Stage, reply: Reply) -> bool:
    if reply.enhanced is not None:
        subject, detail = reply.enhanced
        if subject == _ADDRESS:
            return detail not in _SENDERS_ADDRESS
        return subject in {_MAILBOX, _ROUTING}
    return stage == "recipient" and reply.code in _OF_MAILBOX and not _OF_US.search(reply.text)
