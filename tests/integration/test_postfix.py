"""Debian's Postfix as the company's relay, by STARTTLS, with its own refusals and a greylist: `make integration`."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from db.engine import Engine, run
from domain.delivery import outbox
from domain.delivery.gateways import open_gateways
from domain.delivery.messages import EmailConfirmation
from domain.delivery.worker import Worker
from domain.portal import Portal, make_portal
from routes.message_texts import MessageTexts
from tests.conftest import scope_of
from tests.domain.delivery.channels.tls import certificate
from tests.integration.programs import listens, running, until
from tests.journeys.server import free_port

pytestmark = pytest.mark.integration
__all__ = ["certificate"]  # a fixture

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_maps = inline:{{ anna@example.org=anna,
  full@example.org=full, grey@example.org=grey, over@example.org=over }}
virtual_mailbox_base = {folder}/boxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.pem
smtpd_sender_restrictions = check_sender_access inline:{{ {{ refused@example.net = 554 5.7.1 Not from you }} }}
smtpd_recipient_restrictions = reject_unauth_destination,
  check_recipient_access inline:{{ {{ full@example.org = 452 4.2.2 Mailbox full }},
  {{ over@example.org = 552 5.2.2 Mailbox full }} }},
  check_policy_service inet:127.0.0.1:{greylist}
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


class _Postfix:
    """It is root's, and its mail is nobody's: both must reach the folder."""

    def __init__(self, folder: Path, certificate: Path, greylist: int) -> None:
        self.folder, self.port = folder, free_port()
        folder.chmod(0o755)
        for name in ("conf", "queue", "data", "boxes"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        shutil.chown(folder / "boxes", "nobody")
        shutil.copy(certificate, folder / "server.pem")
        (folder / "conf/main.cf").write_text(_MAIN.format(folder=folder, greylist=greylist))
        (folder / "conf/master.cf").write_text(_MASTER.format(port=self.port))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with running(["postfix", "-c", str(self.folder / "conf"), "start-fg"], self.folder):
            await until(lambda: listens(self.port))
            try:
                yield
            finally:
                with running(["postfix", "-c", str(self.folder / "conf"), "stop"], self.folder) as stopping:
                    await asyncio.to_thread(stopping.wait)

    async def box(self, name: str, emails: int) -> list[bytes]:
        """The e-mails in it, as soon as so many are there."""
        path = self.folder / "boxes" / name

        def found() -> list[bytes]:
            # A line before each, and an empty one behind it (mbox).
            content = b"\n" + path.read_bytes() if path.is_file() else b""
            return content.split(b"\nFrom ")[1:] if content.endswith(b"\n\n") else []

        async def are_there() -> bool:
            return len(found()) == emails

        await until(are_there)
        return found()


@contextlib.asynccontextmanager
async def _greylist() -> AsyncIterator[int]:
    """A policy service (Postfix's SMTPD_POLICY_README): `grey@example.org` is taken at the second time; its port."""
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                question = (await reader.readuntil(b"\n\n")).decode()
                grey = "recipient=grey@example.org\n" in question
                asked.append(grey)
                first = grey and asked.count(True) == 1
                writer.write(b"action=defer_if_permit 4.2.0 Greylisted\n\n" if first else b"action=dunno\n\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not `tmp_path`: only its owner may look into what is above that."""
    with tempfile.TemporaryDirectory(prefix="kabinet-postfix-") as name:
        yield Path(name)


async def _states() -> dict[int, tuple[str, str]]:
    return {row["id"]: (row["state"], row["reason"]) for row in await run("SELECT id, state, reason FROM outbox")}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_becomes_of_emails(
    engine: Engine, portal: Portal, folder: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)

    async def post(to: str) -> int:
        return await outbox.post(scope_of(portal, now), EmailConfirmation("Анна", "https://k.example/x", 259200), to)

    async def sent(at: datetime, sender: str = "Кабинет <kabinet@example.net>") -> dict[int, tuple[str, str]]:
        mail = {"mail": f"smtp://127.0.0.1:{postfix.port}", "mail_from": sender, "staff_email": "s@example.org"}
        own = make_portal(portal.settings.model_copy(update=mail))
        async with open_gateways(own) as gateways:
            await Worker(own, gateways, MessageTexts(), lambda: at).run_until_idle()
        return await _states()

    async with _greylist() as greylist:
        postfix = _Postfix(folder, certificate, greylist)
        async with postfix.running():
            anna = await post("anna@example.org")
            assert (await sent(now))[anna] == (
                "waiting", "the server's certificate is not to be trusted: self-signed certificate",
            )  # fmt: skip
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert (await sent(now, "refused@example.net"))[anna] == (
                "waiting", "the server refuses e-mails of ours (554 5.7.1)",
            )  # fmt: skip
            others = ("full", "over", "nobody", "grey")
            full, over, nobody, grey = [await post(f"{name}@example.org") for name in others]
            relayed = await post("anna@example.com")
            states = await sent(now + timedelta(seconds=60))
            assert states == {
                anna: ("sent", ""),
                full: ("waiting", "the server cannot take this e-mail now (452 4.2.2)"),
                over: ("failed", "the server refuses the recipient (552 5.2.2)"),
                nobody: ("failed", "the server refuses the recipient (550 5.1.1)"),
                grey: ("waiting", "the server cannot take this e-mail now (450 4.2.0)"),
                relayed: ("waiting", "the server does not relay for us (454 4.7.1)"),
            }
            states = await sent(now + timedelta(seconds=120))
            assert (states[grey], states[full][0], states[relayed][0]) == (("sent", ""), "waiting", "waiting")
            [arrived] = await postfix.box("anna", 1)
            await postfix.box("grey", 1)
            kept = await post("anna@example.org")
        assert (await sent(now + timedelta(seconds=120)))[kept] == (
            "waiting", "the server cannot be reached or hung up",
        )  # fmt: skip
        async with postfix.running():
            assert (await sent(now + timedelta(seconds=121)))[kept] == ("sent", "")
            await postfix.box("anna", 2)
    email = message_from_bytes(arrived.partition(b"\n")[2], policy=policy.default)
    assert (email["From"], email["To"]) == ("Кабинет <kabinet@example.net>", "anna@example.org")
    assert "ESMTPS" in email["Received"]
    text = email.get_body(("plain",))
    assert text is not None
    assert "https://k.example/x" in text.get_content()
