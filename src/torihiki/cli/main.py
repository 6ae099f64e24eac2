"""The command line: one function a verb. What takes time to load is loaded by the verb that needs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from torihiki.bootstrap import Settings
from torihiki.cli import options
from torihiki.cli.failures import told, told_alone
from torihiki.cli.options import DEFAULT_DATA, Data, Database

app = typer.Typer(
    name="torihiki",
    help="Serves Selling Partner Orders v0 and Amazon Pay Reports, wire-compatible, from your own machine. "
    "Not affiliated with Amazon.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(
    name="import", help="Puts what you have into the store.", no_args_is_help=True
)
app.add_typer(imports)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - the value of a flag, as typer hands it over
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - only here

        typer.echo(f"torihiki {version('torihiki')}")
        raise typer.Exit


@app.callback()
def _of_all_verbs(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar=options.FLAG,
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    pass


def _settings(data: Path, database: str | None) -> Settings:
    settings = Settings(data=data, database=database)
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    try:
        _ = settings.sqlite_path
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def serve(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    documents: options.Documents = None,
    public_url: options.PublicUrl = None,
    host: options.Host = "127.0.0.1",
    port: options.Port = 8900,
    tls_port: options.TlsPort = None,
    tls_certificate: options.TlsCertificate = None,
    tls_key: options.TlsKey = None,
    workers: options.Workers = 1,
    demo: options.Demo = False,
    usage_plans: options.UsagePlans = "amazon",
    visibility_delay: options.VisibilityDelay = "PT0S",
    pay_schedule_conflict: options.PayScheduleConflict = "array",
    pay_strict: options.PayStrict = False,
    pay_refuse_captures: options.PayRefuseCaptures = False,
    pay_range_max: options.PayRangeMax = None,
    pay_limits: options.PayLimits = False,
    strict: options.Strict = False,
    access_log: options.AccessLog = False,
    log_level: options.LogLevel = "info",
    erase_restricted_after: options.EraseRestrictedAfter = None,
    audit_retention: options.AuditRetention = "P365D",
    pay_layouts: options.PayLayouts = None,
    operator_token: options.OperatorToken = None,
) -> None:
    """Serves the APIs until SIGTERM, then finishes what is under way and ends with status 0."""
    from torihiki.bootstrap import given  # noqa: PLC0415 - loads the server

    settings = given.checked_settings(
        data=data,
        database=database,
        documents=documents,
        public_url=public_url,
        host=host,
        port=port,
        tls_port=tls_port,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        workers=workers,
        demo=demo,
        usage_plans=usage_plans,
        visibility_delay=visibility_delay,
        pay_schedule_conflict=pay_schedule_conflict,
        pay_strict=pay_strict,
        pay_refuse_captures=pay_refuse_captures,
        pay_range_max=pay_range_max,
        pay_limits=pay_limits,
        strict=strict,
        access_log=access_log,
        log_level=log_level,
        erase_restricted_after=erase_restricted_after,
        audit_retention=audit_retention,
        pay_layouts=pay_layouts,
        operator_token=operator_token,
    )
    if isinstance(settings, str):
        raise typer.BadParameter(settings)
    _serve(settings)


def _serve(settings: Settings) -> None:
    from torihiki.bootstrap import files, serving  # noqa: PLC0415 - loads the server

    host = settings.host
    listeners = []
    for port in (settings.port, settings.tls_port):
        if port is None:
            continue
        try:
            listeners.append(serving.listen(host, port))
        except OSError as error:
            typer.echo(f"Cannot listen on {host}:{port}: {error.strerror}", err=True)
            raise typer.Exit(1) from error
    shown = f"[{host}]" if ":" in host else host
    endpoints = [
        f"{scheme}://{shown}:{listener.getsockname()[1]}"
        for scheme, listener in zip(("http", "https"), listeners, strict=False)
    ]
    with told_alone():
        if not files.hold(settings.data):
            typer.echo(
                f"Another server runs with {settings.data}: its credentials name this one's address from now on.",
                err=True,
            )
        credentials = serving.prepare_now(settings, serving.reachable(settings, endpoints))
    _say_what_next(settings, endpoints, [seller.seller_id for seller in credentials.sellers])
    serving.serve(settings, listeners)


def _say_what_next(settings: Settings, endpoints: list[str], sellers: list[str]) -> None:
    endpoint, *secure = endpoints
    typer.echo(f"Torihiki serves on {endpoint}")
    for address in secure:
        trusted = "" if settings.tls_certificate else f" (clients trust {settings.data / 'ca.pem'})"
        typer.echo(f"  and with TLS: {address}{trusted}")
    if sellers:
        typer.echo(f"  sellers:      {', '.join(sellers)}")
    typer.echo(f"  credentials:  {sys.argv[0]} credentials --data {settings.data}")
    typer.echo(f"  API document: {endpoint}/-/api/v1/openapi.json (with the operator token)")
    typer.echo("  stop with Ctrl+C")


@app.command()
def worker(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    documents: options.Documents = None,
    log_level: options.LogLevel = "info",
    erase_restricted_after: options.EraseRestrictedAfter = None,
    audit_retention: options.AuditRetention = "P365D",
    pay_layouts: options.PayLayouts = None,
) -> None:
    """Does the chores beside the requests until SIGTERM. `serve` starts one itself; more do no harm."""
    from torihiki.bootstrap import given, working  # noqa: PLC0415 - loads the storage

    settings = given.checked_settings(
        data=data,
        database=database,
        documents=documents,
        log_level=log_level,
        erase_restricted_after=erase_restricted_after,
        audit_retention=audit_retention,
        pay_layouts=pay_layouts,
    )
    if isinstance(settings, str):
        raise typer.BadParameter(settings)
    failure = working.work(settings)
    if failure is not None:
        typer.echo(f"Cannot go on: {failure}", err=True)
        raise typer.Exit(1)


@app.command()
def migrate(data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Brings the database to the newest schema and ends; `serve` does the same when it starts."""
    import asyncio  # noqa: PLC0415 - only here

    from torihiki.bootstrap import stores  # noqa: PLC0415 - loads the storage

    with told_alone():
        before = asyncio.run(stores.migrate(_settings(data, database)))
    typer.echo(f"The database is on the newest schema; it had version {before}.")


@app.command()
def credentials(
    data: Data = DEFAULT_DATA,
    database: Database = None,  # noqa: ARG001 - every command takes both
    *,
    as_json: Annotated[
        bool, typer.Option("--json", metavar=options.FLAG, help="Print the file as JSON.")
    ] = False,
) -> None:
    """Prints what a client needs: endpoint, operator token, and what each seller's clients log in and sign with."""
    import msgspec  # noqa: PLC0415 - only here

    from torihiki.bootstrap import files  # noqa: PLC0415 - only here

    with told():
        found = files.read_credentials(data)
    if found is None:
        typer.echo(
            f"There is no server's directory at {data}: start `torihiki serve` on it first.",
            err=True,
        )
        raise typer.Exit(1)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    secure = f" and {found.endpoint_tls}" if found.endpoint_tls else ""
    typer.echo(f"endpoint        {found.endpoint}{secure}")
    typer.echo(f"operator token  {found.operator_token}")
    for seller in found.sellers:
        typer.echo(f"\nseller          {seller.seller_id} ({', '.join(seller.marketplace_ids)})")
        typer.echo(
            f"client id       {seller.lwa.client_id}\nclient secret   {seller.lwa.client_secret}"
        )
        typer.echo(f"refresh token   {seller.lwa.refresh_token}")
        if seller.pay:
            typer.echo(f"pay merchant    {seller.pay.merchant_id} ({seller.pay.region})")
            for key in (seller.pay.live, seller.pay.sandbox):
                typer.echo(f"pay key         {key.public_key_id} (its private key: --json)")


@app.command()
def demo(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    orders: Annotated[int, typer.Option(min=1, help="How many orders to add.")] = 1000,
    payments: Annotated[
        int, typer.Option(min=0, help="How many payments of Amazon Pay to add.")
    ] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Which; another seed adds others.")] = 1,
    until: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="Date that they end at; the last midnight (UTC) of the operator's clock unless given.",
        ),
    ] = None,
) -> None:
    """Adds orders and payments of the demo's sellers: the same arguments give the same bytes."""
    from torihiki.cli import loading  # noqa: PLC0415 - loads the storage

    raise typer.Exit(loading.add_demo(_settings(data, database), orders, payments, seed, until))


@app.command()
def rekey(data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Seals all restricted data with a new key and forgets the old one; servers may run meanwhile."""
    from torihiki.cli import loading  # noqa: PLC0415 - loads the storage

    raise typer.Exit(loading.rekey(_settings(data, database)))


@imports.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="NDJSON, one order a line; - reads standard input.")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Adds or replaces orders. Bad lines are named and the good ones kept; then the exit status is 1."""
    from torihiki.cli import loading  # noqa: PLC0415 - loads the storage

    raise typer.Exit(loading.import_orders(_settings(data, database), file))


@imports.command("payments")
def import_payments(
    file: Annotated[
        Path,
        typer.Argument(help="NDJSON, a state of an object a line; - reads standard input."),
    ],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    pay_layouts: options.PayLayouts = None,
) -> None:
    """Adds payments of Amazon Pay. Bad lines are named and the good ones kept; then the exit status is 1."""
    from torihiki.bootstrap import given  # noqa: PLC0415 - loads the storage
    from torihiki.cli import loading  # noqa: PLC0415 - as above

    settings = given.checked_settings(data=data, database=database, pay_layouts=pay_layouts)
    if isinstance(settings, str):
        raise typer.BadParameter(settings)
    raise typer.Exit(loading.import_payments(settings, file))
