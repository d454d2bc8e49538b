"""The programs in README.md."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def program(name: str) -> str:
    """The code of the block that begins with ```python NAME."""
    found = re.search(
        rf"^```python {name}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL
    )
    assert found, f"README.md has no program named {name}"
    return found[1]


def fragments() -> list[str]:
    """The other blocks of Python: parts of a function with a `client`."""
    return re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
