"""The settings and the database of this installation, and whether both belong to the same `KABINET_SECRET`.

With another secret no phone would be found by its hash, so customers could not sign in and would register twice, and
waiting messages would be lost.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator

import asyncpg

from db import installation
from db.engine import Engine, bound, make_engine, opened
from db.migrate import SchemaError, migrate, refuse_newer, require_schema
from db.postgres import PostgresLimits
from db.shapes import ContentsError
from db.unavailable import DatabaseUnavailableError, one_line
from domain.delivery.channels import check_channels
from domain.portal import sealing_of
from domain.sealing import Sealing
from settings import Settings, read_settings


class WrongSecretError(Exception):
    """Raised before anything is written; its text, where it has one, ends "KABINET_SECRET is not the one that …"."""


class RotationUnderWayError(WrongSecretError):
    """KABINET_SECRET is being replaced, and `litestar secret rotate` has not come to its end."""


# What the hash is of by which a database knows its secret.
_OWN = ("installation", "secret")
_COMING = "this database is being brought to: set that, and the former one in KABINET_SECRET_PREVIOUS"
_FORMER = "this database has rows of: set that in KABINET_SECRET_PREVIOUS until `litestar secret rotate` has ended"

# What keeps the portal and every command from starting.
UNUSABLE = (
    DatabaseUnavailableError,
    SchemaError,
    ContentsError,
    WrongSecretError,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


def load_settings(**instead: str) -> Settings:
    """The settings, all of them checked: for the portal and for every command. Raises `SettingsError`."""
    settings = read_settings(**instead)
    check_channels(settings)
    return settings


@contextlib.asynccontextmanager
async def opened_installation(settings: Settings) -> AsyncIterator[Engine]:
    """The database, open, with its schema up to date. Raises one of `UNUSABLE`."""
    async with opened(engine_of(settings)) as engine:
        await (migrate(engine) if settings.migrate == "on" else require_schema())
        sealing = sealing_of(settings)
        await require_secret(sealing)
        await note_next_secret(sealing)
        yield engine


@contextlib.asynccontextmanager
async def opened_as_it_is(settings: Settings) -> AsyncIterator[Engine]:
    """The same for who only reads: nothing is made, and a schema that is older than this program stays what it is."""
    engine = engine_of(settings)
    if not engine.exists():
        raise SchemaError("it does not exist")
    async with opened(engine):
        await refuse_newer()
        await require_secret(sealing_of(settings))
        yield engine


def engine_of(settings: Settings) -> Engine:
    return make_engine(settings.database, _limits(settings))


def error_line(error: BaseException) -> str:
    """One of `UNUSABLE` as one line for the operator."""
    if isinstance(error, RotationUnderWayError):
        return "KABINET_SECRET: is being replaced: first let `litestar secret rotate` come to its end"
    if isinstance(error, WrongSecretError):
        return f"KABINET_SECRET: is not the one that {str(error) or 'this database was begun with'}"
    if isinstance(error, DatabaseUnavailableError | SchemaError | ContentsError):
        return f"The database cannot be used: {error}"
    return f"The database cannot be used: {one_line(error)}"


async def probe() -> None:
    """Read the schema and write. Raises what the database raises."""
    await installation.probe()


async def require_secret(sealing: Sealing) -> None:
    """Raise `WrongSecretError` unless the database belongs to this secret.

    One that does not say whose it is becomes this secret's, unless it holds sealed values and this secret opens none.
    """
    if await installation.secret_hash() is None:
        samples = await installation.newest_sealed()
        if samples and not any(_opens(sealing, sample) for sample in samples):
            raise WrongSecretError
        await installation.keep_secret_hash(secret_hash_of(sealing))
    coming = await installation.next_secret_hash()
    if not is_secret_of(sealing, str(await installation.secret_hash())):
        raise WrongSecretError(_FORMER if coming == secret_hash_of(sealing) else "")
    if coming and not is_secret_of(sealing, coming):
        raise WrongSecretError(_COMING)


async def require_one_secret(sealing: Sealing) -> None:
    """For an import, which finds rows by their hashes: raise unless all of them are of its own secret."""
    await require_secret(sealing)
    if await rotation_is_under_way():
        raise RotationUnderWayError


async def rotation_is_under_way() -> bool:
    """Whether there may be rows of two secrets."""
    return await installation.next_secret_hash() != ""


async def note_next_secret(sealing: Sealing) -> None:
    """Before anything is written with the present secret: one without the other is of no use from now on."""
    if sealing.has_former:
        present, former = sealing.keyed_hashes(*_OWN)
        await installation.begin_rotation(present, former)


async def secret_fits(sealing: Sealing) -> bool | None:
    """Whether it is this database's; None for one that does not say. Nothing is written."""
    try:
        known = await installation.secret_hash()
    except bound().missing_table:
        return None
    return None if known is None else is_secret_of(sealing, known)


def secret_hash_of(sealing: Sealing) -> str:
    """By which a database and a backup tell whether a secret is theirs."""
    return sealing.keyed_hash(*_OWN)


def is_secret_of(sealing: Sealing, kept: str) -> bool:
    """Whether that is kept for this secret, or for the former one, which is still read."""
    return sealing.has_hash(kept, *_OWN)


def _opens(sealing: Sealing, sealed: str) -> bool:
    try:
        sealing.unseal(sealed)
    except ValueError:
        return False
    return True


def _limits(settings: Settings) -> PostgresLimits:
    return PostgresLimits(
        pool=settings.postgres_pool,
        connect=settings.postgres_connect_timeout,
        acquire=settings.postgres_pool_timeout,
        statement=settings.postgres_statement_timeout,
        lock=settings.postgres_lock_timeout,
        idle=settings.postgres_idle_timeout,
    )
