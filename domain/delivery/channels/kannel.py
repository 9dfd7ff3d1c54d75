"""SMS by Kannel's `sendsms` HTTP interface (Kannel User Guide, chapter 6, "Using the HTTP interface to smsbox").

Many commercial gateways have the same interface, so more kinds of answers are accepted than those of Kannel.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import httpx

from domain.delivery.channels.channel import DeliveryFailed, Kind, Outgoing
from settings import LOOPBACK

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0

# 3GPP TS 23.038, 6.2.1: the GSM 7 bit default alphabet and its extension table. Anything else needs UCS-2.
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)
# "Sent." is the answer of Kannel before 1.4.
_ACCEPTED = ("0:", "3:", "sent.")
_ANSWER_BYTES = 200
# Statuses that refuse our account or address, not the message: wrong password, no money left, wrong path.
_OPERATOR = frozenset({401, 402, 403, 404, 405, 407})
_BUSY = frozenset({408, 425, 429, 503})
_FORM = "http+kannel://user:pass@host:port/cgi-bin/sendsms"

# httpx logs every URL, which here holds the password, the phone and the code; httpcore logs what comes back.
# A filter holds at any level, whatever the program's logging configuration says.
for _name in ("httpx", "httpcore.connection", "httpcore.http11"):
    logging.getLogger(_name).addFilter(lambda _record: False)


class Kannel:
    """One gateway. `dsn` is `http+kannel://user:pass@host:port/cgi-bin/sendsms` or `https+kannel://…`."""

    kind: ClassVar[Kind] = "sms"
    schemes: ClassVar[tuple[str, ...]] = ("http+kannel", "https+kannel")
    setup: ClassVar[str] = f"""\
{_FORM}, or https+kannel://…
User, password and path are those of Kannel's sendsms-user, or of a gateway that speaks its interface. Signs such as
@ : / # in a password are written as %40 %3A %2F %23. http+kannel sends everything in the clear: in production it is
for a gateway on this host only. KABINET_SMS_FROM is the sender's name, where the gateway takes one."""

    @staticmethod
    def check(address: SplitResult, *, production: bool) -> None:
        if not address.username or not address.password:
            raise ValueError(f"user and password are missing: {_FORM}")
        if not address.path.strip("/"):
            raise ValueError(f"the path is missing: {_FORM}")
        if production and address.scheme == "http+kannel" and address.hostname not in LOOPBACK:
            raise ValueError("http+kannel is only for a gateway on this host; write https+kannel")

    def __init__(self, dsn: str, sender: str, *, seconds: float = WHOLE_SECONDS) -> None:
        parts = urlsplit(dsn)
        self.scheme = parts.scheme
        self._url = urlunsplit(
            (parts.scheme.removesuffix("+kannel"), parts.netloc.rpartition("@")[2], parts.path, "", "")
        )
        self._query = {"username": unquote(parts.username or ""), "password": unquote(parts.password or "")}
        if sender:
            self._query["from"] = sender
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
            # The gateway may close a kept connection just when it is used again, and then it is unknown whether the
            # message was taken. A new connection for each message costs less than a lost code.
            limits=httpx.Limits(max_keepalive_connections=0),
            # The system's certificates; no proxy from the environment sees the password.
            verify=ssl.create_default_context(),
            trust_env=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, outgoing: Outgoing) -> None:
        """Raises `DeliveryFailed`; returns once the gateway has taken the message upon itself."""
        status, answer = await self._ask(outgoing)
        if 200 <= status < 300:
            self._read_success(answer)
        elif status == 403 and answer.startswith("not routable"):
            raise DeliveryFailed("refused", "the gateway has no route to this number (403)")
        elif status in _OPERATOR:
            raise DeliveryFailed("later", f"the gateway refuses our request ({status})", operator=True)
        elif 300 <= status < 400:
            # RFC 9110, 15.4: a redirect says that the request is not fulfilled yet.
            raise DeliveryFailed("later", f"the gateway redirects elsewhere ({status})", operator=True)
        elif status in _BUSY:
            raise DeliveryFailed("later", f"the gateway cannot take it now ({status})")
        elif 400 <= status < 500:
            raise DeliveryFailed("refused", f"the gateway refused the message ({status})")
        else:
            raise DeliveryFailed("unknown", f"the gateway answered with an error of its own ({status})")

    def _read_success(self, answer: str) -> None:
        if answer.startswith(_ACCEPTED):
            return
        if answer.startswith("authorization failed"):  # Kannel before 1.4 says so with 202
            raise DeliveryFailed("later", "the gateway refuses our password", operator=True)
        raise DeliveryFailed("unknown", "the gateway's answer makes no sense")

    async def _ask(self, outgoing: Outgoing) -> tuple[int, str]:
        """Status and the beginning of the body, in lower case."""
        text = outgoing.content.text
        query = {
            **self._query,
            # With the plus: smsbox takes it (`sendsms-chars` is "0123456789 +-" by default) and the SMPP driver
            # reads a number without it as a national one (gw/smsc/smsc_smpp.c, msg_to_pdu).
            "to": outgoing.to,
            "text": text,
            "charset": "UTF-8",
            "coding": "0" if set(text) <= _GSM_7 else "2",
        }
        try:
            async with asyncio.timeout(self._seconds):
                async with self._client.stream("GET", self._url, params=query) as response:
                    return response.status_code, await _beginning(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise DeliveryFailed("later", "the gateway cannot be reached") from None
        except (TimeoutError, httpx.TimeoutException):
            raise DeliveryFailed("unknown", "the gateway did not answer in time") from None
        except httpx.HTTPError:
            raise DeliveryFailed("unknown", "the connection broke before the gateway answered") from None


async def _beginning(response: httpx.Response) -> str:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) >= _ANSWER_BYTES:
            break
    return body[:_ANSWER_BYTES].decode("utf-8", "replace").strip().lower()
