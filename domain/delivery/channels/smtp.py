"""E-mail through one SMTP server: `smtp://…` with STARTTLS, `smtp://…?tls=none` plain, `smtps://…` TLS at once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import ssl
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from domain.delivery.channels.channel import Begin, DeliveryFailed, Kind, Outgoing
from domain.delivery.channels.mime import make_email, smtp_address
from settings import LOOPBACK

# For each answer of the server, and for everything before the message itself, seconds.
ANSWER_SECONDS = 15.0
BEFORE_SECONDS = 45.0
# For the answer to QUIT, seconds: the message is accepted by then, so it need not be waited for.
_QUIT_SECONDS = 2.0


class Smtp:
    """One server. `sender` is `Name <address>` or an address."""

    kind: ClassVar[Kind] = "email"
    schemes: ClassVar[tuple[str, ...]] = ("smtp", "smtps")
    setup: ClassVar[str] = """\
smtp://user:pass@host:587, or smtps://user:pass@host:465
smtp means STARTTLS with a certificate that this machine trusts, smtps TLS from the first byte. A relay on this host may
do without: smtp://127.0.0.1:25?tls=none. User and password go together or are both left out; signs such as @ : / # in a
password are written as %40 %3A %2F %23. KABINET_MAIL_FROM and KABINET_STAFF_EMAIL are required with it."""

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

    def __init__(self, dsn: str, sender: str, *, seconds: float = ANSWER_SECONDS) -> None:
        parts = urlsplit(dsn)
        self.window = 8
        self._sender = sender
        self._seconds = seconds
        self._server = functools.partial(
            aiosmtplib.SMTP,
            hostname=parts.hostname,
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            # Never None: aiosmtplib would then fall back to plain text silently.
            start_tls=parts.scheme == "smtp" and parts.query != "tls=none",
            timeout=seconds,
        )

    async def close(self) -> None:
        """Nothing is kept open between messages."""

    async def send(self, outgoing: Outgoing, begin: Begin) -> None:
        """Raises `DeliveryFailed`; returns once the server has taken the message upon itself."""
        to = smtp_address(outgoing.to)
        email = make_email(outgoing, self._sender, to)
        server = self._server()
        try:
            await self._until_data(server, email["From"].addresses[0].addr_spec, to.addr_spec)
            await begin()
            await self._hand_over(server, email.as_bytes())
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await server.quit(timeout=_QUIT_SECONDS)
        finally:
            server.close()

    async def _until_data(self, server: aiosmtplib.SMTP, sender: str, recipient: str) -> None:
        """Up to the server's "354 go on": whatever breaks here, nothing was delivered."""
        try:
            async with asyncio.timeout(BEFORE_SECONDS):
                await server.connect()
                await self._envelope(server, sender, recipient)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise _setup(f"the server refuses our password ({error.code})") from None
        except aiosmtplib.SMTPSenderRefused as error:
            raise _setup(f"the server refuses our sender address ({error.code})") from None
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _refused("recipient", error.code) from None
        except aiosmtplib.SMTPDataError as error:
            raise _refused("message", error.code) from None
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError, TimeoutError) as error:
            if _is_about_tls(error):
                raise _setup("the server's certificate or TLS is not to be trusted") from None
            raise DeliveryFailed("away", "the server cannot be reached or hung up") from None
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryFailed("away", f"the server does not want to talk ({error.code})") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            if _is_about_tls(error):
                raise _setup("the server's certificate or TLS is not to be trusted") from None
            # The server offers no STARTTLS, or no AUTH.
            raise _setup("the server does not offer what the settings ask for") from None

    async def _envelope(self, server: aiosmtplib.SMTP, sender: str, recipient: str) -> None:
        await server.ehlo()
        options, encoding = [], "ascii"
        if not recipient.isascii():
            if not server.supports_extension("smtputf8"):
                raise DeliveryFailed("refused", "the server cannot write to a non-ASCII address")
            options, encoding = ["SMTPUTF8"], "utf-8"
        await server.mail(sender, options=options, encoding=encoding)
        await server.rcpt(recipient, encoding=encoding)
        # Not SMTP.data(): it does not tell whether the connection broke before the message or after it.
        code, _ = await server.execute_command(b"DATA")
        if code != aiosmtplib.SMTPStatus.start_input:
            raise aiosmtplib.SMTPDataError(code, "")

    async def _hand_over(self, server: aiosmtplib.SMTP, email: bytes) -> None:
        """The message itself: from the first byte on only an answer tells what came of it."""
        protocol = server.protocol
        if protocol is None:
            raise DeliveryFailed("away", "the server hung up")
        try:
            # A line that begins with a dot gets a second one (RFC 5321, 4.5.2).
            protocol.write(re.sub(rb"(?m)^\.", b"..", email) + b".\r\n")
            code, _ = await protocol.read_response(timeout=self._seconds)
        except (aiosmtplib.SMTPException, OSError):
            raise DeliveryFailed("unknown", "the connection broke before the server answered") from None
        if 400 <= code < 600:
            raise _refused("message", code)
        if not 200 <= code < 300:
            raise DeliveryFailed("unknown", f"the server's answer makes no sense ({code})")


def _is_about_tls(error: BaseException | None) -> bool:
    """Whether anything that led to `error` is TLS: a certificate not trusted, for another host, or expired."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _refused(what: str, code: int) -> DeliveryFailed:
    if 500 <= code < 600:
        return DeliveryFailed("refused", f"the server refused the {what} ({code})")
    return DeliveryFailed("later", f"the server cannot take the {what} now ({code})")


def _setup(reason: str) -> DeliveryFailed:
    return DeliveryFailed("away", reason, operator=True)
