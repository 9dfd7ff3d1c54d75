"""What a real SMTP server gets and says, and what follows from it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import quote

import pytest

from domain.delivery.channels.channel import DeliveryFailed, Outgoing, Rendered
from domain.delivery.channels.mime import make_email, smtp_address
from domain.delivery.channels.smtp import Smtp
from tests.domain.delivery.channels.gateway import begun, closed_port
from tests.domain.delivery.channels.mailbox import running_mailbox
from tests.domain.delivery.channels.tls import certificate, server_tls

__all__ = ["certificate", "server_tls"]  # fixtures

SENDER = "Личный кабинет <kabinet@example.org>"
PASSWORD = quote("пароль:@/", safe="")


def _outgoing(to: str = "ivan@example.com", subject: str = "Подтвердите почту") -> Outgoing:
    content = Rendered("Здравствуйте!\n.\nКонец\n", subject, "<p>Здравствуйте!</p>\n")
    return Outgoing(17, "17.abcdef", datetime(2026, 9, 15, 11, 30, tzinfo=UTC), to, content)


async def _send(dsn: str, outgoing: Outgoing | None = None, sender: str = SENDER) -> None:
    async with _channel(dsn, sender) as channel:
        await channel.send(outgoing or _outgoing(), begun)


@contextlib.asynccontextmanager
async def _channel(dsn: str, sender: str = SENDER) -> AsyncIterator[Smtp]:
    channel = Smtp(dsn, sender, seconds=0.5, content_seconds=0.5)
    try:
        yield channel
    finally:
        await channel.close()


async def _failure(dsn: str, outgoing: Outgoing | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await _send(dsn, outgoing)
    return caught.value


def _plain(port: int) -> str:
    return f"smtp://127.0.0.1:{port}?tls=none"


async def test_the_email_that_arrives() -> None:
    with running_mailbox() as mailbox:
        await _send(_plain(mailbox.port))
        await _send(_plain(mailbox.port))
    email = mailbox.emails[0]
    assert mailbox.recipients[0] == email["To"] == "ivan@example.com"
    assert email["From"].addresses[0].display_name == "Личный кабинет"
    assert email["From"].addresses[0].addr_spec == "kabinet@example.org"
    assert email["Subject"] == "Подтвердите почту"
    assert email["Date"].datetime == datetime(2026, 9, 15, 11, 30, tzinfo=UTC)
    assert email["Auto-Submitted"] == "auto-generated"
    assert email["Content-Language"] == "ru"
    assert email.get_content_type() == "multipart/alternative"
    text, html = email.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert text.get_content().splitlines() == ["Здравствуйте!", ".", "Конец"]
    assert html.get_content_type() == "text/html"
    assert html.get_content().strip() == "<p>Здравствуйте!</p>"
    assert [email["Message-ID"] for email in mailbox.emails] == ["<17.abcdef@example.org>"] * 2


async def test_starttls_with_user_and_password(
    certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running_mailbox(tls_context=server_tls, require_starttls=True, auth_required=True) as mailbox:
        await _send(f"smtp://portal:{PASSWORD}@127.0.0.1:{mailbox.port}")
    assert mailbox.over_tls == [True]
    assert mailbox.passwords == ["пароль:@/".encode()]


async def test_tls_at_once(certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running_mailbox(implicit_tls=server_tls) as mailbox:
        await _send(f"smtps://127.0.0.1:{mailbox.port}")
    assert mailbox.over_tls == [True]


async def test_without_starttls_nothing_goes_in_the_clear() -> None:
    with running_mailbox() as mailbox:
        failure = await _failure(f"smtp://portal:{PASSWORD}@127.0.0.1:{mailbox.port}")
    assert (failure.follows, failure.operator) == ("away", True)
    assert failure.reason == "the server does not offer what the settings ask for"
    assert mailbox.emails == []
    assert mailbox.passwords == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_nobody_vouches_for_is_the_operators_business(
    scheme: str, server_tls: ssl.SSLContext
) -> None:
    with running_mailbox(
        implicit_tls=server_tls if scheme == "smtps" else None,
        tls_context=server_tls if scheme == "smtp" else None,
    ) as mailbox:
        failure = await _failure(f"{scheme}://127.0.0.1:{mailbox.port}")
    assert (failure.follows, failure.operator) == ("away", True)
    assert failure.reason == "the server's certificate is not to be trusted: self-signed certificate"
    assert mailbox.emails == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_of_another_host_is_told_as_such(
    scheme: str, certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running_mailbox(
        implicit_tls=server_tls if scheme == "smtps" else None,
        tls_context=server_tls if scheme == "smtp" else None,
    ) as mailbox:
        failure = await _failure(f"{scheme}://localhost:{mailbox.port}")
    said = "Hostname mismatch, certificate is not valid for 'localhost'."
    assert failure.reason == f"the server's certificate is not to be trusted: {said}"
    assert mailbox.emails == []


async def test_a_wrong_password_keeps_the_email(
    certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running_mailbox(tls_context=server_tls, auth_required=True) as mailbox:
        failure = await _failure(f"smtp://portal:wrong@127.0.0.1:{mailbox.port}")
    assert (failure.follows, failure.operator) == ("away", True)
    assert "wrong" not in failure.reason


@pytest.mark.parametrize(
    ("command", "answer", "follows", "operator"),
    [
        ("RCPT", "550 no such user ivan@example.com", "refused", False),
        ("RCPT", "450 greylisted", "later", False),
        ("RCPT", "421 closing", "away", False),
        ("RCPT", "", "away", False),
        ("MAIL", "553 sender not owned", "away", True),
        ("MAIL", "", "away", False),
        ("RCPT", "554 5.7.1 relay access denied", "later", True),
        ("DATA", "550 5.7.1 your network is listed", "later", True),
        ("DATA", "550 5.1.1 no such user", "refused", False),
        ("DATA", "421 4.3.2 shutting down", "away", False),
        ("DATA", "451 try again", "later", False),
        ("DATA", "", "unknown", False),
    ],
)
async def test_an_answer_and_what_follows(command: str, answer: str, follows: str, operator: bool) -> None:
    with running_mailbox() as mailbox:
        mailbox.answers[command] = answer
        failure = await _failure(_plain(mailbox.port))
    assert (failure.follows, failure.operator) == (follows, operator)
    assert "ivan" not in failure.reason


async def test_a_connection_is_kept_and_used_for_the_next_message() -> None:
    with running_mailbox() as mailbox:
        async with _channel(_plain(mailbox.port)) as channel:
            for number in range(5):
                await channel.send(_outgoing(f"a{number}@example.com"), begun)
        assert (len(mailbox.emails), len(mailbox.sessions)) == (5, 1)


async def test_a_refused_recipient_does_not_spoil_the_connection_for_the_next() -> None:
    with running_mailbox() as mailbox:
        async with _channel(_plain(mailbox.port)) as channel:
            mailbox.answers["RCPT"] = "550 5.1.1 no such user"
            with pytest.raises(DeliveryFailed):
                await channel.send(_outgoing("nobody@example.com"), begun)
            del mailbox.answers["RCPT"]
            await channel.send(_outgoing(), begun)
        assert (mailbox.recipients, len(mailbox.sessions)) == (["ivan@example.com"], 1)


@pytest.mark.parametrize("answer", ["", "421 4.4.2 idle for too long", "452 4.5.3 enough of this connection"])
async def test_a_kept_connection_that_is_no_good_any_more_is_replaced(answer: str) -> None:
    with running_mailbox() as mailbox:
        async with _channel(_plain(mailbox.port)) as channel:
            await channel.send(_outgoing("first@example.com"), begun)
            mailbox.once["MAIL"] = answer
            await channel.send(_outgoing("second@example.com"), begun)
        assert (mailbox.recipients, len(mailbox.sessions)) == (["first@example.com", "second@example.com"], 2)


async def test_what_must_not_be_sent_any_more_is_not() -> None:
    async def too_late() -> None:
        raise ZeroDivisionError

    with running_mailbox() as mailbox:
        async with _channel(_plain(mailbox.port)) as channel:
            with pytest.raises(ZeroDivisionError):
                await channel.send(_outgoing(), too_late)
            await channel.send(_outgoing("second@example.com"), begun)
        assert mailbox.recipients == ["second@example.com"]


@pytest.mark.parametrize(
    ("replies", "follows", "written"),
    [
        (b"250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n", None, b""),
        # A server that waits for a message that nobody is to get: it gets an empty one (RFC 2920, 3.1).
        (b"250 ok\r\n550 5.1.1 no such user\r\n354 go on\r\n554 no recipients\r\n", "refused", b".\r\n"),
        (b"250 ok\r\n550 5.1.1 no such user\r\n503 no recipients\r\n", "refused", b""),
        (b"451 4.3.2 later\r\n503 who?\r\n503 who?\r\n", "away", b""),
    ],
)
async def test_where_the_server_offers_it_the_envelope_goes_in_one_piece(
    replies: bytes, follows: str | None, written: bytes
) -> None:
    heard: list[bytes] = []
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250-hi\r\n250 PIPELINING\r\n")
        lines = [await reader.readline() for _ in range(3)]
        heard.append(b"".join(lines))
        writer.write(replies)
        heard.append(await reader.read())
        writer.close()
        ended.set()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        async with _channel(_plain(server.sockets[0].getsockname()[1])) as channel:
            if follows is None:
                await channel.send(_outgoing(), begun)
            else:
                with pytest.raises(DeliveryFailed) as caught:
                    await channel.send(_outgoing(), begun)
                assert caught.value.follows == follows
        await ended.wait()
    assert heard[0] == b"MAIL FROM:<kabinet@example.org>\r\nRCPT TO:<ivan@example.com>\r\nDATA\r\n"
    if follows is not None:
        assert heard[1].removesuffix(b"QUIT\r\n") == written


async def test_nobody_listening_means_surely_not_delivered() -> None:
    assert (await _failure(_plain(closed_port()))).follows == "away"


@pytest.mark.parametrize(
    ("script", "follows"),
    [
        # Each answer in turn; the server then says nothing more.
        (["220 hello"], "away"),
        (["220 hello", "250 hi", "250 ok", "250 ok"], "away"),
        (["220 hello", "250 hi", "250 ok", "250 ok", "354 go on"], "unknown"),
        (["220 hello", "250 hi", "250 ok", "250 ok", "354 go on", "hello?"], "unknown"),
        (["220 hello", "250 hi", "250 ok", "250 ok", "354 go on", "354 go on"], "unknown"),
    ],
)
async def test_a_server_that_falls_silent(script: list[str], follows: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def talk() -> None:
            connection, _ = listener.accept()
            with connection:
                for answer in script:
                    if answer != script[0]:
                        connection.recv(65536)
                    connection.sendall(f"{answer}\r\n".encode())
                stop.wait(10)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            failure = await _failure(_plain(listener.getsockname()[1]))
        finally:
            stop.set()
            thread.join()
    assert failure.follows == follows


async def test_a_non_ascii_domain_is_written_in_ascii() -> None:
    with running_mailbox(enable_SMTPUTF8=False) as mailbox:
        await _send(_plain(mailbox.port), _outgoing("ivan@почта.рф"))
    assert mailbox.recipients == ["ivan@xn--80a1acny.xn--p1ai"]


async def test_a_non_ascii_name_goes_where_the_server_can_take_it() -> None:
    with running_mailbox(enable_SMTPUTF8=True) as mailbox:
        await _send(_plain(mailbox.port), _outgoing("иван@example.com"))
    assert mailbox.recipients == ["иван@example.com"]
    assert "\r\nTo: иван@example.com\r\n".encode() in mailbox.contents[0]
    with running_mailbox(enable_SMTPUTF8=False) as mailbox:
        assert (await _failure(_plain(mailbox.port), _outgoing("иван@example.com"))).follows == "refused"
    assert mailbox.emails == []


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
async def test_no_subject_adds_a_header(breaks: str) -> None:
    with running_mailbox() as mailbox:
        await _send(_plain(mailbox.port), _outgoing(subject=f"Иван{breaks}Bcc: eve@example.com{breaks}{breaks}x"))
    assert mailbox.emails[0]["Bcc"] is None
    assert mailbox.emails[0]["Subject"].split() == ["Иван", "Bcc:", "eve@example.com", "x"]
    assert mailbox.recipients == ["ivan@example.com"]


@pytest.mark.parametrize(
    "to",
    ["ivan@example.com\r\nRCPT TO:<eve@example.com>", "ivan@example.com> SIZE=1", "a,b@example.com", "@", "ivan", ""],
)
async def test_no_recipient_adds_a_command(to: str) -> None:
    with running_mailbox() as mailbox:
        assert (await _failure(_plain(mailbox.port), _outgoing(to))).follows == "refused"
    assert mailbox.recipients == []


@pytest.mark.parametrize(
    ("domain", "told"),
    [
        ("straße.de", "xn--strae-oqa.de"), ("STRAẞE.de", "xn--strae-oqa.de"), ("strasse.de", "strasse.de"),
        ("почта.рф", "xn--80a1acny.xn--p1ai"), ("βόλος.com", "xn--nxasmm1c.com"), ("example.org", "example.org"),
    ],
)  # fmt: skip
def test_a_domain_is_told_as_its_registry_writes_it(domain: str, told: str) -> None:
    assert smtp_address(f"anna@{domain}").domain == told


@pytest.mark.parametrize("domain", ["-a.de", "a\u200d.de", "\u2488com", "é" * 64 + ".de", "ß" * 4000])
def test_what_is_no_domain_is_told_to_nobody(domain: str) -> None:
    with pytest.raises(DeliveryFailed):
        smtp_address(f"anna@{domain}é")


def _read(email: bytes) -> EmailMessage:
    """As any mail program does; nothing in it is wrong, and every line ends and is as long as it may be."""
    read = message_from_bytes(email, policy=default)
    assert [part.defects for part in read.walk()] == [[] for _ in read.walk()]
    assert [read[name].defects for name in read] == [() for _ in read]
    assert b"\n" not in email.replace(b"\r\n", b"")
    assert max(len(line) for line in email.split(b"\r\n")) <= 76
    assert isinstance(read, EmailMessage)
    return read


@pytest.mark.parametrize("language", ["ru", "en"])
def test_an_email_says_its_language(language: str) -> None:
    email = make_email(replace(_outgoing(), language=language), SENDER, smtp_address("ivan@example.com"))
    assert _read(email)["Content-Language"] == language


@pytest.mark.parametrize(
    "text",
    [
        "Код", "Plain text, and a dot.", "=?utf-8?b?0JrQvtC0?=", "\"a\" \\ (b) <c@example.org>, d; e: f", "Щ" * 200,
        "a" * 200, "a" * 44 + "Щ" * 60, "😀" * 30, "two  spaces", "",
    ],
)  # fmt: skip
def test_any_text_stands_in_a_header_as_it_was_written(text: str) -> None:
    # A name in quotes has none itself.
    name = text.replace('"', "").replace("\\", "")
    email = make_email(_outgoing(subject=text), f'"{name}" <kabinet@example.org>', smtp_address("ivan@example.com"))
    assert _read(email)["Subject"] == text
    # By the old reader: the new one keeps the spaces between the encoded words of a name (RFC 2047, 6.2).
    author = str(make_header(decode_header(message_from_bytes(email)["From"])))
    assert author.replace("\r\n", "") == f"{name} <kabinet@example.org>".lstrip()


def test_the_parts_are_as_they_were_written() -> None:
    long = "Щ" * 3000 + "\r\n.\n\nдва\tслова\n"
    content = Rendered(long, "x", f"<p>{long}</p>")
    outgoing = replace(_outgoing(), content=content, reference="17.abc")
    for one in (outgoing, replace(outgoing, content=replace(content, html=None))):
        email = _read(make_email(one, "kabinet@example.org", smtp_address("ivan@example.com")))
        text = email.get_body(("plain",))
        assert text is not None
        assert text.get_content() == long.replace("\r\n", "\n").replace("\n", "\r\n")
        html = email.get_body(("html",))
        assert (html is None) == (one.content.html is None)
        assert html is None or html.get_content().splitlines() == f"<p>{long}</p>".splitlines()
