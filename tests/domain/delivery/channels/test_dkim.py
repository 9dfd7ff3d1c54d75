"""E-mails that we sign: whoever asks the DNS for our public key finds them whole."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from domain.delivery.channels import check_channels, configured
from domain.delivery.channels.channel import Outgoing, Rendered
from domain.doctor.sender_dns import look_at_sender
from domain.installation import load_settings
from settings import Settings, SettingsError
from tests.conftest import NOW
from tests.domain.delivery.channels.gateway import begun
from tests.domain.delivery.channels.mailbox import running_mailbox

RSA = rsa.generate_private_key(65537, 2048)
ADDRESS = "Кабинет «Тепло» <kabinet@почта.пример.рф>"
DOMAIN = "xn--e1afmkfd.xn--p1ai"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)


def _record(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "dkim.pem"
    # As an editor on Windows saves it.
    file.write_bytes(_pem(RSA).replace(b"\n", b"\r\n"))
    file.chmod(0o600)
    return file


def _settings(key: Path, **instead: str) -> Settings:
    given = {
        "mail": "smtp://127.0.0.1:1?tls=none", "mail_from": ADDRESS, "staff_email": "s@example.org",
        "dkim_domain": "пример.рф", "dkim_selector": "main", "dkim_key": str(key),
    }  # fmt: skip
    return Settings(_env_file=None, **{**given, **instead})  # type: ignore[call-arg, arg-type]


def _finds(*records: str) -> Callable[..., bytes | None]:
    def text(name: bytes, timeout: int = 5) -> bytes | None:
        assert name.decode() == f"main._domainkey.{DOMAIN}."
        return records[0].encode() if records else None

    return text


async def _arrived(settings: Settings, to: str) -> bytes:
    with running_mailbox(enable_SMTPUTF8=True) as mailbox:
        mail = settings.model_copy(update={"mail": f"smtp://127.0.0.1:{mailbox.port}?tls=none"})
        (channel,) = configured(mail)["email"].values()
        content = Rendered("Здравствуйте!\n.\n\n\n", "Подтвердите почту: " + "длинная тема " * 12, "<p>.</p>\n")
        await channel.send(Outgoing(17, "17.abc", NOW, to, content, name="email-confirmation"), begun)
        await channel.close()
        return mailbox.contents[0]


@pytest.mark.parametrize("to", ["ivan@example.com", "иван@пример.рф"])
async def test_the_signature_holds_for_the_whole_email_and_for_no_other(key: Path, to: str) -> None:
    email = await _arrived(_settings(key), to)
    found = _finds(_record(RSA))
    assert dkim.verify(email, dnsfunc=found)
    other = _finds(_record(rsa.generate_private_key(65537, 2048)))
    assert not dkim.verify(email, dnsfunc=other)
    assert email.lower().count(b"\nfeedback-id: email-confirmation:::kabinet\r\n") == 1
    for changed in (
        email.replace(b"Feedback-ID: email", b"Feedback-ID: other"),
        email.replace(b"Date: ", b"Date: x"),
        b"Subject: another\r\n" + email,
        b"From: somebody@example.com\r\n" + email,
        email + b"more\r\n",
    ):
        assert changed != email
        assert not dkim.verify(changed, dnsfunc=found)


async def test_without_a_key_nothing_is_signed(key: Path) -> None:
    settings = _settings(key, dkim_domain="", dkim_selector="", dkim_key="")
    assert b"dkim" not in (await _arrived(settings, "ivan@example.com")).lower()


def _other(file: Path, content: bytes, mode: int = 0o600) -> Path:
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_what_cannot_sign_is_refused_in_one_line(key: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    wrong = {
        f"KABINET_DKIM_KEY: {tmp_path}/none cannot be read: No such file or directory": tmp_path / "none",
        f"KABINET_DKIM_KEY: {tmp_path} is not a regular file": tmp_path,
    }
    for line, file in wrong.items():
        with pytest.raises(SettingsError) as caught:
            check_channels(_settings(file))
        assert str(caught.value) == line
    not_pem, not_rsa = "is no private key in PEM, without a password", "is no RSA key of 1024 bits or more"
    contents = (
        (_pem(RSA), 0o604, f"every user of this machine may read {other}; chmod 600 it"),
        (b"", 0o600, not_pem),
        (b"\xff\x00", 0o600, not_pem),
        (_pem(RSA, b"secret"), 0o600, not_pem),
        (_pem(ec.generate_private_key(ec.SECP256R1())), 0o600, not_rsa),
    )
    for content, mode, reason in contents:
        with pytest.raises(SettingsError) as caught:
            check_channels(_settings(_other(other, content, mode)))
        line = str(caught.value)
        assert line.startswith("KABINET_DKIM_KEY: ")
        assert reason in line
        assert "\n" not in line


@pytest.mark.parametrize(
    ("instead", "line"),
    [
        (
            {"dkim_domain": "example.org"},
            f"KABINET_DKIM_DOMAIN: xn--80a1acny.{DOMAIN} of KABINET_MAIL_FROM is neither it nor below it",
        ),
        ({"dkim_domain": "мер.рф"}, "KABINET_DKIM_DOMAIN: xn--80a1acny."),
        ({"dkim_domain": "org"}, "KABINET_DKIM_DOMAIN: write the domain that signs, such as example.org"),
        ({"dkim_domain": "a@example.org"}, "KABINET_DKIM_DOMAIN: write the domain that signs, such as example.org"),
        ({"dkim_domain": "a..b"}, "KABINET_DKIM_DOMAIN: the host is no host"),
        ({"dkim_selector": "a b"}, "KABINET_DKIM_SELECTOR: write the name of the key, such as main"),
        ({"dkim_domain": ""}, "KABINET_DKIM_DOMAIN: KABINET_DKIM_DOMAIN, _SELECTOR and _KEY go together"),
        ({"dkim_selector": ""}, "KABINET_DKIM_SELECTOR: KABINET_DKIM_DOMAIN, _SELECTOR and _KEY go together"),
        ({"dkim_key": ""}, "KABINET_DKIM_KEY: KABINET_DKIM_DOMAIN, _SELECTOR and _KEY go together"),
        ({"mail": "outbox:", "mail_from": ""}, "KABINET_MAIL_FROM: is required with KABINET_DKIM_KEY"),
    ],
)
def test_settings_that_contradict_each_other_are_told(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instead: dict[str, str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {
        "mail": "smtp://127.0.0.1:1?tls=none", "mail_from": ADDRESS, "staff_email": "s@example.org",
        "dkim_domain": "пример.рф", "dkim_selector": "main", "dkim_key": str(key),
    }  # fmt: skip
    with pytest.raises(SettingsError) as caught:
        load_settings(**{**given, **instead})
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    ("selector", "record", "level"),
    [
        ("", _record(RSA), "green"),
        ("main", _record(RSA), "green"),
        ("", _record(RSA).replace("p=", "p= "), "green"),
        ("", _record(rsa.generate_private_key(65537, 2048)), "red"),
        ("", "v=DKIM1; p=MIIB", "red"),
        ("", "v=DKIM1; p=ключ", "red"),
        ("", "v=DKIM1; p=", "red"),
        ("other", _record(RSA), "red"),
    ],
)
async def test_the_doctor_compares_our_key_with_the_published_one(
    key: Path, selector: str, record: str, level: str
) -> None:
    async def texts(name: str) -> list[str]:
        return [record] if name == f"main._domainkey.{DOMAIN}" else []

    found = {one.about: one.level async for one in look_at_sender(_settings(key), selector, texts)}
    assert found["DKIM"] == level
