"""`delivery run` says in one line why it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from routes.cli.delivery import delivery_group
from tests.conftest import SECRET
from tests.domain.delivery.channels.schemes import schemes_of

SMS = {"KABINET_SMS": "http+kannel://u:p@127.0.0.1:1/s#first,http+kannel://u:p@127.0.0.1:2/s#second"}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "KABINET_SMS and KABINET_MAIL are both outbox: there is nothing to deliver\n"),
        (
            {"KABINET_SMS": "carrier-pigeon://coop"},
            f"KABINET_SMS: unknown scheme 'carrier-pigeon'; known: {', '.join(schemes_of('sms'))}\n",
        ),
    ],
)
def test_what_stops_the_start_is_one_line(
    environment: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("KABINET_SMS", "KABINET_MAIL", "KABINET_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(delivery_group, ["run"], env=environment)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", said)


def test_help_names_the_command() -> None:
    assert "Deliver messages until SIGTERM" in CliRunner().invoke(delivery_group, ["--help"]).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hold", "third"), "There is no gateway 'third'; known: first, second\n"),
        (("test",), "Write --sms +7…, --mail a@b, or both\n"),
        (("test", "--sms", "12"), "'12' gets no message: no number or address of the kind that the portal sends to\n"),
        (("test", "--mail", "a"), "'a' gets no message: no number or address of the kind that the portal sends to\n"),
        (("test", "--mail", "a@example.org"), "KABINET_MAIL is outbox: there is nothing to try\n"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(delivery_group, words, env={"KABINET_SECRET": SECRET, **SMS})
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", said)
