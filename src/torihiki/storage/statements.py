"""Named SQL: statements live in `.sql` files, each under `-- name: purpose`, and are read once."""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

_HEADING: Final = re.compile(r"^-- (?P<name>[a-z][a-z0-9_]*): (?P<purpose>\S.*)$", re.MULTILINE)


def parse(text: str) -> dict[str, str]:
    """The statements of a file by name.

    Raises:
        ValueError: Two statements have one name, or one is empty.
    """
    parts = _HEADING.split(text)
    statements: dict[str, str] = {}
    for name, body in zip(parts[1::3], parts[3::3], strict=True):
        statement = body.strip().removesuffix(";")
        if name in statements or not statement:
            raise ValueError(f"statement {name!r} is empty or stands twice")
        statements[name] = statement
    return statements


def load(package: str, file: str) -> dict[str, str]:
    """The statements of `file` inside `package`."""
    return parse(resources.files(package).joinpath(file).read_text(encoding="utf-8"))


def migrations(package: str) -> list[tuple[int, str]]:
    """The numbered scripts (`0001_what.sql`) of `package`, in order.

    Raises:
        ValueError: The numbers are not 1, 2, 3, ...
    """
    found = sorted(
        (int(entry.name.split("_", 1)[0]), entry.read_text(encoding="utf-8"))
        for entry in resources.files(package).iterdir()
        if entry.name.endswith(".sql")
    )
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the migrations of {package} are not numbered without gaps")
    return found
