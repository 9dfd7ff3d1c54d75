"""A request as a server hands it on: any bytes, no client library in between that tidies or keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from litestar import Litestar

Headers = Sequence[tuple[bytes, bytes]]
FORM = (b"content-type", b"application/x-www-form-urlencoded")
OURS = (b"sec-fetch-site", b"same-origin")
HOST = (b"host", b"127.0.0.1:8000")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def all(self, name: bytes) -> list[str]:
        return [value.decode("latin-1") for key, value in self.headers if key.lower() == name]

    def one(self, name: bytes) -> str:
        return ", ".join(self.all(name))


async def ask(
    app: Litestar,
    method: str,
    target: str,
    *,
    headers: Headers = (HOST, OURS),
    body: bytes = b"",
    client: tuple[str, int] | None = ("127.0.0.1", 50000),
    scheme: str = "http",
) -> Answer:
    """What the application answers; `target` is path and query as they stand in the request line."""
    scope = http_scope(method, target, headers=headers, client=client, scheme=scheme)
    pieces = iter([{"type": "http.request", "body": body, "more_body": False}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(pieces, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    start = next(message for message in sent if message["type"] == "http.response.start")
    content = b"".join(message["body"] for message in sent if message["type"] == "http.response.body")
    return Answer(start["status"], list(start["headers"]), content)


def http_scope(
    method: str,
    target: str,
    *,
    headers: Headers = (HOST, OURS),
    client: tuple[str, int] | None = ("127.0.0.1", 50000),
    scheme: str = "http",
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": scheme,
        "path": unquote(path), "raw_path": path.encode("utf-8", "replace"), "root_path": "",
        "query_string": query.encode("utf-8", "replace"), "headers": list(headers), "client": client,
        "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
