"""`delivery run` says in one line why it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from routes.cli.delivery import delivery_group
from tests.domain.delivery.channels.schemes import schemes_of


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
