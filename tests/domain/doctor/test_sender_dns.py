"""SPF, DKIM and DMARC as they stand in the DNS."""

from __future__ import annotations

import pytest

from domain.doctor.sender_dns import look_at_sender
from settings import Settings

MAIL = {"mail": "smtp://mail.example.org", "mail_from": "Кабинет <k@пример.рф>", "staff_email": "s@example.org"}
DOMAIN = "xn--e1afmkfd.xn--p1ai"
SOUND = {
    DOMAIN: ["google-site-verification=1", "v=spf1 mx -all"],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=reject"],
    f"main._domainkey.{DOMAIN}": ["v=DKIM1; k=rsa; p=MIIB"],
}


async def _levels(selector: str, records: dict[str, list[str]]) -> dict[str, str]:
    async def texts(name: str) -> list[str]:
        return records.get(name, [])

    settings = Settings(_env_file=None, **MAIL)  # type: ignore[call-arg, arg-type]
    return {one.about: one.level async for one in look_at_sender(settings, selector, texts)}


@pytest.mark.parametrize(
    ("changed", "levels"),
    [
        ({}, {"SPF": "green", "DMARC": "green", "DKIM": "green"}),
        ({DOMAIN: []}, {"SPF": "yellow"}),
        ({DOMAIN: ["v=spf1 mx +all"]}, {"SPF": "yellow"}),
        ({DOMAIN: ["v=spf1 mx -all", "v=spf1 a -all"]}, {"SPF": "red"}),
        ({DOMAIN: ["v=spf10 mx -all"]}, {"SPF": "yellow"}),
        ({f"_dmarc.{DOMAIN}": []}, {"DMARC": "yellow"}),
        ({f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none; rua=mailto:d@example.org"]}, {"DMARC": "yellow"}),
        ({f"main._domainkey.{DOMAIN}": []}, {"DKIM": "red"}),
        ({f"main._domainkey.{DOMAIN}": ["v=DKIM1; p="]}, {"DKIM": "red"}),
    ],
)
async def test_each_record_is_judged(changed: dict[str, list[str]], levels: dict[str, str]) -> None:
    found = await _levels("main", {**SOUND, **changed})
    assert found == {"SPF": "green", "DMARC": "green", "DKIM": "green", **levels}


async def test_without_a_selector_or_a_resolver_nothing_is_claimed() -> None:
    assert (await _levels("", SOUND))["DKIM"] == "unknown"

    async def away(name: str) -> list[str]:
        raise OSError("LifetimeTimeout")

    settings = Settings(_env_file=None, **MAIL)  # type: ignore[call-arg, arg-type]
    assert [one.level async for one in look_at_sender(settings, "", away)] == ["unknown"]
    nobody = Settings(_env_file=None)  # type: ignore[call-arg]
    assert [one async for one in look_at_sender(nobody, "", away)] == []
