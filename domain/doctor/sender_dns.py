"""Whether others can tell that e-mails from our address are ours: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489)."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import parseaddr

import dns.asyncresolver
import dns.exception
import dns.resolver
import idna
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from domain.delivery.channels.dkim_signature import Signer, signer_of
from domain.doctor.finding import Finding, green, red, unknown, yellow
from settings import OUTBOX, Settings

_SECONDS = 5.0
# The texts of a name; none where it has none. Raises OSError where no resolver answers.
Texts = Callable[[str], Awaitable[list[str]]]


async def texts_of(name: str) -> list[str]:
    try:
        answer = await dns.asyncresolver.Resolver().resolve(name, "TXT", lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise OSError(type(error).__name__) from None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


async def look_at_sender(settings: Settings, selector: str, texts: Texts = texts_of) -> AsyncIterator[Finding]:
    """`selector` names a key of DKIM, which nobody can find without it; without one, that of the settings if any."""
    if settings.mail == OUTBOX:
        return
    domain, signer = _domain(settings.mail_from), signer_of(settings)
    try:
        yield _spf(domain, await texts(domain))
        yield _dmarc(domain, await texts(f"_dmarc.{domain}"))
        if signer and selector in {"", signer.selector}:
            yield _ours(signer, await texts(f"{signer.selector}._domainkey.{signer.domain}"))
        elif selector:
            yield _dkim(domain, selector, await texts(f"{selector}._domainkey.{domain}"))
        else:
            yield unknown("DKIM", "not looked for", "name the key: litestar doctor --dkim SELECTOR")
    except OSError as error:
        yield unknown("DNS", f"no resolver answers: {error}", f"look at SPF, DKIM and DMARC of {domain} elsewhere")


def _domain(mail_from: str) -> str:
    domain = parseaddr(mail_from)[1].rpartition("@")[2]
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def _spf(domain: str, texts: list[str]) -> Finding:
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        return yellow("SPF", f"{domain} has none", f'a TXT record of {domain}: "v=spf1 a:<mail server> -all"')
    if len(found) > 1:
        return red("SPF", f"{domain} has {len(found)}: it counts as none", "leave one (RFC 7208, 4.5)")
    if found[0].lower().split()[-1] in {"+all", "all", "?all"}:
        return yellow("SPF", f"{found[0]}", "it allows everyone: end it with -all or ~all")
    return green("SPF", found[0])


def _dmarc(domain: str, texts: list[str]) -> Finding:
    found = [text for text in texts if text.lower().startswith("v=dmarc1")]
    if not found:
        return yellow("DMARC", f"{domain} has none", f'a TXT record of _dmarc.{domain}: "v=DMARC1; p=quarantine"')
    policy = dict(part.strip().split("=", 1) for part in found[0].split(";") if "=" in part).get("p", "none")
    if policy.strip().lower() == "none":
        return yellow("DMARC", found[0], "p=none asks nobody to refuse forgeries: p=quarantine or p=reject does")
    return green("DMARC", found[0])


def _ours(signer: Signer, texts: list[str]) -> Finding:
    """Whether the key that we sign with is the published one."""
    found = _dkim(signer.domain, signer.selector, texts)
    if found.level != "green":
        return found
    for key in _keys(texts):
        with contextlib.suppress(ValueError, UnsupportedAlgorithm):
            if load_der_public_key(base64.b64decode(key)) == signer.public_key:
                return green("DKIM", f"{signer.domain} has the key {signer.selector}, and we sign with it")
    advice = "publish the public key of KABINET_DKIM_KEY: openssl rsa -in FILE -pubout"
    return red("DKIM", f"{signer.domain} has another key {signer.selector} than we sign with", advice)


def _keys(texts: list[str]) -> list[str]:
    tags = [dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part) for text in texts]
    return ["".join(tag["p"].split()) for tag in tags if "p" in tag]


def _dkim(domain: str, selector: str, texts: list[str]) -> Finding:
    keys = _keys(texts)
    if not keys:
        return red("DKIM", f"{domain} has no key {selector}", "publish the key that the mail server signs with")
    if not any(keys):
        return red("DKIM", f"the key {selector} has been withdrawn", "publish the key that the mail server signs with")
    return green("DKIM", f"{domain} has the key {selector}")
