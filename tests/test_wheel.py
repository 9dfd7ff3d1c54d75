"""What `pip install kabinet` brings: built, installed into an environment of its own, and run from another folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
from pathlib import Path

import pytest

from tests.conftest import SECRET
from tests.journeys.server import await_ready, free_port

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel, and what it needs from that of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    _said([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    (wheel,) = folder.glob("kabinet-*.whl")
    venv.create(folder / "venv")
    python = folder / "venv/bin/python"
    (packages,) = (folder / "venv/lib").glob("python*/site-packages")
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    _said([sys.executable, "-m", "pip", "--python", str(python), *install], folder)
    return python.parent


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder whose modules have the same names as ours."""
    for name in ("app", "settings", "routes", "db", "domain"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger')")
    return tmp_path


def test_its_version_and_files_are_those_of_the_project(installed: Path, elsewhere: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert _said([f"{installed}/kabinet", "--version"], elsewhere) == f"kabinet {version}\n"
    (there,) = (installed.parent / "lib").glob("python*/site-packages/kabinet")
    for folder in ("templates", "static", "db", "domain", "routes", "deploy"):
        listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
        files = [name for name in listed.stdout.split() if not name.startswith("deploy/kabinet/")]
        assert [name for name in files if not (there / name).is_file()] == []
    assert not [path.name for path in there.iterdir() if path.name in {"tests", "kabinet", ".venv"}]


def test_a_fault_in_it_is_told_by_its_place(installed: Path, elsewhere: Path) -> None:
    code = (
        "import kabinet\nfrom routes.logs import fault_line\nfrom settings import host_and_port\n"
        "try: host_and_port('')\nexcept ValueError as error: print(fault_line(error))"
    )
    assert re.fullmatch(
        r"ValueError at settings\.py:\d+\n", _said([f"{installed}/python", "-P", "-c", code], elsewhere)
    )


@pytest.mark.parametrize(
    "command", [["kabinet"], ["litestar", "--app", "kabinet:create_app"]], ids=["kabinet", "litestar"]
)
def test_it_serves_from_any_folder_with_templates_of_ones_own(
    installed: Path, elsewhere: Path, command: list[str]
) -> None:
    """`litestar` of the same environment; that of the tests has its program elsewhere."""
    words = [f"{installed}/{command[0]}"] if command[0] == "kabinet" else [f"{installed}/python", "-P", "-m", *command]
    (elsewhere / "own").mkdir()
    brand = (ROOT / "templates/brand.toml").read_text("utf-8")
    own = brand.replace('ru = "Личный кабинет"', 'ru = "Кабинет водоканала"')
    assert own != brand
    (elsewhere / "own/brand.toml").write_text(own, "utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = _environment() | {
        "KABINET_SECRET": SECRET,
        "KABINET_PUBLIC_URL": url,
        "KABINET_TEMPLATES": "own",
    }
    _said([*words, "registry", "demo"], elsewhere, environment)
    with (elsewhere / "log").open("wb") as log:
        running = subprocess.Popen(
            [*words, "run", "--port", str(port)], cwd=elsewhere, env=environment, stdout=log, stderr=log
        )
    try:
        await_ready(running, url, elsewhere / "log")
        page = _read(f"{url}/")
        assert "Кабинет водоканала" in page
        styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
        assert styles
        assert all("{" in _read(url + style) for style in styles)
    finally:
        running.terminate()
        running.wait(30)
    assert (elsewhere / "kabinet.sqlite").is_file()


def _environment() -> dict[str, str]:
    """Without the paths of the tests: what is installed has to suffice."""
    dropped = ("KABINET_", "LITESTAR_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def _said(words: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    builds = words[1:3] == ["-m", "hatchling"]
    env = environment or (None if builds else _environment())
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _read(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return str(answer.read().decode())
