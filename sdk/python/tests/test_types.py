"""The types are those of the API documents, and the package passes mypy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import readme

ROOT = Path(__file__).parents[1]


def test_the_types_are_those_of_the_documents() -> None:
    generate = ROOT / "scripts/generate.py"
    done = subprocess.run([sys.executable, generate, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_package_its_tests_and_the_programs_of_the_readme_pass_mypy(tmp_path: Path) -> None:
    for name in ("bot", "script"):
        (tmp_path / f"{name}.py").write_text(readme.program(name))
    for number, code in enumerate(readme.fragments()):
        lines = "".join(f"    {line}\n" for line in code.splitlines())
        imports = "from chatapp_client import AsyncClient\n\n\n"
        text = f"{imports}async def part(client: AsyncClient) -> None:\n{lines}"
        (tmp_path / f"part{number}.py").write_text(text)
    files = [*map(str, sorted(tmp_path.glob("*.py"))), "src", "scripts", "tests"]
    cache = str(tmp_path / "cache")
    command = [sys.executable, "-m", "mypy", "--cache-dir", cache, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
