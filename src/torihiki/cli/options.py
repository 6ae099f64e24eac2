"""The options that commands share; each is also `TORIHIKI_<NAME>` in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

FLAG: Final = ""
"""What the help shows where other options have the type of their value."""

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
TlsPort = Annotated[
    int | None,
    typer.Option(
        envvar="TORIHIKI_TLS_PORT",
        min=0,
        max=65535,
        show_default=False,
        help="Port for https, beside the other; 0 takes a free one. None unless given.",
    ),
]
TlsCertificate = Annotated[
    Path | None,
    typer.Option(
        envvar="TORIHIKI_TLS_CERTIFICATE",
        dir_okay=False,
        show_default=False,
        help="PEM file of the certificate and its chain. The server makes its own unless given.",
    ),
]
TlsKey = Annotated[
    Path | None,
    typer.Option(
        envvar="TORIHIKI_TLS_KEY",
        dir_okay=False,
        show_default=False,
        help="PEM file of the certificate's key, without a password.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        envvar="TORIHIKI_WORKERS", min=1, max=64, help="Server processes that share the port."
    ),
]
Demo = Annotated[
    bool,
    typer.Option(
        "--demo",
        metavar=FLAG,
        envvar="TORIHIKI_DEMO",
        help="Fill an empty store with the demo.",
    ),
]
UsagePlans = Annotated[
    Literal["amazon", "off"],
    typer.Option(envvar="TORIHIKI_USAGE_PLANS", help="amazon, or off to lift the limits."),
]
VisibilityDelay = Annotated[
    str,
    typer.Option(
        envvar="TORIHIKI_VISIBILITY_DELAY",
        help="ISO 8601 duration after which getOrders shows a change; PT2M is Amazon's.",
    ),
]
PayScheduleConflict = Annotated[
    Literal["array", "error"],
    typer.Option(
        envvar="TORIHIKI_PAY_SCHEDULE_CONFLICT",
        help="What a second report schedule of a type gets: array, as Amazon's guide says, or error.",
    ),
]
PayStrict = Annotated[
    bool,
    typer.Option(
        "--pay-strict",
        metavar=FLAG,
        envvar="TORIHIKI_PAY_STRICT",
        help="Refuse report types of the other environment, and a POST without a documented idempotency key.",
    ),
]
PayRefuseCaptures = Annotated[
    bool,
    typer.Option(
        "--pay-refuse-captures",
        metavar=FLAG,
        envvar="TORIHIKI_PAY_REFUSE_CAPTURES",
        help="Refuse reports of captures, which Amazon's own API was seen not to have.",
    ),
]
PayRangeMax = Annotated[
    str | None,
    typer.Option(
        envvar="TORIHIKI_PAY_RANGE_MAX",
        show_default=False,
        help="ISO 8601 duration, such as P90D: the longest range of a report that is asked for. Any unless given.",
    ),
]
PayLimits = Annotated[
    bool,
    typer.Option(
        "--pay-limits",
        metavar=FLAG,
        envvar="TORIHIKI_PAY_LIMITS",
        help="Limit calls of Amazon Pay; its own figures are not public.",
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        metavar=FLAG,
        envvar="TORIHIKI_STRICT",
        help="Refuse shipments without packageReferenceId, with an impossible date or without transparency codes.",
    ),
]
AccessLog = Annotated[
    bool,
    typer.Option(
        "--access-log",
        metavar=FLAG,
        envvar="TORIHIKI_ACCESS_LOG",
        help="Log every request, not only refused ones.",
    ),
]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    typer.Option(envvar="TORIHIKI_LOG_LEVEL", help="The least severe level that is logged."),
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
PayLayouts = Annotated[
    Path | None,
    typer.Option(
        envvar="TORIHIKI_PAY_LAYOUTS",
        dir_okay=False,
        show_default=False,
        help="JSON file of your own layouts of Amazon Pay's reports. The shipped ones unless given.",
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
