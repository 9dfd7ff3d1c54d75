"""Whose fault a refusal is: the sender's never wipes an e-mail."""

from __future__ import annotations

import pytest

from domain.delivery.channels.smtp_replies import Reply, Stage, failure_of


@pytest.mark.parametrize(
    ("stage", "code", "text", "follows", "operator"),
    [
        # The service goes away, whatever it was asked.
        ("greeting", 421, "4.3.2 try later", "away", False),
        ("recipient", 421, "4.7.0 too many connections", "away", False),
        ("content", 421, "closing", "away", False),
        # For now.
        ("greeting", 450, "busy", "away", False),
        ("sign-in", 454, "4.7.0 temporary authentication failure", "away", False),
        ("sender", 451, "4.3.0 no memory", "away", False),
        ("recipient", 450, "4.2.0 greylisted", "later", False),
        ("recipient", 451, "4.7.1 greylisting in action", "later", False),
        ("recipient", 452, "4.2.2 mailbox full", "later", False),
        ("recipient", 452, "4.3.1 no space", "away", False),
        ("content", 451, "4.3.5 server configuration error", "away", False),
        ("content", 451, "4.6.0 again", "later", False),
        ("content", 451, "", "later", False),
        # The recipient's.
        ("recipient", 550, "5.1.1 <ivan@example.com>: no such user", "refused", False),
        ("recipient", 550, "no such user", "refused", False),
        ("recipient", 553, "mailbox name not allowed", "refused", False),
        ("recipient", 501, "bad address syntax", "refused", False),
        ("recipient", 552, "5.2.2 mailbox full", "refused", False),
        ("recipient", 550, "5.4.1 recipient address rejected: access denied", "refused", False),
        ("recipient", 556, "5.1.10 null MX", "refused", False),
        ("content", 550, "5.1.1 no such user", "refused", False),
        ("content", 552, "5.3.4 message too big", "refused", False),
        ("content", 552, "5.2.3 message too long", "refused", False),
        # Ours.
        ("greeting", 554, "5.7.1 your address is listed", "away", True),
        ("sign-in", 535, "5.7.8 bad credentials", "away", True),
        ("sign-in", 530, "5.7.0 STARTTLS first", "away", True),
        ("sender", 553, "5.1.8 sender's domain not found", "away", True),
        ("sender", 550, "", "away", True),
        ("recipient", 554, "5.7.1 relay access denied", "later", True),
        ("recipient", 454, "4.7.1 <ivan@example.com>: Relay access denied", "later", True),
        ("recipient", 550, "5.7.1 relaying denied", "later", True),
        ("recipient", 550, "relay not permitted", "later", True),
        ("recipient", 550, "SPF check failed", "later", True),
        ("recipient", 554, "go away", "later", True),
        ("recipient", 530, "authentication required", "later", True),
        ("recipient", 550, "5.1.8 sender's domain not found", "later", True),
        ("recipient", 503, "5.5.1 bad sequence", "later", True),
        ("data", 554, "5.5.1 no valid recipients", "later", True),
        ("content", 550, "5.7.1 message content rejected", "later", True),
        ("content", 550, "5.7.26 unauthenticated mail from this domain", "later", True),
        ("content", 554, "spam", "later", True),
        ("content", 554, "5.6.0 message content rejected", "later", True),
        ("content", 550, "no such user", "later", True),
        # No answer to what was asked.
        ("sender", 354, "", "away", False),
        ("recipient", 0, "", "away", False),
        ("content", 354, "", "unknown", False),
    ],
)
def test_what_follows(stage: Stage, code: int, text: str, follows: str, operator: bool) -> None:
    failure = failure_of(stage, Reply(code, text))
    assert (failure.follows, failure.operator) == (follows, operator)
    assert str(code) in failure.reason
    for said in ("ivan", "listed", "user"):
        assert said not in failure.reason


def test_a_reason_keeps_the_numbers_alone() -> None:
    reply = Reply(550, "5.1.1 <ivan@example.com>\n5.1.1 gone")
    assert failure_of("recipient", reply).reason == "the server refuses the recipient (550 5.1.1)"
    assert failure_of("recipient", Reply(550, "gone")).reason == "the server refuses the recipient (550)"
