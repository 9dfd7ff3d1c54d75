"""KABINET_* from the environment or `.env`: read, checked and frozen once.

A wrong value raises `SettingsError` whose text is one line that names the variable and says what is wrong. What an
address of a channel may say, the channel knows: domain/delivery/channels/ checks KABINET_SMS and KABINET_MAIL.
Durations are seconds unless a name says otherwise.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import idna
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

OUTBOX = "outbox:"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SHORTEST_SECRET = 32
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class SettingsError(Exception):
    """One line for the operator."""


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def address_parts(value: str) -> SplitResult:
    """Raises ValueError with what is wrong."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("the address cannot be read") from None
    if port == 0:
        raise ValueError("the port must be 1 to 65535")
    return parts


_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?")
_PORTS = {"http": 80, "https": 443}


def written_host(parts: SplitResult) -> str:
    """The host as it goes over the wire: lower case, and ASCII (IDNA 2008). Raises ValueError where it is none."""
    name = parts.hostname or ""
    try:
        if "[" in parts.netloc:
            return f"[{IPv6Address(name)}]"
        written = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except ValueError:
        written = ""
    if not _HOST.fullmatch(written) or len(written) > 253:
        raise ValueError("the host is no host")
    return written


def host_and_port(value: str) -> tuple[str, int]:
    """Of an address to listen on. Raises ValueError."""
    host, _, port = value.rpartition(":")
    if not _is_port(port) or not _HOST.fullmatch(host.strip("[]").replace(":", "-")):
        raise ValueError("write host and port, such as 127.0.0.1:9100")
    return host.strip("[]"), int(port)


# As much as a column of the database holds; of seconds, as much as any time still has a year of four digits after.
Positive = Annotated[int, Field(gt=0, le=2**31 - 1)]
# How long the portal may wait for something, with a customer before the screen.
Seconds = Annotated[int, Field(ge=1, le=300)]
Percent = Annotated[int, Field(ge=1, le=80)]
Commas = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """See the table in README.md. Secrets are kept out of `repr`."""

    model_config = SettingsConfigDict(
        env_prefix="KABINET_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    mode: Literal["development", "production"] = "development"
    database: str = Field(default="sqlite:kabinet.sqlite", repr=False)
    migrate: Literal["on", "off"] = "on"
    secret: str = Field(default="", repr=False)
    secret_previous: str = Field(default="", repr=False)
    public_url: str = "http://127.0.0.1:8000"
    tracks: Commas = ("account", "card")
    timezone: str = "Europe/Moscow"
    templates: Path | None = None
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    body_bytes: Positive = 64 * 1024
    registry_bytes: Positive = 100 * 2**20
    log_level: Literal["debug", "info", "warning"] = "info"
    metrics: str = ""
    postgres_pool: Annotated[int, Field(ge=1, le=1000)] = 10
    postgres_connect_timeout: Seconds = 3
    postgres_pool_timeout: Seconds = 5
    postgres_statement_timeout: Seconds = 5
    postgres_lock_timeout: Seconds = 4
    postgres_idle_timeout: Seconds = 10

    sms: Annotated[Commas, Field(repr=False)] = (OUTBOX,)
    sms_from: str = ""
    mail: str = Field(default=OUTBOX, repr=False)
    mail_from: str = ""
    staff_email: str = ""
    dkim_domain: str = ""
    dkim_selector: str = ""
    dkim_key: Path | None = None
    sms_unknown: Literal["next", "keep"] = "next"
    sms_call: Literal["on", "off"] = "off"
    sms_money_low: Annotated[int, Field(ge=0, le=2**31 - 1)] = 300
    delivery: Literal["inside", "separate"] = "inside"
    captcha_code: str = ""

    code_digits: Annotated[int, Field(ge=4, le=10)] = 6
    code_lifetime: Positive = 10 * _MINUTE
    code_tries: Positive = 5
    code_tries_day: Positive = 20
    sms_waits: Annotated[tuple[Positive, ...], NoDecode, Field(min_length=1)] = (60, 120, 300)
    sms_per_phone_hour: Positive = 5
    sms_per_phone_day: Positive = 8
    sms_per_ip_hour: Positive = 30
    sms_per_ip_day: Positive = 250
    sms_range_digits: Annotated[int, Field(ge=2, le=8)] = 5
    sms_per_range_hour: Positive = 1000
    sms_per_range_day: Positive = 8000
    sms_budget_hour: Positive = 6000
    sms_budget_day: Positive = 40000
    sms_governor: Literal["auto", "on", "off"] = "auto"
    sms_floors: Annotated[tuple[Percent, ...], NoDecode, Field(min_length=3, max_length=3)] = (40, 20, 10)
    sms_budget_registration_day: Positive | None = None
    sms_budget_recovery_day: Positive | None = None
    recovery_requests_ip_hour: Positive = 120
    network_24: Positive = 4
    network_56: Positive = 2
    network_48: Positive = 8
    sms_countries: Commas = ("RU",)
    sign_in_tries: Positive = 5
    sign_in_tries_anywhere_hour: Positive = 20
    sign_in_lock: Positive = 15 * _MINUTE
    sign_in_failures_ip_hour: Positive = 200
    device_lifetime: Positive = 365 * _DAY
    bill_tries_phone_day: Positive = 5
    bill_tries_account_day: Positive = 10
    bill_accounts_phone_day: Positive = 10
    bill_proof: Literal["amount", "two-amounts", "birth-date"] = "amount"
    answer_days: Positive = 3
    email_link_lifetime: Positive = 3 * _DAY
    card_tries_hour: Positive = 5
    card_tries_ip_hour: Positive = 20
    card_link_lifetime: Positive = 24 * _HOUR
    card_phone_tries: Positive = 5
    sms_password_lifetime: Positive = 72 * _HOUR
    captcha_lifetime: Positive = 5 * _MINUTE
    captcha_pictures_ip_hour: Positive = 600
    captcha_voices_ip_hour: Positive = 60
    journal_days: Positive = 1095
    outbox_days: Positive = 90
    request_days: Positive = 365
    # A year is shown at once.
    bill_periods: Annotated[int, Field(ge=12, le=1200)] = 36
    session_idle: Positive = 30 * _MINUTE
    session_lifetime: Positive = 12 * _HOUR
    remember_lifetime: Positive = 30 * _DAY
    password_again: Positive = 10 * _MINUTE
    staff_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    staff_link_lifetime: Positive = _DAY
    staff_session_idle: Positive = 15 * _MINUTE
    staff_session_lifetime: Positive = 8 * _HOUR
    staff_again: Positive = 5 * _MINUTE
    staff_searches_hour: Positive = 60
    staff_searches_day: Positive = 300
    password_queue: Annotated[int, Field(ge=4)] = 32
    password_min: Annotated[int, Field(ge=8, le=64)] = 10
    password_max: Annotated[int, Field(ge=64, le=1024)] = 128
    password_needs: Commas = ()

    @property
    def production(self) -> bool:
        return self.mode == "production"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def origin(self) -> str:
        """Scheme, host and port that unsafe requests must come from."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def registration_budget(self) -> int:
        """What registrations may take of `sms_budget_day`; what they leave is there for recovery."""
        return self.sms_budget_registration_day or max(3000, self.sms_budget_day * 3 // 5)

    @property
    def recovery_budget(self) -> int:
        return self.sms_budget_recovery_day or max(2000, self.sms_budget_day * 2 // 5)

    @field_validator("tracks", "sms", "sms_countries", "password_needs", "sms_waits", "sms_floors", mode="before")
    @classmethod
    def _commas(cls, value: Any) -> Any:
        return _split(value)

    @field_validator("trusted_proxies", "staff_networks", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        networks = []
        for part in _split(value):
            try:
                networks.append(ip_network(part))
            except ValueError:
                raise ValueError(f"{part!r} is neither an address nor a network such as 10.0.0.0/8") from None
        return tuple(networks)

    @field_validator("database")
    @classmethod
    def _database(cls, value: str) -> str:
        if value.startswith("sqlite:"):
            path = value.removeprefix("sqlite:")
            if path.startswith("//"):
                raise ValueError("write sqlite:file.sqlite or sqlite:/folder/file.sqlite, without two slashes")
            if path in {"", ":memory:"}:
                raise ValueError("name the file: sqlite:kabinet.sqlite")
            if not Path(path).absolute().parent.is_dir():
                raise ValueError(f"the folder of {path} does not exist")
            if Path(path).is_dir():
                raise ValueError(f"{path} is a folder")
            if Path(path).exists() and not Path(path).is_file():
                raise ValueError(f"{path} is not a regular file")
            return value
        if value.startswith(("postgresql://", "postgres://")):
            options = parse_qs(address_parts(value).query, keep_blank_values=True)
            if not all(map(_is_port, ",".join(options.get("port", ["5432"])).split(","))):
                raise ValueError("the port must be 1 to 65535")
            return value
        raise ValueError("unknown scheme; known: sqlite:, postgresql://")

    @field_validator("templates", mode="before")
    @classmethod
    def _templates(cls, value: Any) -> Any:
        """A folder by its full name: commands and workers may run elsewhere."""
        if not value:
            return None
        folder = Path(value).expanduser().absolute()
        if not folder.is_dir():
            raise ValueError(f"{value} is no folder")
        return folder

    @field_validator("dkim_key", mode="before")
    @classmethod
    def _dkim_key(cls, value: Any) -> Any:
        return Path(value).expanduser().absolute() if value else None

    @field_validator("dkim_domain", "dkim_selector")
    @classmethod
    def _dkim(cls, value: str, info: ValidationInfo) -> str:
        is_domain = info.field_name == "dkim_domain"
        whole = not re.search(r"[\s@:/\[\]]", value)
        if value and is_domain and not (whole and "." in written_host(SplitResult("", value, "", "", "")).strip(".")):
            raise ValueError("write the domain that signs, such as example.org")
        if value and not is_domain and not _HOST.fullmatch(value):
            raise ValueError("write the name of the key, such as main: small Latin letters, digits, - and dots")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        """As browsers write it in `Host` and `Origin`, which are compared with it."""
        parts = address_parts(value)
        more = parts.path.strip("/") or re.search(r"[\s?#@\\]", value)
        if parts.scheme not in _PORTS or not parts.hostname or more:
            raise ValueError("write scheme and host only, such as https://kabinet.example.org")
        port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
        return f"{parts.scheme}://{written_host(parts)}{port}"

    @field_validator("metrics")
    @classmethod
    def _metrics(cls, value: str) -> str:
        if value:
            host_and_port(value)
        return value

    @field_validator("tracks")
    @classmethod
    def _tracks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - {"account", "card"} or len(set(value)) < len(value):
            raise ValueError("write account, card, or account,card")
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(f"{value!r} is not a time zone such as Europe/Moscow") from None
        return value

    @field_validator("sms")
    @classmethod
    def _sms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one channel")
        if OUTBOX in value and len(value) > 1:
            raise ValueError("outbox: cannot be one of several channels")
        if len(set(value)) < len(value):
            raise ValueError("the same channel stands there twice")
        return value

    @field_validator("sms_floors")
    @classmethod
    def _sms_floors(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if sorted(value, reverse=True) != list(value):
            raise ValueError("write three falling shares, such as 40,20,10")
        return value

    @field_validator("sms_from")
    @classmethod
    def _sms_from(cls, value: str) -> str:
        if not re.fullmatch(r"[!-~](?:[ -~]{0,18}[!-~])?|", value):
            raise ValueError("write at most 20 Latin letters, digits and signs")
        return value

    @field_validator("mail_from", "staff_email")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        # Read as the e-mails read it: what cannot be read there would stop every one of them.
        address = parseaddr(value)[1]
        local, at, domain = address.rpartition("@")
        if not local or not at or re.search(r'[\s<>"(),:;@\\\x00-\x1f\x7f]', local):
            raise ValueError(f"{value!r} is not an e-mail address; a name with signs in it goes in quotation marks")
        if value.strip() != address and not re.fullmatch(rf"[^<>\r\n]*<{re.escape(address)}>", value.strip()):
            raise ValueError(f"{value!r} is not one e-mail address")
        written_host(SplitResult("", domain, "", "", ""))
        return address if info.field_name == "staff_email" else value

    @field_validator("sms_countries")
    @classmethod
    def _countries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= SUPPORTED_REGIONS:
            raise ValueError("write ISO country codes such as RU,BY")
        return value

    @field_validator("password_needs")
    @classmethod
    def _password_needs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if set(value) - {"upper", "lower", "digit", "symbol"}:
            raise ValueError("known: upper, lower, digit, symbol")
        return value

    @field_validator("captcha_code")
    @classmethod
    def _captcha_code(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("mode") == "production":
            raise ValueError("is for development only")
        if value and not re.fullmatch("[0-9]{5}", value):
            raise ValueError("write five digits")
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        for shorter, longer in _ORDERED:
            if getattr(self, shorter) > getattr(self, longer):
                raise SettingsError(f"KABINET_{shorter.upper()}: is longer than KABINET_{longer.upper()}")
        if self.mail != OUTBOX:
            for name in ("mail_from", "staff_email"):
                if not getattr(self, name):
                    raise SettingsError(f"KABINET_{name.upper()}: is required once KABINET_MAIL is not outbox:")
        dkim = ("dkim_domain", "dkim_selector", "dkim_key")
        for name in dkim:
            if not getattr(self, name) and any(getattr(self, other) for other in dkim):
                raise SettingsError(f"KABINET_{name.upper()}: KABINET_DKIM_DOMAIN, _SELECTOR and _KEY go together")
        if self.dkim_key and not self.mail_from:
            raise SettingsError("KABINET_MAIL_FROM: is required with KABINET_DKIM_KEY")
        if self.production:
            self._production()
        if self.secret and len(self.secret) < SHORTEST_SECRET:
            raise SettingsError(f"KABINET_SECRET: write at least {SHORTEST_SECRET} characters")
        if self.secret_previous:
            self._two_secrets()
        return self

    def _two_secrets(self) -> None:
        if not self.secret:
            raise SettingsError("KABINET_SECRET: is required beside KABINET_SECRET_PREVIOUS")
        if self.secret == self.secret_previous:
            raise SettingsError("KABINET_SECRET_PREVIOUS: is the same as KABINET_SECRET")
        if len(self.secret_previous) < SHORTEST_SECRET:
            raise SettingsError("KABINET_SECRET_PREVIOUS: is too short to have been a KABINET_SECRET")

    def _production(self) -> None:
        for name in ("sms", "mail"):
            if OUTBOX in getattr(self, name):
                raise SettingsError(f"KABINET_{name.upper()}: outbox: delivers nowhere and is refused in production")
        if not self.secret:
            raise SettingsError("KABINET_SECRET: is required in production")
        if not self.public_url.startswith("https://"):
            raise SettingsError("KABINET_PUBLIC_URL: must begin with https:// in production")
        if _is_guessable(self.secret):
            raise SettingsError("KABINET_SECRET: can be guessed; make one with: openssl rand -base64 48")
        if self.database.startswith("postgres") and _crosses_the_network_unencrypted(self.database):
            raise SettingsError("KABINET_DATABASE: PostgreSQL on another host needs ?sslmode=require or stricter")
        if any(network.prefixlen == 0 for network in self.trusted_proxies):
            raise SettingsError("KABINET_TRUSTED_PROXIES: believes everyone; name the proxy")


def without_password(database: str) -> str:
    """A `KABINET_DATABASE` as it may be shown."""
    if not database.startswith("postgres"):
        return database
    parts = urlsplit(database)
    # A password may stand in the query as well.
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


# A shorter time that could never come to its end.
_ORDERED = (
    ("session_idle", "session_lifetime"),
    ("staff_session_idle", "staff_session_lifetime"),
    ("postgres_lock_timeout", "postgres_statement_timeout"),
)


def _is_guessable(secret: str) -> bool:
    """A few signs, or a short piece over and over: what a person types to be rid of the question."""
    pieces = (secret[:length] for length in range(1, 13))
    return len(set(secret)) < 8 or any((piece * len(secret))[: len(secret)] == secret for piece in pieces)


def _is_port(text: str) -> bool:
    return re.fullmatch("[1-9][0-9]{0,4}", text) is not None and int(text) < 65536


def _crosses_the_network_unencrypted(database: str) -> bool:
    parts = urlsplit(database)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if options.get("sslmode", "prefer") in {"require", "verify-ca", "verify-full"}:
        return False
    named = parts.netloc.rpartition("@")[2] or options.get("host", "")
    hosts = [re.sub(r":[0-9]*$", "", host).strip("[]") for host in named.split(",")]
    # None at all, or a folder, is a unix socket.
    return any(host and not host.startswith("/") and host not in LOOPBACK for host in hosts)


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    """A misspelt name would leave the default in force without a word."""
    known = [f"KABINET_{name.upper()}" for name in Settings.model_fields]
    for name in sorted(given):
        if name.upper().startswith("KABINET") and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)
            raise SettingsError(f"{name}: is no setting; the nearest is {near[0]}")


def _refuse_bytes(given: Mapping[str, Any]) -> None:
    """The environment may hold bytes that are no text, which Python hides in surrogates until they are encoded."""
    for name, value in given.items():
        if name.upper().startswith("KABINET") and re.search("[\ud800-\udfff]", value or ""):
            raise SettingsError(f"{name}: is not UTF-8")


def _refuse_unread_lines(file: Path) -> None:
    """A line that is no assignment is passed over by dotenv, and its setting keeps the default."""
    if not file.exists():
        return
    if not file.is_file():
        raise SettingsError(f"{file}: is not a regular file")
    for found in parse_stream(io.StringIO(file.read_text(encoding="utf-8").removeprefix("\ufeff"))):
        named = found.key is None or re.fullmatch(r"[A-Za-z0-9_.-]+", found.key)
        if found.error or not named or (found.key is not None and found.value is None):
            text = found.original.string
            line = found.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            raise SettingsError(f"{file}, line {line}: is not of the form NAME=value")


def read_settings(**instead: str) -> Settings:
    """Read and check all but the addresses of channels (domain/installation.py); raises `SettingsError`.

    `instead` of what the environment says, as `database="sqlite:other.sqlite"`, is checked in the same way.
    """
    try:
        _refuse_unread_lines(Path(".env"))
        given = {**dotenv_values(".env", encoding="utf-8"), **os.environ}
        _refuse_unknown(given)
        _refuse_bytes(given)
        settings = Settings(**instead)  # type: ignore[arg-type]
    except UnicodeDecodeError:
        raise SettingsError(".env: is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f".env: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        raise SettingsError(f"KABINET_{name}: {first['msg'].removeprefix('Value error, ')}") from None
    return settings if settings.secret else settings.model_copy(update={"secret": _kept_secret(settings.database)})


def _kept_secret(database: str) -> str:
    """The development secret beside the database: made on the first start, read on every later one."""
    folder = Path(database.removeprefix("sqlite:")).absolute().parent if database.startswith("sqlite:") else Path.cwd()
    path = folder / "kabinet.secret"
    try:
        _make_secret(path)
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(f"KABINET_SECRET: {path} cannot be used: {error}") from None
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(f"KABINET_SECRET: {path} holds no secret; put it back, or remove it to begin anew")
    return secret


def _make_secret(path: Path) -> None:
    descriptor, made = tempfile.mkstemp(prefix="kabinet.secret.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        # A link is made whole or not at all, so two first starts cannot read half a secret or each their own.
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
    finally:
        Path(made).unlink()
