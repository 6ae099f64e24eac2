"""What cannot be helped ends a command with a message and status 1, never with a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from torihiki.kernel.problem import Problem
from torihiki.storage.reasons import reason
from torihiki.storage.schema import UnsuitableDatabase
from torihiki.storage.vault import CannotOpen


@contextmanager
def told() -> Iterator[None]:
    """Turns a file, address, database or sealed value that cannot be used into a message.

    Raises:
        typer.Exit: With status 1.
    """
    try:
        yield
    except (OSError, Problem, UnsuitableDatabase, CannotOpen) as error:
        typer.echo(f"Cannot go on: {reason(error)}", err=True)
        raise typer.Exit(1) from error


@contextmanager
def told_alone() -> Iterator[None]:
    """`told`, for verbs that open the database: what is wrong is said once, and not by the log too."""
    from torihiki.bootstrap.logs import configure  # noqa: PLC0415 - loads the log

    configure("error")
    with told():
        yield
