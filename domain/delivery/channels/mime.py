"""A message as an RFC 5322 e-mail: addresses that SMTP can carry, headers that no typed text can add to."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

import idna

from domain.delivery.channels.channel import DeliveryFailed, Outgoing

# All that str.splitlines breaks at, and NUL: none of it may get into a header or a command.
_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_NOT_IN_ADDRESS = re.compile(r'[\s<>"(),:;\\\x00-\x1f\x7f]')


def smtp_address(address: str) -> Address:
    """The address with its domain in ASCII. Raises `DeliveryFailed` where SMTP cannot express it.

    By IDNA 2008: the standard library's codec makes `strasse.de` of `straße.de`, which is another domain.
    """
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    if not local or not ascii_domain or _NOT_IN_ADDRESS.search(address):
        raise DeliveryFailed("refused", "the address cannot be written in SMTP")
    return Address(username=local, domain=ascii_domain)


def make_email(outgoing: Outgoing, sender: str, to: Address) -> EmailMessage:
    """Text and HTML of `outgoing`, from `sender` (`Name <address>` or an address) to `to`."""
    name, address = parseaddr(sender)
    author = smtp_address(address)
    # Non-ASCII before the @ can only be written where the server offers SMTPUTF8 (RFC 6531).
    email = EmailMessage(policy=SMTP if to.username.isascii() else SMTPUTF8)
    email["From"] = Address(display_name=_line(name), username=author.username, domain=author.domain)
    email["To"] = to
    email["Subject"] = _line(outgoing.content.subject or "")
    email["Date"] = format_datetime(outgoing.written_at)
    # The same at every attempt, so that a mail program can show a message that came twice only once.
    email["Message-ID"] = f"<{outgoing.reference}@{author.domain}>"
    # RFC 3834: no automatic answer, such as an out-of-office note, is sent to this.
    email["Auto-Submitted"] = "auto-generated"
    # By which mail providers report complaints: for each kind of message, and for nobody in person.
    email["Feedback-ID"] = f"{outgoing.name}:::kabinet"
    # base64: no line is too long, begins with a dot, or needs 8BITMIME.
    email.set_content(outgoing.content.text, cte="base64")
    if outgoing.content.html is not None:
        email.add_alternative(outgoing.content.html, subtype="html", cte="base64")
    # Last: add_alternative moves every Content- header into the part that holds the text.
    email["Content-Language"] = outgoing.language
    return email


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
