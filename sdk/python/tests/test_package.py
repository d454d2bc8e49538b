"""The package can be built, and its wheel works where nothing else is installed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from server import PASSWORD, Server

ROOT = Path(__file__).parents[1]

PROGRAM = """
import sys
from importlib.metadata import version
from importlib.resources import files
from chatapp_client import Client

url, username, password, room = sys.argv[1:]
with Client(url) as client:
    client.login(username, password)
    message = client.send(int(room), f"sent by {version('chatapp-client')}")
assert (files("chatapp_client") / "py.typed").is_file()
print(message["content"])
"""


def run(*command: object, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_works_in_an_empty_environment(server: Server, tmp_path: Path) -> None:
    # Built from a copy, so that the source tree stays as it is.
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns("dist", "__pycache__", ".*cache"))
    built = tmp_path / "dist"
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", built, source)
    [wheel] = built.glob("*.whl")
    assert list(built.glob("*.tar.gz"))

    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    ann = asyncio.run(server.user("ann"))
    room = asyncio.run(server.room(ann))
    said = run(python, "-c", PROGRAM, server.url, ann, PASSWORD, room, cwd=tmp_path)
    assert said == "sent by 0.1.0\n"
