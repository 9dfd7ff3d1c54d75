"""A message as an RFC 5322 e-mail: addresses that SMTP can carry, headers that no typed text can add to."""

from __future__ import annotations

import base64
import functools
import re
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr

import idna

from domain.delivery.channels.channel import DeliveryFailed, Outgoing

# All that str.splitlines breaks at, and NUL: none of it may get into a header or a command.
_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
# What a header may say as it is, on the line of its name (RFC 5322, 2.1.1): words of atoms, or anything readable.
_ATOMS = re.compile(r"(?!.{31})[A-Za-z0-9!#$%&'*+/^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*")
_AS_IT_IS = re.compile(r"[\x20-\x7e]{0,65}")
# Octets of an encoded word, so that a line has no more than 76 signs (RFC 2047, 2): in base64 and with a header's name.
_WORD = 39
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


@functools.lru_cache(maxsize=4)
def author_of(sender: str) -> tuple[str, Address]:
    """Name and address of `Name <address>` or an address."""
    name, address = parseaddr(sender)
    return _line(name), smtp_address(address)


def make_email(outgoing: Outgoing, sender: str, to: Address) -> bytes:
    """Text and HTML of `outgoing`, from `sender` (`Name <address>` or an address) to `to`.

    Not by the standard library's EmailMessage: that takes three times as long as all else that sending an e-mail takes.
    """
    name, author = author_of(sender)
    content, part = outgoing.content, _part(outgoing.content.text, "plain")
    # RFC 2045, 6.7: what begins so stands in no encoded text.
    boundary = f"=_{outgoing.reference}"
    kind, body = "", part
    if content.html is not None:
        kind = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
        parts = "".join(f"--{boundary}\r\n{one}\r\n" for one in (part, _part(content.html, "html")))
        body = f"\r\n{parts}--{boundary}--\r\n"
    head = (
        f"From: {_phrase(name)}<{author.addr_spec}>\r\n"
        # Non-ASCII before the @ can only be written where the server offers SMTPUTF8 (RFC 6531).
        f"To: {to.addr_spec}\r\n"
        f"Subject: {_unstructured(_line(content.subject or ''))}\r\n"
        f"Date: {format_datetime(outgoing.written_at)}\r\n"
        # The same at every attempt, so that a mail program can show a message that came twice only once.
        f"Message-ID: <{outgoing.reference}@{author.domain}>\r\n"
        # RFC 3834: no automatic answer, such as an out-of-office note, is sent to this.
        "Auto-Submitted: auto-generated\r\n"
        # By which mail providers report complaints: for each kind of message, and for nobody in person.
        f"Feedback-ID: {outgoing.name}:::kabinet\r\n"
        f"Content-Language: {outgoing.language}\r\n"
        "MIME-Version: 1.0\r\n"
    )
    return f"{head}{kind}{body}".encode()


def _part(text: str, subtype: str) -> str:
    """base64: no line is too long, begins with a dot, or needs 8BITMIME."""
    lines = text.removesuffix("\n").replace("\r\n", "\n").replace("\n", "\r\n")
    encoded = base64.encodebytes(f"{lines}\r\n".encode()).decode("ascii").replace("\n", "\r\n")
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}'


def _phrase(text: str) -> str:
    """A name before an address (RFC 5322, 3.2.5)."""
    if not text:
        return ""
    return f"{text} " if _ATOMS.fullmatch(text) else f"{_encoded(text)}\r\n "


def _unstructured(text: str) -> str:
    return text if _AS_IT_IS.fullmatch(text) and "=?" not in text else _encoded(text)


def _encoded(text: str) -> str:
    """Encoded words, each on a line and with whole characters (RFC 2047, 2 and 5)."""
    words = [b""]
    for sign in text:
        octets = sign.encode()
        if len(words[-1]) + len(octets) > _WORD:
            words.append(b"")
        words[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words)


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
