"""HTTP as gateways need it: one request, one short answer, and certainty about what was sent before a fault.

h11 speaks the protocol; the socket is asyncio's. A general client (httpx, aiohttp) neither tells the moment before the
first byte of a request, nor leaves half of a core to the rest of a message at a thousand a second.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast
from urllib.parse import SplitResult

import h11

from domain.delivery.channels.channel import Begin, DeliveryFailed
from domain.delivery.channels.connecting import connected
from domain.delivery.channels.http_answers import Answer
from settings import written_host

# More than any answer has; what comes after it is not read.
_ANSWER_BYTES = 16_384
# A gateway may close an idle connection just when it is used again, and then nobody knows whether it took the message.
# So connections are kept for this long only, which pays under load; and only once one was seen to stay open for as
# long, which is not the case where a gateway hangs up after each answer without a word.
_KEPT_SECONDS = 1.0


class HttpGateway:
    """Where to send. `connect` and `answer` are how long to wait for a connection and for the whole answer, seconds."""

    def __init__(self, address: SplitResult, *, connect: float, answer: float) -> None:
        host = written_host(address)
        self._host = host.strip("[]")
        # The system's certificates.
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._port = address.port or (443 if self._tls else 80)
        named = host if address.port is None else f"{host}:{address.port}"
        self._headers = [("Host", named), ("User-Agent", "kabinet"), ("Accept", "*/*")]
        self._connect_seconds, self._answer_seconds = connect, answer
        self._kept: list[_Connection] = []
        self._keeps = False
        self._trial: _Connection | None = None

    async def close(self) -> None:
        if self._trial is not None:
            self._trial.close()
        while self._kept:
            self._kept.pop().close()

    async def ask(self, target: str, begin: Begin, body: bytes | None = None) -> Answer:
        """GET, or POST of a form where there is a `body`. Raises `DeliveryFailed` for whatever is not an answer."""
        connection = await self._connected()
        try:
            await begin()
            while connection.is_closed:
                # While that was written down, the gateway has hung up; nothing was sent yet.
                connection = await self._connected()
            return await self._answer(connection, target, body)
        finally:
            self._keep(connection)

    async def _answer(self, connection: _Connection, target: str, body: bytes | None) -> Answer:
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await connection.ask(self._request(target, body), body)
        except TimeoutError:
            raise DeliveryFailed("unknown", "the gateway did not answer in time") from None
        except (OSError, h11.ProtocolError):
            raise DeliveryFailed("unknown", "the connection broke before the gateway answered") from None

    def _request(self, target: str, body: bytes | None) -> h11.Request:
        if body is None:
            return h11.Request(method="GET", target=target, headers=self._headers)
        more = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
        return h11.Request(method="POST", target=target, headers=[*self._headers, *more])

    async def _connected(self) -> _Connection:
        while self._kept:
            connection = self._kept.pop()
            if not connection.is_closed and connection.idle_for < _KEPT_SECONDS:
                return connection
            self._keeps = self._keeps and not connection.is_closed
            connection.close()
        return await connected(_Connection, self._host, self._port, self._tls, self._connect_seconds)

    def _keep(self, connection: _Connection) -> None:
        if not connection.is_reusable:
            connection.close()
        elif self._keeps:
            self._kept.append(connection)
            if len(self._kept) == 1:
                asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._let_go)
        elif self._trial is None:
            self._trial = connection
            asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._tried, connection)
        else:
            connection.close()

    def _tried(self, connection: _Connection) -> None:
        self._trial = None
        self._keeps = not connection.is_closed
        connection.close()

    def _let_go(self) -> None:
        """Close what has not been used for a while."""
        stale = [connection for connection in self._kept if connection.idle_for >= _KEPT_SECONDS]
        self._kept = [connection for connection in self._kept if connection not in stale]
        for connection in stale:
            # One that the gateway has closed within this time could have been in use again.
            self._keeps = self._keeps and not connection.is_closed
            connection.close()
        if self._kept:
            asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._let_go)


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._answer: Answer | None = None
        self._body = b""
        self._answered_at = self._loop.time()

    @property
    def is_closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    @property
    def is_reusable(self) -> bool:
        return not self.is_closed and self._http.our_state is h11.IDLE and self._http.their_state is h11.IDLE

    @property
    def idle_for(self) -> float:
        return self._loop.time() - self._answered_at

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: h11.Request, body: bytes | None) -> Answer:
        self._waiting, self._answer, self._body = self._loop.create_future(), None, b""
        said = self._http.send(request) or b""
        if body is not None:
            said += self._http.send(h11.Data(data=body)) or b""
        said += self._http.send(h11.EndOfMessage()) or b""
        assert self._transport is not None
        self._transport.write(said)
        return await self._waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._http.receive_data(data)
            while self._waiting is not None and not self._waiting.done() and self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self._fail(error)

    def eof_received(self) -> None:
        self.data_received(b"")

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail(error or ConnectionResetError("hung up"))

    def _take(self, event: h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]) -> bool:
        """Whether there may be more to take."""
        match event:
            case h11.Response():
                after = dict(event.headers).get(b"retry-after", b"")
                self._answer = Answer(event.status_code, "", float(after) if after.isdigit() else 0)
            case h11.Data():
                self._body += bytes(event.data)
                if len(self._body) >= _ANSWER_BYTES:
                    # The rest is not read: this connection is closed.
                    self._end()
            case h11.EndOfMessage():
                self._end()
                if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
                    self._http.start_next_cycle()
            case h11.ConnectionClosed():
                self._fail(ConnectionResetError("hung up"))
            case h11.InformationalResponse():
                pass
            case _:
                return False
        return True

    def _end(self) -> None:
        assert self._waiting is not None
        assert self._answer is not None
        self._answered_at = self._loop.time()
        body = self._body[:_ANSWER_BYTES].decode("utf-8", "replace").strip()
        self._waiting.set_result(Answer(self._answer.status, body, self._answer.retry_after))

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
        self.close()
