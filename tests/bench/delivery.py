"""From the commit of a code to the socket of an SMS gateway, which stands in this process.

The commit cannot be seen from outside: the time runs from the answer to the POST, which leaves right after it (so a
message may be there a little earlier than its answer), and from the POST itself, which is longer than the truth.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.bench import seed, servers
from tests.bench.cheap_passwords import CHEAP, PASSWORD
from tests.bench.driver import visitor
from tests.bench.figures import Figure, Scale
from tests.journeys.server import free_port

_FIRST_PHONE = 700_000_000
_SECONDS = 30


class Gateway:
    """Speaks Kannel's sendsms. Notes when the connection of each number's message was accepted."""

    def __init__(self) -> None:
        self.arrivals: dict[str, asyncio.Future[float]] = {}

    def expect(self, phone: str) -> asyncio.Future[float]:
        self.arrivals[phone] = asyncio.get_running_loop().create_future()
        return self.arrivals[phone]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = time.perf_counter()
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        phone = parse_qs(urlsplit(request.split()[1]).query)["to"][0]
        self.arrivals[phone].set_result(accepted)
        body = b"0: Accepted for delivery"
        writer.write(b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()


async def _measure(portal: int, port: int, scale: Scale) -> list[Figure]:
    """The portal answers at `portal` and sends to `port`."""
    gateway = Gateway()
    from_answer, from_request = [], []
    async with await asyncio.start_server(gateway, "127.0.0.1", port):
        for number in range(scale.messages):
            # A worker that looks every half second must not be met at the same moment each time.
            await asyncio.sleep(random.uniform(0, 0.7))
            phone = seed.phone(_FIRST_PHONE + number)
            arrived = gateway.expect(phone)
            customer = await visitor(portal)
            began = time.perf_counter()
            await customer.post("/registration/account/phone", {"phone": phone, "consent": "yes"})
            answered = time.perf_counter()
            async with asyncio.timeout(_SECONDS):
                at_gateway = await arrived
            customer.connection.close()
            from_answer.append((at_gateway - answered) * 1000)
            from_request.append((at_gateway - began) * 1000)
    p50 = statistics.median

    def p99(times: list[float]) -> float:
        return statistics.quantiles(times, n=100, method="inclusive")[98]

    return [
        Figure("sms", "from the answer to the gateway's socket, p50", "ms", p50(from_answer), wanted="≤ 10 ms"),
        Figure("sms-p99", "from the answer to the gateway's socket, p99", "ms", p99(from_answer)),
        Figure("sms-request", "from the request to the gateway's socket, p50", "ms", p50(from_request)),
        Figure("sms-request-p99", "from the request to the gateway's socket, p99", "ms", p99(from_request)),
    ]


def measure(scale: Scale) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        database = f"sqlite:{folder / 'kabinet.sqlite'}"
        seed.fill(database, 10, CHEAP.hash(PASSWORD))
        port = free_port()
        with servers.portal(
            database, folder, mode=scale.mode, KABINET_DELIVERY="inside",
            KABINET_SMS=f"http+kannel://user:password@127.0.0.1:{port}/cgi-bin/sendsms",
        ) as portal:  # fmt: skip
            return asyncio.run(_measure(portal.port, port, scale))
