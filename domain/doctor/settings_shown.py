"""Every setting with its value and where that came from; secrets are masked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from domain.doctor.finding import Finding, green, red, yellow
from domain.installation import secret_hash_of
from domain.sealing import Sealing
from settings import OUTBOX, Settings, without_password

_FILE = Path(".env")
# So much of a hash tells two secrets apart, and nothing of either.
_FINGERPRINT = 8


@dataclass(frozen=True)
class ShownSetting:
    """`origin` is `environment`, `.env`, `default`, or where else the value came from."""

    name: str
    value: str
    origin: str


def shown_settings(settings: Settings, environment: Mapping[str, str] = os.environ) -> list[ShownSetting]:
    in_file = {name.upper() for name in dotenv_values(_FILE, encoding="utf-8")}
    in_environment = {name.upper() for name in environment}
    shown = []
    for field in Settings.model_fields:
        name = f"KABINET_{field.upper()}"
        origin = "environment" if name in in_environment else ".env" if name in in_file else "default"
        if field == "secret" and origin == "default":
            origin = "kabinet.secret"
        shown.append(ShownSetting(name, _shown(field, getattr(settings, field)), origin))
    return shown


def _shown(field: str, value: Any) -> str:
    match field:
        case "secret" | "secret_previous" if value:
            return f"{len(value)} characters, fingerprint {secret_hash_of(Sealing(value))[:_FINGERPRINT]}"
        case "database":
            return without_password(value)
        case "sms":
            return ",".join(_without_account(address) for address in value)
        case "mail":
            return _without_account(value)
    if Settings.model_fields[field].repr is False:
        return "set" if value else ""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _without_account(address: str) -> str:
    """An address of a channel without user and password, and without its path: some gateways have a key in it."""
    if address == OUTBOX:
        return address
    parts = urlsplit(address)
    name = f"#{parts.fragment}" if parts.fragment else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{name}"


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    if not settings.production:
        yield yellow("mode", "development", "for customers set KABINET_MODE=production")
    if settings.production and settings.log_level == "debug":
        yield yellow("log", "KABINET_LOG_LEVEL=debug", "it is for looking for a fault; set it back to info")
    for file in (_FILE, _secret_file(settings)):
        if file.exists():
            yield _of_permissions(file)
    if OUTBOX in settings.sms or settings.mail == OUTBOX:
        yield yellow("messages", "outbox: sends none", "name a gateway in KABINET_SMS and one in KABINET_MAIL")
    yield green("settings", "read and checked")


def _secret_file(settings: Settings) -> Path:
    if settings.database.startswith("sqlite:"):
        return Path(settings.database.removeprefix("sqlite:")).absolute().parent / "kabinet.secret"
    return Path("kabinet.secret")


def _of_permissions(file: Path) -> Finding:
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        return red(file.name, "others can read it, or its group can write it", f"chmod 600 {file}")
    return green(file.name, "closed to others")
