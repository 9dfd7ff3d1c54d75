"""Which hosts a request may name, and from where the pages for development and those of the staff may be seen.

The client writes `Host`: in production only that of KABINET_PUBLIC_URL is served. `X-Forwarded-Host` is never trusted;
it can only close `/dev`.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from litestar.exceptions import ClientException, NotFoundException
from litestar.types import Scope
from litestar.utils import normalize_path

from routes.client import address_of
from settings import OUTBOX, Settings

_HOST = re.compile(r"(?P<name>[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}
# Probes ask by address and know no name.
_FOR_MACHINES = "/health/"
_FORWARDED = (b"x-forwarded-for", b"x-real-ip", b"forwarded")


def read_host(text: str) -> tuple[str, int | None] | None:
    """Name and port of a `Host` header (RFC 9110, 7.2), or None where it is malformed."""
    read = _HOST.fullmatch(text.lower())
    if read is None:
        return None
    port = int(read["port"]) if read["port"] else None
    return None if port is not None and not 0 < port < 65536 else (read["name"], port)


def check_host(scope: Scope, settings: Settings) -> None:
    """400 for a malformed host, and in production for any that is not the portal's own."""
    hosts = {read_host(value) for value in _values(scope, b"host")}
    if None in hosts or len(hosts) > 1:
        raise ClientException("Malformed Host")
    if settings.production and not scope["path"].startswith(_FOR_MACHINES):
        own = urlsplit(settings.public_url)
        port = _PORTS[own.scheme]
        if {(name, given or port) for name, given in filter(None, hosts)} != {(_written(own.netloc), own.port or port)}:
            raise ClientException("Another host")


def check_development(scope: Scope, settings: Settings) -> None:
    """404 for `/dev`, unless it can show nothing real and the request comes from this machine."""
    if _is_below(scope, "/dev") and not sees_development(scope, settings):
        raise NotFoundException


def check_staff(scope: Scope, settings: Settings) -> None:
    """404 for `/staff` from outside KABINET_STAFF_NETWORKS, where these are set."""
    if settings.staff_networks and _is_below(scope, "/staff"):
        address = ip_address(address_of(scope, settings))
        if not any(address in network for network in settings.staff_networks):
            raise NotFoundException


def _is_below(scope: Scope, place: str) -> bool:
    """Whether the router takes the path for `place`, or for one below it."""
    root = scope.get("root_path", "")
    path = normalize_path(scope["path"].split(root, maxsplit=1)[-1] if root else scope["path"])
    return path == place or path.startswith(f"{place}/")


def sees_development(scope: Scope, settings: Settings) -> bool:
    """Whether whoever asks may see what helps to develop."""
    return shows_nothing_real(settings) and _is_local(scope)


def shows_nothing_real(settings: Settings) -> bool:
    """Whether every message stays in the outbox, so that `/dev/outbox` shows the codes of no real customer."""
    return not settings.production and settings.sms == (OUTBOX,) and settings.mail == OUTBOX


def _is_local(scope: Scope) -> bool:
    """Whether peer, host and every forwarded address are loopback, whether or not the proxy is trusted."""
    client = scope.get("client")
    if client is None or not is_loopback(client[0]):
        return False
    hops = [hop.strip() for name in _FORWARDED for value in _values(scope, name) for hop in value.split(",")]
    hosts = [read_host(value) for name in (b"host", b"x-forwarded-host") for value in _values(scope, name)]
    return all(map(is_loopback, hops)) and all(host is not None and is_loopback(host[0]) for host in hosts)


def is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


def _written(netloc: str) -> str:
    """The host of KABINET_PUBLIC_URL as a browser writes it."""
    return re.sub(r":[0-9]*$", "", netloc).lower()
