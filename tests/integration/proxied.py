"""The portal as deploy/ has it: processes that share a socket, and a proxy with TLS before them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from tests.browser import headers_of_a_browser
from tests.commands import APP, LITESTAR, forked
from tests.conftest import SECRET
from tests.journeys.server import free_port

ROOT = Path(__file__).parents[2]
NAME = "kabinet.example.org"


class Processes:
    """Some processes on the socket that nginx knows, which outlives them as that of systemd does."""

    def __init__(self, database: str, folder: Path) -> None:
        self.folder, self.path = folder, folder / "portal.sock"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.path))
        self.path.chmod(0o666)
        self._socket.listen(1024)
        self._running: dict[int, BaseProcess] = {}
        self._environment = {
            "PATH": os.environ["PATH"],
            "KABINET_MODE": "production",
            "KABINET_DATABASE": database,
            "KABINET_SECRET": SECRET,
            "KABINET_PUBLIC_URL": f"https://{NAME}",
            "KABINET_SMS": "smpp://portal:password@127.0.0.1:9",
            "KABINET_MAIL": "smtp://localhost:9?tls=none",
            "KABINET_MAIL_FROM": "kabinet@example.org",
            "KABINET_STAFF_EMAIL": "staff@example.org",
            "KABINET_DELIVERY": "separate",
        }

    async def start(self, number: int) -> None:
        """Returns once it says that it is ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            address = f"kabinet-{os.getpid()}-{number}-{time.monotonic_ns()}"
            systemd.bind(f"\0{address}")
            systemd.settimeout(60)
            environment = self._environment | {"NOTIFY_SOCKET": f"@{address}"}
            log = self.folder / f"portal-{number}.log"
            self._running[number] = await asyncio.to_thread(
                forked, LITESTAR, [*APP, "run"], environment, self.folder, [log, log], self._socket
            )
            assert await asyncio.to_thread(systemd.recv, 100) == b"READY=1"

    async def stop(self, number: int) -> None:
        process = self._running.pop(number)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGTERM)
        await asyncio.to_thread(process.join)

    @contextlib.asynccontextmanager
    async def running(self, numbers: int) -> AsyncIterator[None]:
        try:
            for number in range(1, numbers + 1):
                await self.start(number)
            yield
        finally:
            for number in list(self._running):
                await self.stop(number)
            self._socket.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    made = folder / "certificate.pem", folder / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    words += ["-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1", "-out", str(made[0]), "-keyout", str(made[1])]
    subprocess.run(words, capture_output=True, check=True)
    return made


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[int]:
    """Debian's, with the configuration of deploy/ but for its addresses and files; the port that speaks TLS."""
    chain, key = certificate(folder)
    plain, encrypted = free_port(), free_port()
    text = (ROOT / "deploy/nginx/kabinet.conf").read_text("utf-8")
    text = re.sub(r" *listen \[::\].*\n", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace(
        "listen 443", f"listen 127.0.0.1:{encrypted}"
    )
    for path, own in (("fullchain", chain), ("privkey", key)):
        text = text.replace(f"/etc/letsencrypt/live/{NAME}/{path}.pem", str(own))
    text = text.replace("/var/log/nginx", str(folder)).replace("/run/kabinet", str(folder))
    (folder / "site.conf").write_text(text, "utf-8")
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/nginx.pid; error_log {folder}/main.log;"
        f"events {{ worker_connections 8192; }} http {{ {places} include {folder}/site.conf; }}"
    )
    path = os.environ["PATH"] + ":/usr/sbin"
    with _running(["nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/main.log"], encrypted, path, folder):
        yield encrypted


@contextlib.contextmanager
def caddy(folder: Path) -> Iterator[int]:
    chain, key = certificate(folder)
    port = free_port()
    text = (ROOT / "deploy/caddy/Caddyfile").read_text("utf-8")
    text = text.replace("\n{\n", "\n{\n\tadmin off\n\tauto_https disable_redirects\n", 1)
    text = text.replace(f"\n{NAME} {{", f"\nhttps://{NAME}:{port} {{\n\ttls {chain} {key}\n\tbind 127.0.0.1", 1)
    text = text.replace("/var/log/caddy", str(folder)).replace("/run/kabinet", str(folder))
    (folder / "Caddyfile").write_text(text, "utf-8")
    words = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with _running(words, port, os.environ["PATH"], folder):
        yield port


@contextlib.contextmanager
def _running(words: list[str], port: int, path: str, folder: Path) -> Iterator[None]:
    log = folder / f"{words[0]}.out"
    with log.open("w") as output:
        environment = {"PATH": path, "HOME": str(folder)}
        process = subprocess.Popen(words, stdout=output, stderr=output, env=environment)
    try:
        until = time.monotonic() + 30
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until
            time.sleep(0.05)  # nothing tells when a port begins to answer
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def client(folder: Path, port: int) -> httpx.AsyncClient:
    """A browser that knows the certificate."""
    trusted = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    own = {"Host": NAME, "Sec-Fetch-Site": "same-origin", "Origin": f"https://{NAME}"}
    return httpx.AsyncClient(
        base_url=f"https://127.0.0.1:{port}", verify=trusted, headers=headers_of_a_browser() | own, timeout=30
    )


class Load:
    """Fifty requests a second whatever becomes of them: pages, and every fifth one a form that writes."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http, self._sent = http, 0
        self.outcomes: Counter[str] = Counter()
        self.faults: list[float] = []

    async def until(self, work: asyncio.Task[None], after: float = 2.0) -> None:
        """For as long as `work` runs and a little after it."""
        loop, asked = asyncio.get_running_loop(), set()
        ends = float("inf")
        begun = loop.time()
        while loop.time() < ends:
            asked.add(asyncio.create_task(self._ask()))
            if work.done() and ends == float("inf"):
                ends = loop.time() + after
            self._sent += 1
            await asyncio.sleep(max(0.0, begun + self._sent / 50 - loop.time()))
        await asyncio.gather(*asked)
        await work

    async def _ask(self) -> None:
        sni = {"sni_hostname": NAME}
        try:
            if self._sent % 5:
                answer = await self._http.get("/", extensions=sni)
            else:
                form = {"phone": "+7 912 000-00-00"}
                answer = await self._http.post("/sign-in/phone", data=form, extensions=sni, follow_redirects=False)
            outcome = str(answer.status_code)
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        self.outcomes[outcome] += 1
        if outcome not in {"200", "303"}:
            self.faults.append(time.monotonic())
