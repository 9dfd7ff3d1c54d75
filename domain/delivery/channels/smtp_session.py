"""A connection to a mail server that is ready for messages, and one message after the other over it.

aiosmtplib connects, begins TLS and signs in. From then on the connection is ours: the library waits for each answer
before its next command, and does not tell whether a connection broke before the message or after it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Sequence
from typing import cast

import aiosmtplib

from domain.delivery.channels.channel import DeliveryFailed
from domain.delivery.channels.smtp_replies import Reply, Stage, failure_of

_START_INPUT = 354
# RFC 5321, 4.5.3.1.5, has 512 bytes for a line; some servers write more, and several lines.
_LONGEST_REPLY = 64 * 1024
_REPLY = re.compile(rb"(?:\d{3}-[^\n]*\n)*\d{3}(?:[ \r][^\n]*)?\n")
_STAGES: tuple[Stage, ...] = ("sender", "recipient", "data")


class SmtpSession(asyncio.Protocol):
    """`offers` are the server's extensions, in lower case. Every method raises OSError where the connection breaks."""

    def __init__(self, transport: asyncio.Transport, offers: Sequence[str]) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self.takes_utf8 = "smtputf8" in offers
        self._pipelines = "pipelining" in offers
        self._received = b""
        self._replies: deque[Reply] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._broken: Exception | None = None
        # Whether something was said of a message that did not come to its end.
        self._began = False
        self.used_at = self._loop.time()
        transport.set_protocol(self)

    @property
    def is_closed(self) -> bool:
        return self._broken is not None or self._transport.is_closing()

    async def open_envelope(self, sender: str, recipient: str, seconds: float) -> None:
        """Up to the server's "354 go on": whatever breaks or is refused here, nothing was delivered."""
        utf8 = "" if recipient.isascii() else " SMTPUTF8"
        commands = [f"MAIL FROM:<{sender}>{utf8}", f"RCPT TO:<{recipient}>", "DATA"]
        if self._began:
            await self._command("RSET", seconds)
        self._began = True
        replies = await (self._pipelined if self._pipelines else self._in_turn)(commands, seconds)
        for stage, reply in zip(_STAGES, replies, strict=False):
            if reply.code != _START_INPUT if stage == "data" else not 200 <= reply.code < 300:
                raise failure_of(stage, reply)

    async def hand_over(self, content: bytes, seconds: float) -> None:
        """The message itself: from its last byte on only an answer tells what came of it."""
        # A line that begins with a dot gets a second one (RFC 5321, 4.5.2).
        self._write(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
        reply = await self._read(seconds)
        self._began = False
        if not 200 <= reply.code < 300:
            raise failure_of("content", reply)

    def quit(self) -> None:
        """Without waiting for the answer: nothing depends on it."""
        if not self.is_closed:
            self._write(b"QUIT\r\n")
            self._transport.close()

    def abort(self) -> None:
        """At once: the server throws away what has no end."""
        self._transport.abort()

    async def _pipelined(self, commands: Sequence[str], seconds: float) -> list[Reply]:
        self._write("".join(f"{command}\r\n" for command in commands).encode())
        replies = [await self._read(seconds) for _ in commands]
        if replies[-1].code == _START_INPUT and any(reply.code >= 400 for reply in replies):
            # RFC 2920, 3.1: it wants a message for nobody.
            self._write(b".\r\n")
            await self._read(seconds)
        return replies

    async def _in_turn(self, commands: Sequence[str], seconds: float) -> list[Reply]:
        replies: list[Reply] = []
        for command in commands:
            replies.append(await self._command(command, seconds))
            if replies[-1].code >= 400:
                break
        return replies

    async def _command(self, command: str, seconds: float) -> Reply:
        self._write(f"{command}\r\n".encode())
        return await self._read(seconds)

    def _write(self, data: bytes) -> None:
        if self.is_closed:
            raise self._broken or ConnectionResetError("closed")
        self._transport.write(data)

    async def _read(self, seconds: float) -> Reply:
        async with asyncio.timeout(seconds):
            while not self._replies:
                if self._broken is not None:
                    raise self._broken
                self._waiting = self._loop.create_future()
                await self._waiting
        self.used_at = self._loop.time()
        return self._replies.popleft()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while found := _REPLY.match(self._received):
            self._received = self._received[found.end() :]
            lines = found[0].decode("utf-8", "replace").splitlines()
            self._replies.append(Reply(int(lines[0][:3]), "\n".join(line[4:] for line in lines)))
        alien = b"\n" in self._received and not self._received[:3].isdigit()
        if alien or len(self._received) > _LONGEST_REPLY:
            # What is no reply is one that makes no sense.
            self._received = b""
            self._replies.append(Reply(0, ""))
        self._tell()

    def eof_received(self) -> None:
        self.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._broken = self._broken or error or ConnectionResetError("hung up")
        self._tell()

    def _tell(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


async def connect(server: aiosmtplib.SMTP) -> SmtpSession:
    """Raises `DeliveryFailed`: what breaks here has sent nothing."""
    try:
        await server.connect()
        if server.is_ehlo_or_helo_needed:
            await server.ehlo()
        offers = [name.lower() for name in server.esmtp_extensions]
    except aiosmtplib.SMTPAuthenticationError as error:
        raise failure_of("sign-in", Reply(error.code, error.message)) from None
    except aiosmtplib.SMTPResponseException as error:
        raise failure_of("greeting", Reply(error.code, error.message)) from None
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError, TimeoutError) as error:
        raise _tls_failure(error) or DeliveryFailed("away", "the server cannot be reached or hung up") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        # The server offers no STARTTLS, or no AUTH.
        missing = DeliveryFailed("away", "the server does not offer what the settings ask for", operator=True)
        raise _tls_failure(error) or missing from None
    transport = server.protocol.transport if server.protocol is not None else None
    if transport is None:
        raise DeliveryFailed("away", "the server cannot be reached or hung up")
    return SmtpSession(cast(asyncio.Transport, transport), offers)


def _tls_failure(error: BaseException | None) -> DeliveryFailed | None:
    """Where anything that led to `error` is TLS: a certificate not trusted, for another host, or expired."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = f"the server's certificate is not to be trusted: {error.verify_message}"
            return DeliveryFailed("away", reason, operator=True)
        if isinstance(error, ssl.SSLError):
            return DeliveryFailed("away", "the server speaks no TLS that is to be trusted", operator=True)
        error = error.__cause__ or error.__context__
    return None
