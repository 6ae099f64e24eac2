"""The console blocks of a page, run as a reader would run them, and compared with what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.serving import TORIHIKI, Served, environment

ROOT = Path(__file__).resolve().parents[1]
VOLATILE = re.compile(
    r"(?P<id>(?:LIVE|SANDBOX)-[A-Z0-9]{24}|\bA[A-Z0-9]{13}\b)"
    r"|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)"
    r"|(?P<rest>\.\.\.)"
)
"""What differs from run to run: ids that the server makes, times, and what the page leaves out."""
TIME = r"\d{4}-\d\d-\d\dT[\d:.]+Z"


class Shown(NamedTuple):
    """A command of a page, and what the page says that it prints."""

    command: str
    printed: str


def section(page: str, title: str) -> str:
    """What stands below a title of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[1]


def consoles(text: str) -> list[list[Shown]]:
    """The console blocks, each as its commands."""
    return [_commands(one) for one in re.findall(r"```console\n(.*?)```", text, re.DOTALL)]


def _commands(block: str) -> list[Shown]:
    found: list[Shown] = []
    goes_on = False
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Shown(line[2:], ""))
        elif goes_on:
            found[-1] = Shown(f"{found[-1].command}\n{line}", "")
        else:
            found[-1] = found[-1]._replace(printed=f"{found[-1].printed}{line}\n")
        goes_on = line.endswith("\\")
    return found


class Reader:
    """Types the commands of a page beside a server, in a directory of its own.

    Args:
        server: The server, which takes the place of the page's.
        directory: Where the commands are run.
        needs: Programs without which the test is skipped.
    """

    def __init__(self, server: Served, directory: Path, *needs: str) -> None:
        self._server = server
        self._directory = directory
        self._ids: dict[str, str] = {}
        for program in needs:
            if subprocess.run(["which", program], capture_output=True, check=False).returncode:
                pytest.skip(f"{program} is not here, which the page uses")

    def follow(self, shown: Shown) -> str:
        """Runs one command, which must print what the page shows; returns what it did print."""
        command = shown.command.replace("http://127.0.0.1:8900", self._server.url)
        command = command.replace("docs/examples/", f"{ROOT}/docs/examples/")
        for on_page, here in self._ids.items():
            command = command.replace(on_page, here)
        done = subprocess.run(
            ["sh", "-c", command.replace("curl ", "curl -sS ")],
            cwd=self._directory,
            env={**environment(), **self._variables()},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (command, done.stderr)
        self._compare(shown, done.stdout)
        return done.stdout

    def _variables(self) -> Mapping[str, str]:
        return {
            "OPERATOR_TOKEN": self._server.credentials["operator_token"],
            "TORIHIKI_DATA": str(self._server.data),
            "PATH": f"{TORIHIKI.parent}{os.pathsep}{os.environ['PATH']}",
        }

    def _compare(self, shown: Shown, printed: str) -> None:
        pattern, ids, end = "", [], 0
        for found in VOLATILE.finditer(shown.printed):
            pattern += re.escape(shown.printed[end : found.start()])
            end = found.end()
            if found["id"]:
                ids.append(found["id"])
                pattern += f"({re.escape(self._ids[found['id']])})" if found["id"] in self._ids else "([A-Z0-9-]+)"  # fmt: skip
            else:
                pattern += TIME if found["time"] else ".*"
        pattern += re.escape(shown.printed[end:].rstrip("\n"))
        same = re.fullmatch(pattern, printed.rstrip("\n"), re.DOTALL)
        assert same is not None, f"{shown.command}\nshows\n{shown.printed}\nand prints\n{printed}"
        self._ids.update(zip(ids, same.groups(), strict=True))
