"""`litestar check`: the designers' files, each slip in a line. `litestar overlay`: a company's own copy of one."""

from __future__ import annotations

import click

from routes.assets import Assets
from routes.checks import design_slips
from routes.cli.running import loaded_settings, refuse
from routes.message_texts import MessageTexts
from routes.overlay import lay_over
from routes.slips import SlipError
from routes.sources import sources
from routes.templates import Templates


@click.command("check")
def check_command() -> None:
    """Check brand, templates, states, messages and texts, those of KABINET_TEMPLATES too."""
    settings = loaded_settings()
    files = sources(watch=False, own=settings.templates)
    try:
        templates = Templates(settings.zone, Assets(files), files)
        slips = list(design_slips(templates, MessageTexts(files, settings.public_url), settings))
    except SlipError as error:
        slips = list(error.slips)
    if slips:
        refuse("\n".join(map(str, slips)))


@click.command("overlay")
@click.argument("names", nargs=-1, required=True)
def overlay_command(names: tuple[str, ...]) -> None:
    """Begin a file of KABINET_TEMPLATES as a copy of ours, or note that it fits ours as it is now."""
    own = loaded_settings().templates
    if own is None:
        refuse("KABINET_TEMPLATES: is needed to lay a file over ours")
    for name in names:
        if not lay_over(own, name):
            refuse(f"{name}: there is no such file in templates/")
        click.echo(f"{own.name}/{name}")
