"""A PostgreSQL server of our own in the work directory: made once, started for a run."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.servers import free_port

SETTINGS: Final = ("shared_buffers=1GB", "max_wal_size=4GB", "listen_addresses=127.0.0.1")
START_SECONDS: Final = 60.0


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None: PostgreSQL is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        folders.append(Path(found).parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _owner() -> dict[str, Any]:
    """Who runs the server: PostgreSQL refuses to be run by root."""
    if os.geteuid():
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _make(folder: Path, found: Path, owner: dict[str, Any]) -> None:
    cluster = folder / "cluster"
    if (cluster / "PG_VERSION").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if owner:
        # The server's user must reach its folder.
        folder.parent.chmod(folder.parent.stat().st_mode | 0o011)
        os.chown(folder, owner["user"], owner["group"])
    command: list[str | Path] = [
        found / "initdb",
        "-D",
        cluster,
        "-U",
        "bench",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, **owner)


@contextmanager
def cluster(work: Path, found: Path) -> Iterator[str]:
    """A running server; gives the beginning of its databases' URLs."""
    folder, owner = work / "postgres", _owner()
    _make(folder, found, owner)
    port = free_port()
    options = [text for setting in SETTINGS for text in ("-c", setting)]
    command: list[str | Path] = [
        found / "postgres",
        "-D",
        folder / "cluster",
        "-p",
        str(port),
        "-k",
        folder,
        *options,
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **owner
    )
    try:
        _wait(process, found, port)
        yield f"postgresql://bench@127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)


def _wait(process: subprocess.Popen[bytes], found: Path, port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        ready = subprocess.run(
            [found / "pg_isready", "-h", "127.0.0.1", "-p", str(port)],
            check=False,
            capture_output=True,
        )
        if ready.returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL does not start")


def execute(url: str, statement: str, database: str = "postgres") -> str:
    """Runs a statement with psql and returns what it prints."""
    done = subprocess.run(
        ["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url + database],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def create(url: str, name: str) -> None:
    """Makes an empty database, in the place of one that is there."""
    execute(url, f'DROP DATABASE IF EXISTS "{name}"')
    execute(url, f'CREATE DATABASE "{name}"')


def exists(url: str, name: str) -> bool:
    """Whether there is a database of that name."""
    return bool(execute(url, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))
