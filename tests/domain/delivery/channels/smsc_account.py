"""SMSC's HTTP interface on loopback, as https://smsc.ru/api/http/ describes it: one account and its messages."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


@dataclass
class SmscAccount:
    """`errors` are answered instead, by script, one after the other: an error, an HTTP status, "hang", or any body."""

    login: str = "portal"
    password: str = "secret"
    balance: float = 100.0
    port: int = 0
    # Each message: its fields, and the status that status.php tells.
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    errors: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    pause: float = 0.0
    # Told of each moment of a conversation.
    moment: Callable[[str], None] = lambda _: None

    def dsn(self) -> str:
        return f"http+smsc://{self.login}:{self.password}@127.0.0.1:{self.port}/sys/send.php"

    def answer(self, script: str, fields: dict[str, str]) -> Any:
        if (fields.get("login"), fields.get("psw")) != (self.login, self.password) and fields.get("apikey") != "key":
            return {"error": "authorise error", "error_code": 2}
        assert (fields["fmt"], fields["charset"]) == ("3", "utf-8")
        if self.at_once > 15:
            return {"error": "too many concurrent requests", "error_code": 9}
        return {"send.php": self._send, "status.php": self._status, "balance.php": self._balance}[script](fields)

    def _send(self, fields: dict[str, str]) -> Any:
        if any((one["phones"], one["mes"]) == (fields["phones"], fields["mes"]) for one in self.messages.values()):
            return {"error": "duplicate request, wait a minute", "error_code": 9}
        self.messages[fields["id"]] = fields
        self.balance -= 3.05
        return {"id": int(fields["id"]), "cnt": 1, "cost": "3.05", "balance": f"{self.balance:.2f}"}

    def _status(self, fields: dict[str, str]) -> Any:
        phones, numbers = fields["phone"].rstrip(",").split(","), fields["id"].rstrip(",").split(",")
        return [self._one(phone, number) for phone, number in zip(phones, numbers, strict=True)]

    def _one(self, phone: str, number: str) -> dict[str, Any]:
        known = self.messages.get(number, {}).get("phones") == phone
        status = self.statuses.get(number, -1) if known else -3
        told = {"status": status, "last_date": "15.09.2026 14:30:07", "last_timestamp": 1789471807, "flag": 0, "err": 0}
        return {**told, "id": int(number), "phone": phone.lstrip("+")}

    def _balance(self, fields: dict[str, str]) -> Any:
        return {"balance": f"{self.balance:.2f}", "currency": "RUR"}

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.moment("connected")
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            length = next(int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:"))
            body = await reader.readexactly(length)
            script = head.split(" ", 2)[1].removeprefix("/sys/")
            fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self.asked.append((script, fields))
            self.moment("asked")
            await asyncio.sleep(self.pause)
            instead = self.errors.get(script, [])
            given = instead.pop(0) if instead else self.answer(script, fields)
            if given == "hang":
                await asyncio.sleep(5)
            status, said = (given, "") if isinstance(given, int) else (200, given)
            text = (said if isinstance(said, str) else json.dumps(said)).encode()
            writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
            await writer.drain()
            self.moment("answered")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            writer.close()


@contextlib.asynccontextmanager
async def running_account() -> AsyncIterator[SmscAccount]:
    account = SmscAccount()
    server = await asyncio.start_server(account.talk, "127.0.0.1", 0)
    account.port = server.sockets[0].getsockname()[1]
    async with server:
        yield account
