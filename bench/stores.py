"""Databases with the orders of a file in them, on either backend; made by the import once and found again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import msgspec

from bench import postgres
from bench.dataset import Dataset
from bench.servers import Store, torihiki
from torihiki.bootstrap.files import KEY_FILE

Backend = Literal["sqlite", "postgresql"]


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What all measurements share.

    Args:
        work: Where files are kept from run to run.
        cluster: The beginning of the URLs of PostgreSQL's databases; None: SQLite only.
        rounds: How often each case is run.
        seconds: How long each time.
    """

    work: Path
    cluster: str | None
    rounds: int
    seconds: int

    @property
    def backends(self) -> list[Backend]:
        """What is measured."""
        return ["sqlite"] if self.cluster is None else ["sqlite", "postgresql"]


def empty(bench: Bench, backend: Backend, name: str, key: str | None = None) -> Store:
    """A new database with the demo's sellers in it, in the place of one of that name; `key`: what its key file holds."""
    data = bench.work / f"{backend}-{name}"
    shutil.rmtree(data, ignore_errors=True)
    if key is not None:
        data.mkdir(parents=True)
        (data / KEY_FILE).write_text(key, encoding="ascii")
    database = None
    if backend == "postgresql" and bench.cluster is not None:
        postgres.create(bench.cluster, name)
        database = bench.cluster + name
    store = Store(data=data, database=database)
    # One order of the demo comes along; it is of the other file's size that nobody notices it.
    torihiki("demo", "--orders", "1", store=store)
    return store


def drop(bench: Bench, backend: Backend, name: str) -> None:
    """Takes a database away."""
    shutil.rmtree(bench.work / f"{backend}-{name}", ignore_errors=True)
    if backend == "postgresql" and bench.cluster is not None:
        postgres.execute(bench.cluster, f'DROP DATABASE IF EXISTS "{name}"')


def filled(bench: Bench, backend: Backend, dataset: Dataset) -> Store:
    """A database with the file's orders."""
    name = f"orders{dataset.count}"
    done = bench.work / f"{backend}-{name}" / "filled-with"
    if done.exists() and done.read_text(encoding="utf-8") == str(dataset.until):
        data = bench.work / f"{backend}-{name}"
        if backend == "sqlite":
            return Store(data=data)
        if bench.cluster is not None and postgres.exists(bench.cluster, name):
            return Store(data=data, database=bench.cluster + name)
    store = empty(bench, backend, name)
    torihiki("import", "orders", str(dataset.path), store=store)
    if bench.cluster is not None and backend == "postgresql":
        # What autovacuum does within minutes of an import.
        postgres.execute(bench.cluster, "VACUUM ANALYZE", name)
    done.write_text(str(dataset.until), encoding="utf-8")
    return store


def warm(store: Store) -> None:
    """Reads a SQLite file once, so that no case pays for the disk."""
    path = store.data / "torihiki.sqlite3"
    if store.database is None and path.exists():
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass
