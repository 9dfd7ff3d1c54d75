"""A real SMTP server on loopback, in a thread of its own, that misbehaves when told to."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.domain.delivery.channels.gateway import closed_port


@dataclass
class Mailbox:
    """`answers` replaces the server's answer to MAIL, RCPT or DATA, `once` the next one; "" hangs up instead."""

    answers: dict[str, str] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)
    # One for each connection that a message came by.
    sessions: set[int] = field(default_factory=set)
    recipients: list[str] = field(default_factory=list)
    emails: list[EmailMessage] = field(default_factory=list)
    # The same as they came.
    contents: list[bytes] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    port: int = 0
    # Told of each command, in the server's thread.
    moment: Callable[[str], None] = lambda _: None

    def _answer(self, command: str, server: Any) -> str | None:
        self.moment(command)
        answer = self.once.pop(command, self.answers.get(command))
        if answer == "":
            server.transport.abort()
        return answer

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if (answer := self._answer("MAIL", server)) is not None:
            return answer
        self.sessions.add(session.peer[1])
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if (answer := self._answer("RCPT", server)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.recipients.extend(envelope.rcpt_tos)
        email = message_from_bytes(envelope.content, policy=policy.SMTP)
        assert isinstance(email, EmailMessage)
        self.emails.append(email)
        self.contents.append(envelope.content)
        self.over_tls.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        answer = self._answer("DATA", server)
        return "250 OK" if answer is None else answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.passwords.append(data.password)
        return AuthResult(success=data.password == "пароль:@/".encode(), handled=False)


@contextlib.contextmanager
def running_mailbox(*, implicit_tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbox]:
    """`options` are aiosmtpd's: tls_context and require_starttls, enable_SMTPUTF8, auth_required …"""
    mailbox = Mailbox(port=closed_port())
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=mailbox.port, ssl_context=implicit_tls,
        authenticator=mailbox.authenticate, **options,
    )  # fmt: skip
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
