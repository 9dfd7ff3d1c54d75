"""A wrong setting stops the start with one line that names it; nothing secret is printed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from domain.installation import load_settings
from settings import SettingsError

ROOT = Path(__file__).parents[1]
SECRET = "0123456789abcdef0123456789abcdef"
PRODUCTION = {
    "KABINET_MODE": "production",
    "KABINET_SECRET": SECRET,
    "KABINET_PUBLIC_URL": "https://kabinet.example.org",
    "KABINET_SMS": "https+kannel://portal:hidden@sms.example.org:13013/cgi-bin/sendsms",
    "KABINET_MAIL": "smtp://portal:hidden@mail.example.org:587",
    "KABINET_MAIL_FROM": "Кабинет <kabinet@example.org>",
    "KABINET_STAFF_EMAIL": "staff@example.org",
}
WITH_MAIL = {name: PRODUCTION[name] for name in ("KABINET_MAIL", "KABINET_MAIL_FROM", "KABINET_STAFF_EMAIL")}

WRONG = [
    ("KABINET_MODE", {"KABINET_MODE": "prod"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "mysql://host/kabinet"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "kabinet.sqlite"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": ""}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "sqlite:"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "sqlite::memory:"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "sqlite:///kabinet.sqlite"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "sqlite:no/such/folder/kabinet.sqlite"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "sqlite:."}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "postgresql://portal:hidden@host:99999/kabinet"}),
    ("KABINET_DATABASE", {"KABINET_DATABASE": "postgresql://portal:hidden@[host/kabinet"}),
    ("KABINET_MIGRATE", {"KABINET_MIGRATE": "maybe"}),
    ("KABINET_SECRET", {"KABINET_SECRET": "short"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "kabinet.example.org"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "ftp://kabinet.example.org"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "https://kabinet.example.org/portal"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "https://kabinet.example.org?x=1"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "https://kabinet.example.org#x"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "https://kabinet.example.org:99999"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "https://user:hidden@kabinet.example.org"}),
    ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": "https://["}),
    ("KABINET_TRACKS", {"KABINET_TRACKS": ""}),
    ("KABINET_TRACKS", {"KABINET_TRACKS": "account,phone"}),
    ("KABINET_TRACKS", {"KABINET_TRACKS": "account,account"}),
    ("KABINET_TIMEZONE", {"KABINET_TIMEZONE": "Moscow"}),
    ("KABINET_TIMEZONE", {"KABINET_TIMEZONE": "../../etc/passwd"}),
    ("KABINET_TRUSTED_PROXIES", {"KABINET_TRUSTED_PROXIES": "10.0.0.0/33"}),
    ("KABINET_TRUSTED_PROXIES", {"KABINET_TRUSTED_PROXIES": "10.0.0.1,nginx"}),
    ("KABINET_TRUSTED_PROXIES", {"KABINET_TRUSTED_PROXIES": "10.0.0.1/8"}),
    ("KABINET_BODY_BYTES", {"KABINET_BODY_BYTES": "64k"}),
    ("KABINET_SMS", {"KABINET_SMS": ""}),
    ("KABINET_SMS", {"KABINET_SMS": "kannel://portal:hidden@host/"}),
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://host/cgi-bin/sendsms"}),
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://portal:hidden@/cgi-bin/sendsms"}),
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://portal:hidden@host:port/cgi-bin/sendsms"}),
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://portal:hidden@host:0/cgi-bin/sendsms"}),
    ("KABINET_SMS", {"KABINET_SMS": "outbox:,http+kannel://portal:hidden@host/cgi-bin/sendsms"}),
    ("KABINET_SMS_FROM", {"KABINET_SMS_FROM": "Кабинет"}),
    ("KABINET_SMS_FROM", {"KABINET_SMS_FROM": "K" * 21}),
    ("KABINET_MAIL", {**WITH_MAIL, "KABINET_MAIL": "mail.example.org"}),
    ("KABINET_MAIL", {**WITH_MAIL, "KABINET_MAIL": "smtp://mail.example.org:99999"}),
    ("KABINET_MAIL", {**WITH_MAIL, "KABINET_MAIL": "smtp://mail.example.org?tls=off"}),
    ("KABINET_MAIL", {**WITH_MAIL, "KABINET_MAIL": "smtp://mail.example.org?tls=none"}),
    ("KABINET_MAIL", {**WITH_MAIL, "KABINET_MAIL": "smtps://127.0.0.1?tls=none"}),
    ("KABINET_MAIL_FROM", {**WITH_MAIL, "KABINET_MAIL_FROM": ""}),
    ("KABINET_MAIL_FROM", {**WITH_MAIL, "KABINET_MAIL_FROM": "kabinet"}),
    ("KABINET_MAIL_FROM", {**WITH_MAIL, "KABINET_MAIL_FROM": "a@example.org\r\nBcc: b@example.org"}),
    ("KABINET_STAFF_EMAIL", {**WITH_MAIL, "KABINET_STAFF_EMAIL": ""}),
    ("KABINET_STAFF_EMAIL", {"KABINET_STAFF_EMAIL": "staff"}),
    ("KABINET_DELIVERY", {"KABINET_DELIVERY": "outside"}),
    ("KABINET_CAPTCHA_CODE", {"KABINET_CAPTCHA_CODE": "1234"}),
    ("KABINET_CODE_DIGITS", {"KABINET_CODE_DIGITS": "six"}),
    ("KABINET_CODE_DIGITS", {"KABINET_CODE_DIGITS": "3"}),
    ("KABINET_CODE_TRIES", {"KABINET_CODE_TRIES": "0"}),
    ("KABINET_CODE_LIFETIME", {"KABINET_CODE_LIFETIME": "-600"}),
    ("KABINET_SMS_WAITS", {"KABINET_SMS_WAITS": "60,soon"}),
    ("KABINET_SMS_WAITS", {"KABINET_SMS_WAITS": ""}),
    ("KABINET_SMS_COUNTRIES", {"KABINET_SMS_COUNTRIES": "Россия"}),
    ("KABINET_SMS_COUNTRIES", {"KABINET_SMS_COUNTRIES": "RU,ZZ"}),
    ("KABINET_SMS_BUDGET_DAY", {"KABINET_SMS_BUDGET_DAY": "1e3x"}),
    ("KABINET_PASSWORD_MIN", {"KABINET_PASSWORD_MIN": "4"}),
    ("KABINET_PASSWORD_NEEDS", {"KABINET_PASSWORD_NEEDS": "upper,emoji"}),
    ("KABINET_SMS", {**PRODUCTION, "KABINET_SMS": "outbox:"}),
    ("KABINET_MAIL", {**PRODUCTION, "KABINET_MAIL": "outbox:"}),
    ("KABINET_SECRET", {**PRODUCTION, "KABINET_SECRET": ""}),
    ("KABINET_PUBLIC_URL", {**PRODUCTION, "KABINET_PUBLIC_URL": "http://kabinet.example.org"}),
    ("KABINET_CAPTCHA_CODE", {**PRODUCTION, "KABINET_CAPTCHA_CODE": "12345"}),
    # Accepted without a word once.
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://portal:hidden@127.0.0.1:13013"}),
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://portal:hidden@127.0.0.1:13013/"}),
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://portal@127.0.0.1/cgi-bin/sendsms"}),
    ("KABINET_SMS", {"KABINET_SMS": "http+kannel://a:hidden@host/x,http+kannel://a:hidden@host/x"}),
    ("KABINET_MAIL", {**WITH_MAIL, "KABINET_MAIL": "smtp://portal:hidden@mail.example.org/inbox"}),
    ("KABINET_MAIL", {**WITH_MAIL, "KABINET_MAIL": "smtp://portal@mail.example.org"}),
    ("KABINET_SESSION_IDLE", {"KABINET_SESSION_IDLE": "43201"}),
    ("KABINET_SESSION_IDLE", {"KABINET_SESSION_LIFETIME": "1799"}),
    ("KABINET_POSTGRES_LOCK_TIMEOUT", {"KABINET_POSTGRES_LOCK_TIMEOUT": "6"}),
    ("KABINET_POSTGRES_LOCK_TIMEOUT", {"KABINET_POSTGRES_STATEMENT_TIMEOUT": "3"}),
    ("KABINET_POSTGRES_POOL", {"KABINET_POSTGRES_POOL": "0"}),
    ("KABINET_POSTGRES_CONNECT_TIMEOUT", {"KABINET_POSTGRES_CONNECT_TIMEOUT": "301"}),
    ("KABINET_SESSION_LIFETIME", {"KABINET_SESSION_LIFETIME": "99999999999"}),
    ("KABINET_LOG_LEVEL", {"KABINET_LOG_LEVEL": "verbose"}),
    # What would cross the network in the clear, or could be guessed.
    ("KABINET_SMS", {**PRODUCTION, "KABINET_SMS": "http+kannel://portal:hidden@sms.example.org/cgi-bin/sendsms"}),
    ("KABINET_SMS", {**PRODUCTION, "KABINET_SMS": "http+kannel://portal:hidden@10.0.0.5:13013/cgi-bin/sendsms"}),
    ("KABINET_DATABASE", {**PRODUCTION, "KABINET_DATABASE": "postgresql://portal:hidden@db.example.org/kabinet"}),
    ("KABINET_DATABASE", {**PRODUCTION, "KABINET_DATABASE": "postgresql://portal:hidden@10.0.0.5:5432/kabinet"}),
    ("KABINET_DATABASE", {**PRODUCTION, "KABINET_DATABASE": "postgres://a:hidden@127.0.0.1,db2:5432/kabinet"}),
    ("KABINET_DATABASE", {**PRODUCTION, "KABINET_DATABASE": "postgresql://a:hidden@db/kabinet?sslmode=prefer"}),
    ("KABINET_DATABASE", {**PRODUCTION, "KABINET_DATABASE": "postgresql:///kabinet?host=db.example.org"}),
    ("KABINET_SECRET", {**PRODUCTION, "KABINET_SECRET": "a" * 32}),
    ("KABINET_SECRET", {**PRODUCTION, "KABINET_SECRET": "changeme" * 5}),
    ("KABINET_SECRET", {**PRODUCTION, "KABINET_SECRET": "0123456789" * 4 + "012"}),
    ("KABINET_SECRET", {**PRODUCTION, "KABINET_SECRET": "ab" * 8 + "ba" * 12}),
    ("KABINET_TRUSTED_PROXIES", {**PRODUCTION, "KABINET_TRUSTED_PROXIES": "0.0.0.0/0"}),
    ("KABINET_TRUSTED_PROXIES", {**PRODUCTION, "KABINET_TRUSTED_PROXIES": "10.0.0.1,::/0"}),
    # What no browser, mail program or driver could make anything of: taken once, and every page or e-mail failed.
    *[
        ("KABINET_PUBLIC_URL", {"KABINET_PUBLIC_URL": url})
        for url in (
            "https://kabinet..example.org",
            "https://kabinet .example.org",
            "https://kabinet.example.org%0d",
            "https://kabinet.example.org\\",
            "https://kabinet.example.org\tx",
            "https://@kabinet.example.org",
            "https://:@kabinet.example.org",
            "https://*.example.org",
            "https://-kabinet.example.org",
            "https://kabinet.example.org?",
            "https://kabinet.example.org#",
            f"https://{'a' * 64}.example.org",
            "https://каби\u2028нет.рф",
            "https://[kabinet]",
        )
    ],
    *[
        (name, {**WITH_MAIL, name: address})
        for name in ("KABINET_MAIL_FROM", "KABINET_STAFF_EMAIL")
        for address in (
            "kabinet@example.org>",
            "<kabinet@example.org",
            "ООО Ромашка, кабинет <kabinet@example.org>",
            "kabinet@example.org;staff@example.org",
            "kabinet@example..org",
            "kabinet@.example.org",
            "kabinet@example.org kabinet@example.org",
            "Кабинет (портал <kabinet@example.org>",
            "@example.org",
        )
    ],
    ("KABINET_DATABASE", {"KABINET_DATABASE": "sqlite:/dev/null"}),
    *[
        ("KABINET_DATABASE", {"KABINET_DATABASE": f"postgresql:///kabinet?port={port}"})
        for port in ("x", "0", "", "70000")
    ],
    # Bytes that are no text: the secret and the addresses are encoded for keys and e-mails.
    *[(name, {**PRODUCTION, name: PRODUCTION[name] + "\udcff"}) for name in PRODUCTION],
    # Names that are not ours.
    ("KABINET_SESION_IDLE", {"KABINET_SESION_IDLE": "60"}),
    ("kabinet_sms_form", {"kabinet_sms_form": "Kabinet"}),
    ("KABINET_", {"KABINET_": "1"}),
    ("KABINET-MODE", {"KABINET-MODE": "production"}),
    ("KABINETMODE", {"KABINETMODE": "production"}),
]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine, and a folder of its own for `.env`, database and secret."""
    for name in [name for name in os.environ if name.startswith("KABINET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "environment"), WRONG)
def test_a_wrong_setting_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, environment: dict[str, str]
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert "\n" not in line
    assert "hidden" not in line


RIGHT = [
    {},
    PRODUCTION,
    WITH_MAIL,
    {"KABINET_TRUSTED_PROXIES": "10.0.0.0/8, ::1"},
    {"KABINET_SESSION_IDLE": "600", "KABINET_SESSION_LIFETIME": "600"},
    {"kabinet_code_digits": "8"},
    {**PRODUCTION, "KABINET_SMS": "http+kannel://portal:hidden@127.0.0.1:13013/cgi-bin/sendsms"},
    {**PRODUCTION, "KABINET_SMS": "http+kannel://portal:hidden@[::1]:13013/cgi-bin/sendsms"},
    {**PRODUCTION, "KABINET_DATABASE": "postgresql://portal:hidden@127.0.0.1:5432/kabinet"},
    {**PRODUCTION, "KABINET_DATABASE": "postgresql://portal:hidden@localhost/kabinet"},
    {**PRODUCTION, "KABINET_DATABASE": "postgresql:///kabinet?port=5432,5433&host=/a,/b"},
    {**PRODUCTION, "KABINET_MAIL_FROM": '"ООО Ромашка, кабинет" <kabinet@example.org>'},
    {**PRODUCTION, "KABINET_MAIL_FROM": "Кабинет <kabinet@пример.рф>", "KABINET_STAFF_EMAIL": "приемная@пример.рф"},
    {**PRODUCTION, "KABINET_DATABASE": "postgresql://portal:hidden@/kabinet?host=/run/postgresql"},
    {**PRODUCTION, "KABINET_DATABASE": "postgresql://portal:hidden@db.example.org/kabinet?sslmode=require"},
    {**PRODUCTION, "KABINET_DATABASE": "postgresql://portal:hidden@db.example.org/kabinet?sslmode=verify-full"},
]


@pytest.mark.parametrize("environment", RIGHT)
def test_right_settings_are_taken(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    for secret in (settings.secret, "hidden"):
        assert secret not in repr(settings)


def test_a_file_is_read_and_the_environment_outweighs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KABINET_CODE_DIGITS=8\nKABINET_CODE_TRIES=3\n", encoding="utf-8")
    monkeypatch.setenv("KABINET_CODE_TRIES", "4")
    settings = load_settings()
    assert (settings.code_digits, settings.code_tries) == (8, 4)


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("KABINET_SESION_IDLE", "KABINET_SESSION_IDLE"),
        ("KABINET_SMS_FORM", "KABINET_SMS_FROM"),
        ("KABINET_TRUSTED_PROXY", "KABINET_TRUSTED_PROXIES"),
        ("KABINET_DB", "KABINET_"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, misspelt: str, meant: str
) -> None:
    said = rf"^{misspelt}: is no setting; the nearest is {meant}"
    (tmp_path / ".env").write_text(f"{misspelt}=1\nOTHER=2\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load_settings()
    (tmp_path / ".env").unlink()
    monkeypatch.setenv(misspelt, "1")
    with pytest.raises(SettingsError, match=said):
        load_settings()


@pytest.mark.parametrize(
    ("given", "served"),
    [
        ("https://кабинет.рф", "https://xn--80acmlhv0b.xn--p1ai"),
        ("https://Кабинет.РФ:8443/", "https://xn--80acmlhv0b.xn--p1ai:8443"),
        ("https://straße.de", "https://xn--strae-oqa.de"),
        ("https://Kabinet.Example.ORG", "https://kabinet.example.org"),
        ("https://kabinet.example.org:443", "https://kabinet.example.org"),
        ("http://kabinet.example.org:80/", "http://kabinet.example.org"),
        ("http://kabinet.example.org:443", "http://kabinet.example.org:443"),
        ("https://kabinet.example.org:", "https://kabinet.example.org"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://my_host:8000", "http://my_host:8000"),
    ],
)
def test_the_public_address_is_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch, given: str, served: str) -> None:
    """They send it as `Host` and `Origin`, and both are compared with it."""
    monkeypatch.setenv("KABINET_PUBLIC_URL", given)
    settings = load_settings()
    assert (settings.public_url, settings.origin) == (served, served)


@pytest.mark.parametrize(
    ("line", "content"),
    [
        (1, "KABINET_MODE: production\n"),
        (2, "# comment\nset KABINET_MODE=production\n"),
        (2, "KABINET_CODE_TRIES=4\nKABINET_MODE\n"),
        (3, 'KABINET_CODE_TRIES=4\n\nKABINET_MODE="production\n'),
        (1, "K\u0410BINET_MODE=production\n"),
        (1, "KABINET MODE=production\n"),
        (1, "".join(f"{sign}\0" for sign in "KABINET_MODE=production\n")),
    ],
)
def test_a_line_of_the_file_that_says_nothing_is_told(tmp_path: Path, line: int, content: str) -> None:
    """Passed over, it leaves the portal in development mode in front of customers."""
    (tmp_path / ".env").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"^\.env, line {line}: [^\n]+$"):
        load_settings()


@pytest.mark.parametrize(
    "content", ["", "\n# a comment\n\n", "export KABINET_CODE_TRIES=4 # four\r\nOTHER_NAME='a\nb'\r\n", "\ufeffOTHER=1"]
)
def test_any_file_of_assignments_is_taken(tmp_path: Path, content: str) -> None:
    (tmp_path / ".env").write_text(content, encoding="utf-8", newline="")
    assert load_settings().code_tries in {4, 5}


def test_the_staffs_address_may_stand_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """E-mails go to the address alone: with the name around it not one request would reach the staff."""
    for variable, value in {**WITH_MAIL, "KABINET_STAFF_EMAIL": "Приемная <staff@example.org>"}.items():
        monkeypatch.setenv(variable, value)
    assert load_settings().staff_email == "staff@example.org"


def test_what_is_no_file_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"^\.env: [^\n]+$"):
        load_settings()


def test_a_file_that_is_no_text_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("KABINET_MAIL_FROM=Кабинет <a@example.org>\n".encode("cp1251"))
    with pytest.raises(SettingsError, match=r"^\.env: "):
        load_settings()


def _command(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KABINET_", "LITESTAR_"))}
    return subprocess.run(
        [str(Path(sys.executable).with_name("litestar")), *words],
        cwd=ROOT, env={**kept, "KABINET_DATABASE": f"sqlite:{cwd}/kabinet.sqlite", **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("words", [("run",), ("registry", "demo"), ("delivery", "run")])
def test_the_command_line_ends_with_that_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = _command(*words, cwd=tmp_path, KABINET_MODE="production", KABINET_SECRET=SECRET)
    assert done.returncode != 0
    assert done.stderr.strip() == "KABINET_SMS: outbox: delivers nowhere and is refused in production"
    assert "Traceback" not in done.stdout


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = load_settings().secret
    kept = tmp_path / "kabinet.secret"
    assert len(first) >= 43  # 256 bits
    assert kept.read_text(encoding="ascii").strip() == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert load_settings().secret == first
    assert [path.name for path in tmp_path.iterdir()] == ["kabinet.secret"]


def test_eight_first_starts_at_once_make_one_secret(tmp_path: Path) -> None:
    code = "import sys; sys.stdin.read(1); from settings import read_settings; print(read_settings().secret)"
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(8)
    ]  # fmt: skip
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("x")
        start.stdin.flush()
    said = [start.communicate(timeout=30)[0].strip() for start in starts]
    assert len(set(said)) == 1
    assert len(said[0]) >= 43
    assert [path.name for path in tmp_path.iterdir()] == ["kabinet.secret"]
    assert stat.S_IMODE((tmp_path / "kabinet.secret").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_a_broken_secret_file_is_not_taken_for_a_secret(tmp_path: Path, content: str) -> None:
    """As a full disk leaves it: keys made from nothing would be anyone's."""
    (tmp_path / "kabinet.secret").write_text(content, encoding="ascii")
    with pytest.raises(SettingsError, match=r"^KABINET_SECRET: .*kabinet\.secret"):
        load_settings()


def test_a_secret_that_cannot_be_kept_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "kabinet.secret").mkdir()
    with pytest.raises(SettingsError, match=r"^KABINET_SECRET: .*kabinet\.secret"):
        load_settings()
