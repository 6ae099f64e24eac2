"""The options that commands share; each is also `TORIHIKI_<NAME>` in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="TORIHIKI_DATA",
        file_okay=False,
        help="Directory of the database, the secret key and the credentials.",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="TORIHIKI_DATABASE",
        help="postgresql://... or sqlite:///path. SQLite in the data directory unless given.",
        show_default=False,
    ),
]
DEFAULT_DATA = Path("torihiki-data")
