"""Runs a verb of the command line as a user does."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.serving import TORIHIKI, environment


def run(
    *arguments: str | Path, given: bytes = b"", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The verb, to its end; a traceback is never what a user may see."""
    ended = subprocess.run(
        [TORIHIKI, *arguments],
        input=given,
        capture_output=True,
        env=environment() | dict(variables or {}),
        timeout=10,
        check=False,
    )
    said = subprocess.CompletedProcess(
        ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode()
    )
    assert "Traceback" not in said.stderr, said.stderr
    return said
