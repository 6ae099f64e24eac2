"""The command line: one function a verb. What takes time to load is loaded by the verb that needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from torihiki.bootstrap import Settings
from torihiki.cli.options import DEFAULT_DATA, Data, Database

app = typer.Typer(
    name="torihiki",
    help="Serves Selling Partner Orders v0, wire-compatible, from your own machine. Not affiliated with Amazon.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(
    name="import", help="Puts what you have into the store.", no_args_is_help=True
)
app.add_typer(imports)


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
    host: Annotated[
        str, typer.Option(envvar="TORIHIKI_HOST", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(envvar="TORIHIKI_PORT", min=0, max=65535, help="Port; 0 takes a free one."),
    ] = 8900,
    workers: Annotated[
        int,
        typer.Option(
            envvar="TORIHIKI_WORKERS", min=1, max=64, help="Server processes that share the port."
        ),
    ] = 1,
    demo: Annotated[
        bool,
        typer.Option("--demo", envvar="TORIHIKI_DEMO", help="Fill an empty store with the demo."),
    ] = False,
    usage_plans: Annotated[
        str, typer.Option(envvar="TORIHIKI_USAGE_PLANS", help="amazon, or off to lift the limits.")
    ] = "amazon",
    visibility_delay: Annotated[
        str,
        typer.Option(
            envvar="TORIHIKI_VISIBILITY_DELAY",
            help="ISO 8601 duration after which getOrders shows a change; PT2M is Amazon's.",
        ),
    ] = "PT0S",
    access_log: Annotated[
        bool,
        typer.Option(
            "--access-log",
            envvar="TORIHIKI_ACCESS_LOG",
            help="Log every request, not only refused ones.",
        ),
    ] = False,
    log_level: Annotated[
        str, typer.Option(envvar="TORIHIKI_LOG_LEVEL", help="debug, info, warning or error.")
    ] = "info",
    operator_token: Annotated[
        str | None,
        typer.Option(
            envvar="TORIHIKI_OPERATOR_TOKEN",
            show_default=False,
            help="The operator's bearer token. One is made and kept unless given.",
        ),
    ] = None,
) -> None:
    """Serves the APIs until SIGTERM, then finishes what is under way and ends with status 0."""
    from torihiki.bootstrap import serving  # noqa: PLC0415 - loads the server

    settings = serving.checked_settings(
        data=data,
        database=database,
        host=host,
        port=port,
        workers=workers,
        demo=demo,
        usage_plans=usage_plans,
        visibility_delay=visibility_delay,
        access_log=access_log,
        log_level=log_level,
        operator_token=operator_token,
    )
    if isinstance(settings, str):
        raise typer.BadParameter(settings)
    try:
        listener = serving.listen(host, port)
    except OSError as error:
        typer.echo(f"Cannot listen on {host}:{port}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    endpoint = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    credentials = serving.prepare_now(settings, endpoint)
    _say_what_next(settings, endpoint, [seller.seller_id for seller in credentials.sellers])
    serving.serve(settings, listener)


def _say_what_next(settings: Settings, endpoint: str, sellers: list[str]) -> None:
    typer.echo(f"Torihiki serves on {endpoint}")
    if sellers:
        typer.echo(f"  sellers:      {', '.join(sellers)}")
    typer.echo(f"  credentials:  torihiki credentials --data {settings.data}")
    typer.echo(f"  API document: {endpoint}/-/api/v1/openapi.json")
    typer.echo("  stop with Ctrl+C")


@app.command()
def migrate(data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Brings the database to the newest schema and ends; `serve` does the same when it starts."""
    import asyncio  # noqa: PLC0415 - only here

    from torihiki.bootstrap import stores  # noqa: PLC0415 - loads the storage

    before = asyncio.run(stores.migrate(_settings(data, database)))
    typer.echo(f"The database is on the newest schema; it had version {before}.")


@app.command()
def credentials(
    data: Data = DEFAULT_DATA,
    database: Database = None,  # noqa: ARG001 - every command takes both
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file as JSON.")] = False,
) -> None:
    """Prints what a client needs: endpoint, operator token, and each seller's LWA credentials."""
    import msgspec  # noqa: PLC0415 - only here

    from torihiki.bootstrap import files  # noqa: PLC0415 - only here

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
    typer.echo(f"endpoint        {found.endpoint}\noperator token  {found.operator_token}")
    for seller in found.sellers:
        typer.echo(f"\nseller          {seller.seller_id} ({', '.join(seller.marketplace_ids)})")
        typer.echo(
            f"client id       {seller.lwa.client_id}\nclient secret   {seller.lwa.client_secret}"
        )
        typer.echo(f"refresh token   {seller.lwa.refresh_token}")


@app.command()
def demo(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    orders: Annotated[int, typer.Option(min=1, help="How many orders to add.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Which orders; another seed adds others.")] = 1,
    until: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="Date that the orders end at; the last midnight (UTC) of the operator's clock unless given.",
        ),
    ] = None,
) -> None:
    """Adds orders of the demo's sellers: the same arguments give the same bytes."""
    from torihiki.cli import loading  # noqa: PLC0415 - loads the storage

    raise typer.Exit(loading.add_demo(_settings(data, database), orders, seed, until))


@imports.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="NDJSON, one order a line; - reads standard input.")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Adds or replaces orders. Bad lines are named and the good ones kept; then the exit status is 1."""
    from torihiki.cli import loading  # noqa: PLC0415 - loads the storage

    raise typer.Exit(loading.import_orders(_settings(data, database), file))
