"""The portal as customers reach it: certificate, host, and whether the proxy tells the right address of a client."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from domain.doctor.finding import Finding, green, red, unknown, yellow
from domain.portal import sealing_of
from domain.sealing import Sealing
from settings import Settings

_SECONDS = 5.0
# An address that belongs to nobody (RFC 5737): a client that claims to have it is lying.
_CLAIMED = "192.0.2.77"
# A certificate that is renewed by itself is renewed a month before.
_SOON_DAYS = 14
OWN_ADDRESS = "/health/client"
# What its hash is of.
_PROOF = ("doctor", "client")


def proof_of_operator(sealing: Sealing) -> str:
    """What shows the portal that its operator asks: nobody without `KABINET_SECRET` can make it."""
    return sealing.keyed_hash(*_PROOF)


def is_proof_of_operator(sealing: Sealing, given: str) -> bool:
    return sealing.has_hash(given, *_PROOF)


@dataclass(frozen=True)
class _Answers:
    """`days` is how long the certificate holds; None without TLS. `seen` is empty where the portal did not tell."""

    page: int
    seen: str
    days: int | None


async def look_at_public_address(settings: Settings, now: datetime) -> list[Finding]:
    address = settings.public_url
    try:
        answers = await asyncio.to_thread(_ask, settings, now)
    except ssl.SSLCertVerificationError as error:
        return [red("certificate", f"{address}: {error.verify_message}", "renew it, and serve the whole chain")]
    except (OSError, http.client.HTTPException) as error:
        advice = "is the portal running, and the proxy before it? may this machine reach its public address?"
        return [unknown("address", f"{address} cannot be reached from here: {type(error).__name__}", advice)]
    return list(_judged(answers, settings))


def _ask(settings: Settings, now: datetime) -> _Answers:
    parts = urlsplit(settings.public_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.connect()
        days = _days_left(connection.sock, now) if isinstance(connection.sock, ssl.SSLSocket) else None
        connection.request("GET", "/", headers={"X-Forwarded-For": _CLAIMED})
        page = connection.getresponse()
        page.read()
        proof = {"Authorization": f"Bearer {proof_of_operator(sealing_of(settings))}"}
        connection.request("GET", OWN_ADDRESS, headers={"X-Forwarded-For": _CLAIMED, **proof})
        told = connection.getresponse()
        body = told.read()
        seen = str(json.loads(body).get("address", "")) if told.status == 200 else ""
        return _Answers(page.status, seen, days)
    except ValueError:
        return _Answers(page.status, "", days)
    finally:
        connection.close()


def _days_left(connected: ssl.SSLSocket, now: datetime) -> int:
    ends = ssl.cert_time_to_seconds(str((connected.getpeercert() or {})["notAfter"]))
    return (datetime.fromtimestamp(ends, UTC) - now).days


def _judged(answers: _Answers, settings: Settings) -> Iterator[Finding]:
    if answers.days is not None:
        found = f"holds for {answers.days} days"
        soon = answers.days < _SOON_DAYS
        yield yellow("certificate", found, "renew it") if soon else green("certificate", found)
    if answers.page == 400:
        yield red("host", "the portal refuses its own address", "the proxy must hand Host on as it came")
    elif answers.page >= 500:
        yield red("address", f"{settings.public_url} answers {answers.page}", "look into the logs of proxy and portal")
    else:
        yield green("address", f"{settings.public_url} answers {answers.page}")
    yield _of_client(answers.seen, settings)


def _of_client(seen: str, settings: Settings) -> Finding:
    if not seen:
        advice = "is it this portal that answers there, with this KABINET_SECRET?"
        return unknown("client", "the portal did not say which address it sees", advice)
    if seen == _CLAIMED:
        return red("client", "everyone can choose the address that counts", "let the proxy overwrite X-Forwarded-For")
    address = ip_address(seen)
    if any(address in network for network in settings.trusted_proxies):
        return red("client", f"every client counts as the proxy {seen}", "let the proxy send X-Forwarded-For")
    if address.is_loopback and urlsplit(settings.public_url).hostname not in {"127.0.0.1", "::1", "localhost"}:
        return yellow("client", f"counts as {seen}", "name the proxy in KABINET_TRUSTED_PROXIES")
    return green("client", f"counts as {seen}")
