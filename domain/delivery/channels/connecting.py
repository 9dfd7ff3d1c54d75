"""A connection to a gateway, and whose fault it is where there is none."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

from domain.delivery.channels.channel import DeliveryFailed

Protocol = TypeVar("Protocol", bound=asyncio.Protocol)


async def connected(
    make: Callable[[], Protocol], host: str, port: int, tls: ssl.SSLContext | None, seconds: float
) -> Protocol:
    """Raises `DeliveryFailed`: what breaks here has sent nothing."""
    try:
        async with asyncio.timeout(seconds):
            _, made = await asyncio.get_running_loop().create_connection(make, host, port, ssl=tls)
    except ssl.SSLCertVerificationError as error:
        reason = f"the gateway's certificate is not to be trusted: {error.verify_message}"
        raise DeliveryFailed("away", reason, operator=True) from None
    except ssl.SSLError:
        raise DeliveryFailed("away", "the gateway speaks no TLS that is to be trusted", operator=True) from None
    except (OSError, TimeoutError):
        raise DeliveryFailed("away", "the gateway cannot be reached") from None
    return made
