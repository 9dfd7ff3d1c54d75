"""Who sends a request: its cookie, and the address that counts for the throttles."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from litestar import Request

from domain.scope import Client
from domain.sessions import LONGEST_TOKEN
from routes.catalogue import current
from routes.cookies import DEVICE, SESSION, read_cookie
from settings import Settings

_LONGEST_DEVICE = 2000
# Where a request carries it.
_ADDRESS = "kabinet.address"


def client_of(request: Request[Any, Any, Any], settings: Settings, session_cookie: str = SESSION) -> Client:
    token = read_cookie(request.cookies, settings, session_cookie)
    device = read_cookie(request.cookies, settings, DEVICE)
    return Client(
        token=token if token and len(token) <= LONGEST_TOKEN else None,
        ip=address_of(request.scope, settings),
        user_agent=request.headers.get("user-agent", "")[:300],
        language=current(),
        device=device if device and len(device) <= _LONGEST_DEVICE else None,
    )


def address_of(scope: Any, settings: Settings) -> str:
    """The address that counts for a request; worked out once."""
    known: str | None = scope.get(_ADDRESS)
    if known is None:
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
        client = scope.get("client")
        known = scope[_ADDRESS] = client_ip(client[0] if client else "", forwarded, settings.trusted_proxies)
    return known


def client_ip(peer: str, forwarded: str, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The peer's address; behind trusted proxies the nearest address in `forwarded` that is not such a proxy.

    Read from the right: what stands left of the first untrusted address was written by that client. A peer without an
    address is on a unix socket: a proxy of this machine, which no client from outside can imitate.
    """
    chain = [part.strip() for part in reversed(forwarded.split(",")) if part.strip()]
    chain = [peer, *chain] if peer else chain
    nearest = "0.0.0.0"  # noqa: S104 - no address, not a binding
    for hop in chain:
        try:
            address = _plain(ip_address(hop))
        except ValueError:
            break
        nearest = str(address)
        if not any(address in network for network in trusted):
            break
    return nearest


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """IPv4 also where a socket of IPv6 shows it as a mapped address; IPv6 without its zone."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))
