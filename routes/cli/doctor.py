"""`litestar doctor`: whether everything that the portal stands on is in order."""

from __future__ import annotations

import asyncio

import click

from domain.doctor.examination import examine
from domain.doctor.finding import Finding, Level, exit_status
from domain.doctor.settings_shown import shown_settings
from domain.installation import load_settings
from settings import Settings, SettingsError

_COLOURS: dict[Level, str | None] = {"green": "green", "yellow": "yellow", "red": "red", "unknown": None}


@click.command("doctor")
@click.option("--dkim", "selector", default="", metavar="SELECTOR", help="Look for this key of DKIM, too.")
@click.option("--settings", "only_settings", is_flag=True, help="Only list every setting, also the defaults.")
def doctor_command(selector: str, only_settings: bool) -> None:
    """Look at settings, database, gateways, mail server, the sender's DNS, the proxy and the clock.

    It connects and signs in, sends nothing and changes nothing. The exit status is 0 where all is green, 1 where
    something is yellow, 2 where something is red; what could not be looked at does not count.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        _tell("settings", Finding("red", "settings", str(error), "correct it; the rest was not looked at"))
        raise SystemExit(2) from None
    if only_settings:
        _list(settings)
        return
    _list(settings, but="default")
    raise SystemExit(exit_status(asyncio.run(_examine(settings, selector))))


async def _examine(settings: Settings, selector: str) -> set[Level]:
    levels: set[Level] = set()
    async for part, finding in examine(settings, selector):
        _tell(part, finding)
        levels.add(finding.level)
    return levels


def _tell(part: str, finding: Finding) -> None:
    level = click.style(f"{finding.level:7}", fg=_COLOURS[finding.level])
    click.echo(f"{level} {part:9} {finding.about}: {finding.found}")
    if finding.advice:
        click.echo(f"{'':17} -> {finding.advice}")


def _list(settings: Settings, but: str = "") -> None:
    """Every setting but those whose origin is `but`."""
    shown = [setting for setting in shown_settings(settings) if setting.origin != but]
    widest = max((len(setting.name) for setting in shown), default=0)
    for setting in shown:
        click.echo(f"{setting.name:{widest}}  {setting.origin:14}  {setting.value}".rstrip())
