"""E-mail through one SMTP server: `smtp://…` with STARTTLS, `smtp://…?tls=none` plain, `smtps://…` TLS at once.

Connections are kept and used one message after the other: TLS and a sign-in cost more than a message.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from domain.delivery.channels.channel import Begin, DeliveryFailed, Kind, Outgoing, Receipts, Taken
from domain.delivery.channels.dkim_signature import Signer
from domain.delivery.channels.mime import author_of, make_email, smtp_address
from domain.delivery.channels.smtp_session import SmtpSession, connect
from settings import LOOPBACK

# For each answer of the server, for everything before the message itself, and for the answer to the message: a server
# may look into it for long. Seconds.
ANSWER_SECONDS = 15.0
BEFORE_SECONDS = 45.0
CONTENT_SECONDS = 60.0
# How long an idle connection is kept, seconds; shorter than servers wait for the next command (RFC 5321, 4.5.3.2.7).
_KEPT_SECONDS = 20.0


class Smtp:
    """One server. `sender` is `Name <address>` or an address."""

    kind: ClassVar[Kind] = "email"
    schemes: ClassVar[tuple[str, ...]] = ("smtp", "smtps")
    setup: ClassVar[str] = """\
smtp://user:pass@host:587, or smtps://user:pass@host:465
smtp means STARTTLS with a certificate that this machine trusts, smtps TLS from the first byte. A relay on this host may
do without: smtp://127.0.0.1:25?tls=none. User and password go together or are both left out; signs such as @ : / # in a
password are written as %40 %3A %2F %23. KABINET_MAIL_FROM and KABINET_STAFF_EMAIL are required with it. Where
the server does not sign e-mails itself, KABINET_DKIM_DOMAIN, KABINET_DKIM_SELECTOR and KABINET_DKIM_KEY do."""

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:  # noqa: ARG004 - every channel is told
        if address.query not in {"", "tls=none"}:
            raise ValueError("the only option is ?tls=none")
        if address.path.strip("/") or address.fragment:
            raise ValueError("write no path: smtp://user:pass@host:587")
        if bool(address.username) != bool(address.password):
            raise ValueError("user and password go together: smtp://user:pass@host:587")
        if address.query == "tls=none":
            if address.scheme == "smtps":
                raise ValueError("smtps and ?tls=none contradict each other")
            if address.hostname not in LOOPBACK:
                raise ValueError("?tls=none is only for a relay on this host")

    def __init__(
        self,
        dsn: str,
        sender: str,
        receipts: Receipts | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
        content_seconds: float = CONTENT_SECONDS,
    ) -> None:
        parts = urlsplit(dsn)
        self.window = 8
        self.signer: Signer | None = None
        self._sender = sender
        self._seconds, self._content_seconds = seconds, content_seconds
        self._idle: list[SmtpSession] = []
        self._tidying: asyncio.TimerHandle | None = None
        plain = parts.query == "tls=none"
        self._signs_in, self._tls = bool(parts.username), not plain
        self._server = functools.partial(
            aiosmtplib.SMTP,
            hostname=parts.hostname,
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            # Never None: aiosmtplib would then fall back to plain text silently.
            start_tls=parts.scheme == "smtp" and not plain,
            tls_context=None if plain else ssl.create_default_context(),
            timeout=seconds,
        )

    async def close(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        while self._idle:
            self._idle.pop().quit()

    async def look(self) -> str:
        """Up to where a message would begin."""
        async with asyncio.timeout(BEFORE_SECONDS):
            session = await connect(self._server())
        session.quit()
        return f"{'takes our password' if self._signs_in else 'answers'}, {'over' if self._tls else 'without'} TLS"

    async def send(self, outgoing: Outgoing, begin: Begin) -> Taken:
        """Raises `DeliveryFailed`; returns once the server has taken the message upon itself."""
        to = smtp_address(outgoing.to)
        _, author = author_of(self._sender)
        email = make_email(outgoing, self._sender, to)
        content = self.signer.signed(email) if self.signer else email
        session = await self._ready(author.addr_spec, to.addr_spec)
        try:
            await begin()
            if session.is_closed:
                raise DeliveryFailed("away", "the server hung up")
            await session.hand_over(content, self._content_seconds)
        except (OSError, TimeoutError):
            session.abort()
            raise DeliveryFailed("unknown", "the connection broke before the server answered") from None
        except DeliveryFailed as failure:
            self._keep(session, failure)
            raise
        except BaseException:
            # It must not be sent any more.
            session.abort()
            raise
        self._keep(session)
        return Taken()

    async def _ready(self, sender: str, recipient: str) -> SmtpSession:
        """A connection whose server waits for the message."""
        while self._idle:
            session = self._idle.pop()
            try:
                await self._open(session, sender, recipient)
            except DeliveryFailed as failure:
                if failure.follows != "away":
                    raise
                # It closed the connection meanwhile, or had enough of it: that says nothing of a new one.
            else:
                return session
        try:
            async with asyncio.timeout(BEFORE_SECONDS):
                session = await connect(self._server())
                await self._open(session, sender, recipient)
        except TimeoutError:
            raise DeliveryFailed("away", "the server is too slow") from None
        return session

    async def _open(self, session: SmtpSession, sender: str, recipient: str) -> None:
        try:
            if not recipient.isascii() and not session.takes_utf8:
                raise DeliveryFailed("refused", "the server cannot write to a non-ASCII address")
            await session.open_envelope(sender, recipient, self._seconds)
        except OSError:
            session.abort()
            raise DeliveryFailed("away", "the server cannot be reached or hung up") from None
        except DeliveryFailed as failure:
            self._keep(session, failure)
            raise
        except BaseException:
            session.abort()
            raise

    def _keep(self, session: SmtpSession, failure: DeliveryFailed | None = None) -> None:
        if session.is_closed or (failure is not None and failure.follows in {"away", "unknown"}):
            session.quit()
            return
        self._idle.append(session)
        if self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._tidy)

    def _tidy(self) -> None:
        loop = asyncio.get_running_loop()
        stale = [session for session in self._idle if loop.time() - session.used_at >= _KEPT_SECONDS]
        self._idle = [session for session in self._idle if session not in stale]
        for session in stale:
            session.quit()
        self._tidying = loop.call_later(_KEPT_SECONDS / 2, self._tidy) if self._idle else None
