"""Every e-mail of the gallery before Debian's SpamAssassin and its package's rules: `make integration`."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from domain.delivery.channels.channel import Outgoing
from domain.delivery.channels.dkim_signature import Signer
from domain.delivery.channels.mime import make_email, smtp_address
from domain.delivery.messages import MESSAGES
from routes.dev.message_states import message_states_of
from routes.message_texts import MessageTexts
from tests.integration.programs import PATH

pytestmark = pytest.mark.integration

_RECIPIENT, _SENDER = "anna@example.com", "Личный кабинет <kabinet@example.org>"
# Nothing is asked for by network, and nothing learnt from one e-mail to the next. MIXED_ES counts every Cyrillic «е» as
# a Latin one in disguise; the rules themselves let it pass in Greek and some Slavic languages, and have forgotten ours.
_PREFERENCES = """\
use_bayes 0
use_auto_welcomelist 0
score MIXED_ES 0.01
"""
# Before each in a file of several.
_LINE = b"From kabinet@example.org  Tue Sep 15 14:30:00 2026\n"


_GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def _emails() -> dict[str, bytes]:
    """As a mail server of the recipient has taken each from the company's relay, signed as DKIM wants it."""
    texts, now = MessageTexts(public_url="https://kabinet.example.org"), datetime.now(UTC)
    received = (
        "Received: from relay.example.org (relay.example.org [93.184.216.34])\r\n"
        "\tby mx.example.com (Postfix) with ESMTPS id 4715211BCA\r\n"
        f"\tfor <{_RECIPIENT}>; {format_datetime(now)}\r\n"
    ).encode()
    signer = Signer("example.org", "kabinet", generate_private_key(65537, 1024))
    emails = {}
    for message in (one for one in MESSAGES if one.kind == "email"):
        for state in message_states_of(message.name):
            for language in ("ru", "en"):
                name = f"{message.name} {state.name} {language}"
                content = texts(message.name, state.values, language)
                outgoing = Outgoing(1, "1.abcdef", now, _RECIPIENT, content, language, name=message.name)
                email = make_email(outgoing, _SENDER, smtp_address(_RECIPIENT))
                emails[name] = received + signer.signed(email)
    return emails


def _scored(emails: dict[str, bytes], folder: Path) -> dict[str, str]:
    """What is said of each: its score and the rules that it met."""
    (folder / "preferences").write_text(_PREFERENCES)
    together = b"".join(_LINE + email.replace(b"\r\n", b"\n") + b"\n" for email in emails.values())
    (folder / "emails").write_bytes(together)
    command = ["spamassassin", "--local", "--prefspath", str(folder / "preferences"), "--mbox", str(folder / "emails")]
    done = subprocess.run(command, env={"PATH": PATH, "HOME": str(folder)}, capture_output=True, check=True)
    found = (b"\n" + done.stdout).split(b"\nFrom ")[1:]
    said = [str(message_from_bytes(email.partition(b"\n")[2])["X-Spam-Status"]) for email in found]
    return dict(zip(emails, said, strict=True))


def test_no_email_looks_like_spam(tmp_path: Path) -> None:
    said = _scored(_emails(), tmp_path)
    # One decimal: that an e-mail has HTML is 0.001.
    assert {name: one for name, one in said.items() if not re.search(r"score=(0\.0|-[\d.]+) ", one)} == {}
    assert len(said) > 2 * sum(message.kind == "email" for message in MESSAGES) - 1


def test_what_is_spam_is_told(tmp_path: Path) -> None:
    """The word by which every filter can be tried (GTUBE)."""
    _, email = next(iter(_emails().items()))
    head, _, _ = email.partition(b"MIME-Version")
    [said] = _scored({"spam": head + b"\r\n" + _GTUBE + b"\r\n"}, tmp_path).values()
    assert said.startswith("Yes, score=1000")
