"""What the settings may say of a channel: the channel's file knows it, and the operator gets one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from app import create_app
from domain.delivery.channels import CHANNELS, SETTING_OF, check_channels
from routes.cli.delivery import delivery_group
from settings import Settings, SettingsError
from tests.domain.delivery.channels.schemes import schemes_of

KANNEL = "http+kannel://user:pass@host:port/cgi-bin/sendsms"
SMSC = "https+smsc://login:password@host/sys/send.php"
SMPP = "smpp://system_id:password@host:port"
MAIL = {"mail_from": "a@example.org", "staff_email": "b@example.org"}
PRODUCTION = {
    "mode": "production", "secret": "0123456789abcdef0123456789abcdef", "public_url": "https://kabinet.example.org",
    "mail": "smtps://mail.example.org", **MAIL,
}  # fmt: skip
WRONG = [
    ({"sms": "pigeon://coop"}, f"KABINET_SMS: unknown scheme 'pigeon'; known: {', '.join(schemes_of('sms'))}"),
    ({"sms": "smtp://u:p@host/x"}, f"KABINET_SMS: unknown scheme 'smtp'; known: {', '.join(schemes_of('sms'))}"),
    ({"sms": "http+kannel://u:p@/x"}, "KABINET_SMS: the host is missing"),
    ({"sms": "http+kannel://u:p@a..b/x"}, "KABINET_SMS: the host is no host"),
    ({"sms": "http+kannel://u:p@host:0/x"}, "KABINET_SMS: the port must be 1 to 65535"),
    ({"sms": "http+kannel://u:p@host:x/x"}, "KABINET_SMS: the address cannot be read"),
    ({"sms": "http+kannel://u@host/x"}, f"KABINET_SMS: user and password are missing: {KANNEL}"),
    ({"sms": "https+kannel://u:p@host"}, f"KABINET_SMS: the path is missing: {KANNEL}"),
    ({"sms": "http+kannel://u:p@host/x,https+kannel://u:p@host"}, f"KABINET_SMS: the path is missing: {KANNEL}"),
    (
        {"sms": "smpp://portal@host"},
        f"KABINET_SMS: the password must be 1 to 64 Latin letters, digits and signs: {SMPP}",
    ),
    (
        {"sms": "smpp://a-name-that-is-too-long:p@host"},
        f"KABINET_SMS: the system_id must be 1 to 15 Latin letters, digits and signs: {SMPP}",
    ),
    ({"sms": "smpp://u:p@host/path"}, f"KABINET_SMS: write no path: {SMPP}"),
    (
        {"sms": "smpp://u:p@host?windw=5"},
        "KABINET_SMS: ?windw=… is no option; known: window, long, source, destination, system_type, ids, line",
    ),
    ({"sms": "smpp://u:p@host?window=0"}, "KABINET_SMS: ?window=…: write a number from 1 to 999"),
    (
        {"sms": "smpp://u:p@host?source=5"},
        "KABINET_SMS: ?source=…: write type of number and numbering plan, such as 5.0",
    ),
    (
        {**PRODUCTION, "sms": "smpp://u:p@host"},
        "KABINET_SMS: smpp is only for a gateway on this host; write smpps, or ?line=private for a VPN",
    ),
    ({"sms": "https+smsc://u@host/sys/send.php"}, f"KABINET_SMS: login and password are missing: {SMSC}"),
    ({"sms": "https+smsc://u:p@host/sys"}, f"KABINET_SMS: the path does not end with /send.php: {SMSC}"),
    (
        {"sms": KANNEL.replace("port", "1"), "sms_call": "on"},
        "KABINET_SMS_CALL: no gateway of KABINET_SMS can call; those can: https+smsc, http+smsc",
    ),
    (
        {"sms": "http+smsc://u:p@host/sys/send.php"},
        "KABINET_SMS: http+smsc is only for a gateway on this host; write https+smsc",
    ),
    (
        {"sms": "http+kannel://u:p@Host:1/x,http+kannel://v:p@host:1/y"},
        "KABINET_SMS: two gateways are called host:1: give each a name, such as …#first",
    ),
    (
        {"sms": "http+kannel://u:p@host/x#a,b"},
        "KABINET_SMS: unknown scheme 'none'; known: " + ", ".join(schemes_of("sms")),
    ),
    (
        {"sms": "http+kannel://u:p@host/x#a%20b"},
        "KABINET_SMS: the name behind # is at most 50 Latin letters, digits and signs of ._:-",
    ),
    (
        {**PRODUCTION, "sms": "http+kannel://u:p@sms.example.org/x"},
        "KABINET_SMS: http+kannel is only for a gateway on this host; write https+kannel",
    ),
    (
        {**MAIL, "mail": "mail.example.org"},
        f"KABINET_MAIL: unknown scheme 'none'; known: {', '.join(schemes_of('email'))}",
    ),
    ({**MAIL, "mail": "smtp://host?tls=off"}, "KABINET_MAIL: the only option is ?tls=none"),
    ({**MAIL, "mail": "smtp://host/inbox"}, "KABINET_MAIL: write no path: smtp://user:pass@host:587"),
    ({**MAIL, "mail": "smtp://u@host"}, "KABINET_MAIL: user and password go together: smtp://user:pass@host:587"),
    ({**MAIL, "mail": "smtps://localhost?tls=none"}, "KABINET_MAIL: smtps and ?tls=none contradict each other"),
    ({**MAIL, "mail": "smtp://host?tls=none"}, "KABINET_MAIL: ?tls=none is only for a relay on this host"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_a_wrong_address_is_told_in_the_words_of_its_channel(given: dict[str, str], said: str) -> None:
    settings = Settings(_env_file=None, **given)  # type: ignore[call-arg, arg-type]
    with pytest.raises(SettingsError) as caught:
        check_channels(settings)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "given",
    [
        {"sms": "https+kannel://u:p@sms.example.org/x"},
        {"sms": KANNEL.replace("port", "1")},
        {**PRODUCTION, "sms": "smpp://u:p@host?line=private,smpps://u:p@host:3550?window=50&long=payload#main"},
        {"sms": "outbox:", "sms_call": "on"},
        {"sms": f"{KANNEL.replace('port', '1')},{SMSC}", "sms_call": "on"},
        {"sms": f"{SMSC}#main,http+smsc://login:p%40@127.0.0.1:8080/sys/send.php"},
        {"sms": "http+kannel://u:p@host:1/x#a,http+kannel://v:p@host:1/y#b,http+kannel://v:p@host:2/y"},
    ],
)
def test_a_right_address_is_taken(given: dict[str, str]) -> None:
    check_channels(Settings(_env_file=None, **given))  # type: ignore[call-arg, arg-type]


def test_neither_the_portal_nor_a_command_starts_with_a_wrong_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    given, said = WRONG[0]
    monkeypatch.setenv("KABINET_SMS", given["sms"])
    with pytest.raises(SystemExit, match=said.replace("+", r"\+")):
        create_app()
    assert CliRunner().invoke(delivery_group, ["run"]).stderr == f"{said}\n"


def test_every_channel_says_how_it_is_set_up() -> None:
    """Docs name the command, so that a new channel is documented by its own file."""
    said = CliRunner().invoke(delivery_group, ["channels"]).stdout
    for channel in CHANNELS:
        assert all(f"{scheme}:" in channel.setup for scheme in channel.schemes), channel
        assert f"{SETTING_OF[channel.kind]}: {channel.setup}\n" in said


def test_no_two_channels_have_one_scheme() -> None:
    schemes = [scheme for channel in CHANNELS for scheme in channel.schemes]
    assert sorted(schemes) == sorted(set(schemes))


def test_the_schemes_of_the_channels_that_came_first() -> None:
    assert schemes_of("sms")[:3] == ["outbox:", "http+kannel", "https+kannel"]
    assert schemes_of("email")[:3] == ["outbox:", "smtp", "smtps"]
