"""What docs/operating.md and README.md tell an operator to type: every command exists, and those of the guide run."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from litestar.cli.main import litestar_group

from app import Commands
from tests.commands import LITESTAR, Command
from tests.conftest import SECRET
from tests.databases import empty_postgres

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/operating.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
# Without its remark; a line of a here-document or an assignment is no command of ours.
TYPED = [line.partition("  #")[0].partition(" # ")[0].strip() for block in BLOCKS for line in block.splitlines()]
OURS = [line.removeprefix("kabinet ") for line in TYPED if line.startswith("kabinet ")]
# What needs more than a clean folder ends by itself, and says what it lacks.
LACKING = {
    "delivery test": "is outbox: there is nothing to try",
    "requests show": "no connection request '17'",
    "requests handled": "no connection request '17'",
    "secret rotate": "KABINET_SECRET_PREVIOUS",
}


def _command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that `words` begin with, and what is left for it."""
    command: click.Command = litestar_group
    Commands().on_cli_init(litestar_group)
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("document", ["README.md", *sorted(f"docs/{one.name}" for one in (ROOT / "docs").glob("*.md"))])
def test_every_command_and_option_in_a_document_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    code = [
        *re.findall(r"`([^`\n]+)`", text),
        *"\n".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)).splitlines(),
    ]
    for line in code:
        found = re.match(r"(?:\S*/)?(?:litestar|kabinet) ([a-z].*)", line.partition("  #")[0])
        if found is None or "…" in found[1] or ": " in found[1]:
            continue
        command, rest = _command(found[1].split())
        assert command is not litestar_group, line
        options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        # A group alone, or followed by nothing that it does not know.
        assert not isinstance(command, click.Group) or not rest or rest[0].startswith("-"), line
        assert {word for word in rest if word.startswith("--")} <= options | {"--help"}, line


def test_the_shell_of_the_guide_can_be_read_and_names_files_that_exist() -> None:
    assert len(BLOCKS) > 8
    for block in BLOCKS:
        subprocess.run(["sh", "-n"], input=block, text=True, check=True)
    named = re.findall(r'\$FILES"?/([\w/.*-]+)', GUIDE)
    assert len(named) > 4
    assert [name for name in named if not list((ROOT / "deploy").glob(name))] == []
    units = {re.sub(r"@\d", "@", one) for one in re.findall(r"\bkabinet(?:@1|-\w+\.timer|-delivery|\.socket)\b", GUIDE)}
    there = {path.name.removesuffix(".service") for path in (ROOT / "deploy/systemd").iterdir()}
    assert units <= there


def test_the_commands_of_the_guide_run_in_its_order(postgres_uri: str, tmp_path: Path) -> None:
    for folder in ("backups", "files", "watched"):
        (tmp_path / folder).mkdir()
    for place in (tmp_path, tmp_path / "files"):
        (place / "accounts.csv").write_text("account_number;address\n7000000111;ул. Липовая, д. 3, кв. 1\n", "utf-8")
        (place / "bills.csv").write_text("account_number;period;amount\n7000000111;2026-09;1234,56\n", "utf-8")
    empty = asyncio.run(empty_postgres(postgres_uri))
    assert len(OURS) > 20
    for line in dict.fromkeys(OURS):
        words = shlex.split(
            line.replace("postgresql://portal@host/kabinet", empty).replace("/srv/kabinet/files", "watched")
        )
        # Of what goes on until it is ended, one round; a restore goes into a database of its own.
        words += ["--once"] if "watch" in words else []
        environment = {
            "PATH": "/usr/bin:/bin",
            "KABINET_SECRET": SECRET,
            "KABINET_DATABASE": "sqlite:restored.sqlite" if words[0] == "restore" else "sqlite:kabinet.sqlite",
        }
        done = Command(LITESTAR, words, environment, tmp_path).finished()
        lacking = LACKING.get(" ".join(words[:2]))
        if lacking:
            assert (done.returncode, lacking in done.stderr) == (1, True), line + done.stderr
        else:
            # What `doctor` says of this machine is its own.
            assert done.returncode in ({0, 1, 2} if words[0] == "doctor" else {0}), line + done.stderr
