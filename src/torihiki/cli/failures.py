"""What cannot be helped ends a command with a message and status 1, never with a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from torihiki.kernel.problem import Problem
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
        typer.echo(f"Cannot go on: {error}", err=True)
        raise typer.Exit(1) from error
