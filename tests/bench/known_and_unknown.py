"""What a stranger can measure: the answers to known and to unknown identifiers at each public step.

Run as `python -m tests.bench.known_and_unknown [samples]`: median milliseconds, bytes and status of each, in one run,
and how probable a difference as large is where there is none (Mann-Whitney, two-sided).
The bytes and the statements are compared by tests too; the times only here, for no test may hang on a clock.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx

from domain.passwords import Hasher
from domain.registry import demo_company
from domain.sealing import Sealing
from tests.journeys.server import Server, environment_of, running

_MANY = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 400
_CAPTCHA = "24680"
_SETTINGS = {
    "KABINET_TRACKS": "account,card",
    "KABINET_CAPTCHA_CODE": _CAPTCHA,
    "KABINET_CARD_TRIES_IP_HOUR": "100000",
    "KABINET_CARD_TRIES_HOUR": "100000",
    "KABINET_SIGN_IN_FAILURES_IP_HOUR": "100000",
    "KABINET_RECOVERY_REQUESTS_IP_HOUR": "100000",
    "KABINET_SMS_BUDGET_DAY": "100000",
}
# Every step has customers of its own.
_ALL = 7 * _MANY
Answer = tuple[float, int, int]
Step = Callable[[httpx.Client, int, bool], httpx.Response]


def _phone(number: int, known: bool) -> str:
    return f"+79{12 if known else 13}{3_000_000 + number}"


def _sent(visitor: httpx.Client, path: str, data: dict[str, str]) -> httpx.Response:
    return visitor.post(path, data=data)


def _registration_phone(visitor: httpx.Client, number: int, known: bool) -> httpx.Response:
    return _sent(visitor, "/registration/account/phone", {"phone": _phone(number, known), "consent": "yes"})


def _sign_in_phone(visitor: httpx.Client, number: int, known: bool) -> httpx.Response:
    return _sent(visitor, "/sign-in/phone", {"phone": _phone(number, known)})


def _sign_in_password(visitor: httpx.Client, number: int, known: bool) -> httpx.Response:
    _sign_in_phone(visitor, number, known)
    return _sent(visitor, "/sign-in/password", {"password": "not this one"})


def _sign_in_login(visitor: httpx.Client, number: int, known: bool) -> httpx.Response:
    login = f"{'kk' if known else 'uu'}{10000 + number}"
    return _sent(visitor, "/sign-in/login", {"login": login, "password": "not this one"})


def _recovery(visitor: httpx.Client, number: int, known: bool) -> httpx.Response:
    _sign_in_phone(visitor, number, known)
    return _sent(visitor, "/recovery", {})


def _recovery_code(visitor: httpx.Client, number: int, known: bool) -> httpx.Response:
    _recovery(visitor, number, known)
    return _sent(visitor, "/recovery/code", {"code": "000000"})


def _card(visitor: httpx.Client, number: int, known: bool) -> httpx.Response:
    page = visitor.get("/registration/card/card").text
    picture = re.search(r'name="picture" value="([^"]+)"', page)
    assert picture
    card = demo_company.cards()[number % 20]["card_number"] if known else f"41111111{number % 20:08d}"
    form = {"card_number": card, "email": "stranger@example.org", "captcha": _CAPTCHA, "picture": picture[1]}
    return _sent(visitor, "/registration/card/card", form)


_STEPS: dict[str, Step] = {
    "registration: phone": _registration_phone,
    "sign-in: phone": _sign_in_phone,
    "sign-in: password": _sign_in_password,
    "sign-in: login": _sign_in_login,
    "recovery: start": _recovery,
    "recovery: wrong code": _recovery_code,
    "card: not bound": _card,
}


def probability(first: list[float], second: list[float]) -> float:
    """That two samples of one source differ as much in rank: Mann-Whitney, normal approximation, ties averaged."""
    ordered = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    n, m, place, ranks, tied = len(first), len(second), 0, 0.0, 0
    for _, equal in itertools.groupby(ordered, key=lambda pair: pair[0]):
        group = list(equal)
        ranks += sum(source == 0 for _, source in group) * (place + (len(group) + 1) / 2)
        tied += len(group) ** 3 - len(group)
        place += len(group)
    above_mean = ranks - n * (n + 1) / 2 - n * m / 2
    variance = n * m / 12 * (n + m + 1 - tied / ((n + m) * (n + m - 1)))
    return math.erfc(abs(above_mean) / math.sqrt(2 * variance)) if variance else 1.0


def _answers(server: Server, step: Step, first: int) -> dict[bool, list[Answer]]:
    """Known and unknown in pairs, each in a browser of its own."""
    answers: dict[bool, list[Answer]] = {True: [], False: []}
    for number in range(first, first + _MANY):
        # By lot: the second of two finds everything warm, and a fixed order can coincide with work of the server's own.
        for known in random.sample((True, False), 2):
            with httpx.Client(base_url=server.url, headers={"Sec-Fetch-Site": "same-origin"}) as visitor:
                visitor.get("/health/live")  # the connection is there before the clock runs
                answer = step(visitor, number, known)
                milliseconds = answer.elapsed.total_seconds() * 1000
                answers[known].append((milliseconds, len(answer.content), answer.status_code))
    return answers


def _say(name: str, answers: dict[bool, list[Answer]]) -> None:
    shown = []
    measured = {known: [milliseconds for milliseconds, _, _ in answers[known]] for known in (True, False)}
    for known, times in measured.items():
        sizes = {(size, status) for _, size, status in answers[known]}
        shown.append(f"{statistics.median(times):6.1f} ms ±{statistics.stdev(times):5.1f}  {sorted(sizes)}")
    differ = statistics.median(measured[True]) - statistics.median(measured[False])
    print(  # noqa: T201 - a script
        f"{name:<22} known   {shown[0]}\n{'':<22} unknown {shown[1]}\n"
        f"{'':<22} {differ:+.2f} ms, p = {probability(measured[True], measured[False]):.2g} of {_MANY} each",
        flush=True,
    )


def _import_customers(folder: Path, environment: dict[str, str]) -> None:
    lines = ["phone;last_name;first_name;patronymic;birth_date;email;account_numbers"]
    lines += [f"{_phone(n, True)};Иванова;Мария;;;;" for n in range(_ALL)]
    (folder / "customers.csv").write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-c", "from routes.cli.registry import registry_group; registry_group()"]
    done = subprocess.run(
        [*command, "import", "customers", str(folder / "customers.csv")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _give_passwords(server: Server) -> None:
    """Make the imported customers ordinary ones: each with a password, and a login of the card track."""
    sealing = Sealing(environment_of(server.database, server.url)["KABINET_SECRET"])
    password_hash = asyncio.run(Hasher().hash("сиреневый туман 42"))
    for number in range(_ALL):
        phone_hash = sealing.keyed_hash("phone", _phone(number, True))
        login = f"kk{10000 + number}"
        server.sql(
            f"UPDATE customers SET password_hash = '{password_hash}', login = '{login}',"
            f" login_hash = '{sealing.keyed_hash('login', login)}' WHERE phone_hash = '{phone_hash}'"
        )
    changed = server.sql("SELECT count(*) FROM customers WHERE password_hash IS NOT NULL AND login_hash IS NOT NULL")
    assert changed == [(_ALL,)], changed


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kabinet-bench-") as name:
        folder = Path(name)
        database = f"sqlite:{folder / 'kabinet.sqlite'}"
        with running(database, folder, **_SETTINGS) as server:
            _import_customers(folder, environment_of(database, server.url))
            _give_passwords(server)
            for place, (title, step) in enumerate(_STEPS.items()):
                _say(title, _answers(server, step, place * _MANY))


if __name__ == "__main__":
    main()
