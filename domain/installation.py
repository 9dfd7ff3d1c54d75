"""The settings and the database of this installation, and whether both belong to the same `KABINET_SECRET`.

With another secret no phone would be found by its hash, so customers could not sign in and would register twice, and
waiting messages would be lost.
"""

from __future__ import annotations

import contextlib
import hmac
import sqlite3
from collections.abc import AsyncIterator

import asyncpg

from db import installation
from db.engine import Engine, make_engine, opened
from db.migrate import SchemaError, migrate, require_schema
from db.postgres import PostgresLimits
from db.unavailable import DatabaseUnavailableError, one_line
from domain.delivery.channels import check_channels
from domain.sealing import Sealing
from settings import Settings, read_settings


class WrongSecretError(Exception):
    """Raised before anything is written."""


# What keeps the portal and every command from starting.
UNUSABLE = (
    DatabaseUnavailableError,
    SchemaError,
    WrongSecretError,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


def load_settings() -> Settings:
    """The settings, all of them checked: for the portal and for every command. Raises `SettingsError`."""
    settings = read_settings()
    check_channels(settings)
    return settings


@contextlib.asynccontextmanager
async def opened_installation(settings: Settings) -> AsyncIterator[Engine]:
    """The database, open, with its schema up to date. Raises one of `UNUSABLE`."""
    async with opened(make_engine(settings.database, _limits(settings))) as engine:
        await (migrate(engine) if settings.migrate == "on" else require_schema())
        await require_secret(Sealing(settings.secret))
        yield engine


def error_line(error: BaseException) -> str:
    """One of `UNUSABLE` as one line for the operator."""
    if isinstance(error, WrongSecretError):
        return "KABINET_SECRET: is not the one that this database was begun with"
    if isinstance(error, DatabaseUnavailableError | SchemaError):
        return f"The database cannot be used: {error}"
    return f"The database cannot be used: {one_line(error)}"


async def probe() -> None:
    """Read the schema and write. Raises what the database raises."""
    await installation.probe()


async def require_secret(sealing: Sealing) -> None:
    """Raise `WrongSecretError` unless the database belongs to this secret.

    One that does not say whose it is becomes this secret's, unless it holds sealed values and this secret opens none.
    """
    own = sealing.keyed_hash("installation", "secret")
    if await installation.secret_hash() is None:
        samples = await installation.newest_sealed()
        if samples and not any(_opens(sealing, sample) for sample in samples):
            raise WrongSecretError
        await installation.keep_secret_hash(own)
    if not hmac.compare_digest(str(await installation.secret_hash()), own):
        raise WrongSecretError


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
