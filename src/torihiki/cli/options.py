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
Documents = Annotated[
    str | None,
    typer.Option(
        "--documents",
        envvar="TORIHIKI_DOCUMENTS",
        help="Directory, or s3://bucket/prefix. A directory in the data directory unless given.",
        show_default=False,
    ),
]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        envvar="TORIHIKI_PUBLIC_URL",
        show_default=False,
        help="https://host[:port] by which clients reach the server, such as that of a proxy in front of it. "
        "Whatever each client says unless given.",
    ),
]
Host = Annotated[str, typer.Option(envvar="TORIHIKI_HOST", help="Address to listen on.")]
Port = Annotated[
    int, typer.Option(envvar="TORIHIKI_PORT", min=0, max=65535, help="Port; 0 takes a free one.")
]
Workers = Annotated[
    int,
    typer.Option(
        envvar="TORIHIKI_WORKERS", min=1, max=64, help="Server processes that share the port."
    ),
]
Demo = Annotated[
    bool, typer.Option("--demo", envvar="TORIHIKI_DEMO", help="Fill an empty store with the demo.")
]
UsagePlans = Annotated[
    str, typer.Option(envvar="TORIHIKI_USAGE_PLANS", help="amazon, or off to lift the limits.")
]
VisibilityDelay = Annotated[
    str,
    typer.Option(
        envvar="TORIHIKI_VISIBILITY_DELAY",
        help="ISO 8601 duration after which getOrders shows a change; PT2M is Amazon's.",
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        envvar="TORIHIKI_STRICT",
        help="Refuse shipments without packageReferenceId, with an impossible date or without transparency codes.",
    ),
]
AccessLog = Annotated[
    bool,
    typer.Option(
        "--access-log",
        envvar="TORIHIKI_ACCESS_LOG",
        help="Log every request, not only refused ones.",
    ),
]
LogLevel = Annotated[
    str, typer.Option(envvar="TORIHIKI_LOG_LEVEL", help="debug, info, warning or error.")
]
EraseRestrictedAfter = Annotated[
    str | None,
    typer.Option(
        envvar="TORIHIKI_ERASE_RESTRICTED_AFTER",
        show_default=False,
        help="ISO 8601 duration, such as P30D, after which restricted fields of a shipped or cancelled order are "
        "erased. Never unless given.",
    ),
]
AuditRetention = Annotated[
    str,
    typer.Option(
        envvar="TORIHIKI_AUDIT_RETENTION",
        help="ISO 8601 duration after which an entry of the audit trail is forgotten.",
    ),
]
OperatorToken = Annotated[
    str | None,
    typer.Option(
        envvar="TORIHIKI_OPERATOR_TOKEN",
        show_default=False,
        help="The operator's bearer token. One is made and kept unless given.",
    ),
]
DEFAULT_DATA = Path("torihiki-data")
