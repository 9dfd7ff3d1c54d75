"""`litestar staff`: who of the company may sign in at /staff."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import click

from db.engine import Engine
from domain.portal import make_portal
from domain.scope import NOBODY, Scope
from domain.staff import people
from domain.staff.people import Invited, Person, Role
from domain.values.people import read_email
from routes.cli.running import database_time, loaded_settings, refuse, run_with_database


@click.group("staff")
def staff_group() -> None:
    """Add, list, reset and remove the people who may sign in at /staff."""


@staff_group.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
def add(email: str, role: str) -> None:
    """Add a person. Prints and mails a link to a password and a second factor: 24 hours, one use."""

    async def work(scope: Scope) -> None:
        invited = await people.add(scope, _read(email), Role(role), None)
        if invited is None:
            refuse(f"{email[:100]} is there already; `litestar staff reset` sends a new link")
        _print_link(scope, invited)

    _run(work)


@staff_group.command("list")
def list_everybody() -> None:
    """Print address, role and whether the person has begun."""

    async def work(scope: Scope) -> None:
        everybody = await people.everybody(scope)
        width = max((len(person.email) for person in everybody), default=0)
        for person in everybody:
            click.echo(f"{person.email.ljust(width)}  {person.role:<8}  {'' if person.begun else 'link sent'}".rstrip())
        if not everybody:
            click.echo("Nobody; add a person with `litestar staff add`")

    _run(work)


@staff_group.command("remove")
@click.argument("email")
def remove(email: str) -> None:
    """End every way in of a person. What they did stays in the journal."""

    async def work(scope: Scope) -> None:
        person = await _found(scope, email)
        await people.remove(scope, person.id, None)
        click.echo(f"{person.email} cannot sign in any more")

    _run(work)


@staff_group.command("reset")
@click.argument("email")
def reset(email: str) -> None:
    """Take password and second factors away, and print and mail a new link."""

    async def work(scope: Scope) -> None:
        invited = await people.reset(scope, (await _found(scope, email)).id, None)
        assert invited is not None
        _print_link(scope, invited)

    _run(work)


def _run(work: Callable[[Scope], Awaitable[None]]) -> None:
    settings = loaded_settings()

    async def scoped(_: Engine) -> None:
        await work(Scope(make_portal(settings), NOBODY, await database_time()))

    run_with_database(settings, scoped)


def _read(email: str) -> str:
    return read_email(email) or refuse(f"{email[:100]!r} is no e-mail address")


async def _found(scope: Scope, email: str) -> Person:
    return await people.find(scope, _read(email)) or refuse(f"There is nobody with the address {email[:100]!r}")


def _print_link(scope: Scope, invited: Invited) -> None:
    hours = scope.settings.staff_link_lifetime / 3600
    click.echo(f"Good once, for {hours:g} hours; it was mailed too:\n{invited.link}")
