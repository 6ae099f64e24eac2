"""The verbs that go through many orders or payments, with a progress bar where somebody watches."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import typer

from torihiki.bootstrap import Settings
from torihiki.bootstrap import rekey as rekeying
from torihiki.bootstrap.demo import add_orders, add_payments, demo_end, ensure_sellers
from torihiki.bootstrap.files import prepare_credentials, read_credentials
from torihiki.bootstrap.merchants import ensure_pay, new_keys
from torihiki.bootstrap.stores import open_stores, operator_now, require_store
from torihiki.cli.failures import told_alone
from torihiki.kernel.dates import parse_date
from torihiki.kernel.line_import import LineError
from torihiki.orders.operations import ImportReport, OrderImport
from torihiki.orders.v0.documents import parse_line
from torihiki.payments.operations import PaymentImport, PaymentReport
from torihiki.payments.recording import Recorder
from torihiki.server.ndjson import Import, lines

CHUNK_BYTES: Final = 1024 * 1024


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Shows how much is done, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where somebody watches
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def _report(kept: str, failed: int, errors: Sequence[LineError]) -> int:
    """Prints what became of an import; the exit status."""
    for error in errors:
        typer.echo(f"line {error.line}: {error.reason}", err=True)
    if failed > len(errors):
        typer.echo(f"... and {failed - len(errors)} more bad lines", err=True)
    typer.echo(f"{kept}, {failed} lines refused")
    return 1 if failed else 0


def _report_orders(report: ImportReport) -> int:
    return _report(f"{report.imported} orders imported", report.failed, report.errors)


def _report_payments(report: PaymentReport) -> int:
    kept = f"{report.imported} states of payments imported, {report.new} of them new"
    return _report(kept, report.failed, report.errors)


def import_orders(settings: Settings, file: Path) -> int:
    """Imports a file of orders, beside a running server if there is one; the exit status."""

    async def work() -> int:
        async with open_stores(settings) as stores:
            found = OrderImport(stores.orders, parse_line)
            await _read(file, found)
            return _report_orders(await found.finish())

    with told_alone():
        require_store(settings)
        return asyncio.run(work())


def import_payments(settings: Settings, file: Path) -> int:
    """Imports a file of payments, beside a running server if there is one; the exit status."""

    async def work() -> int:
        async with open_stores(settings) as stores:
            found = PaymentImport(stores.ledger, Recorder())
            await _read(file, found)
            return _report_payments(await found.finish())

    with told_alone():
        require_store(settings)
        return asyncio.run(work())


async def _read(file: Path, found: Import) -> None:
    with _opened(file) as (source, size), _progress("importing", size) as advanced:
        await lines(_chunks(source, advanced), found)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BinaryIO, int | None]]:
    if str(file) == "-":
        yield sys.stdin.buffer, None
        return
    with file.open("rb") as source:
        yield source, file.stat().st_size


async def _chunks(source: BinaryIO, advanced: Callable[[int], None]) -> AsyncIterator[bytes]:
    done = 0
    while chunk := source.read(CHUNK_BYTES):
        yield chunk
        done += len(chunk)
        advanced(done)


def add_demo(settings: Settings, orders: int, payments: int, seed: int, until: str | None) -> int:
    """Adds the demo's sellers, where they are missing, and orders and payments of one seed; the exit status."""
    end = None if until is None else parse_date(until)
    if until is not None and end is None:
        raise typer.BadParameter("--until takes an ISO 8601 date")

    async def work() -> int:
        async with open_stores(settings) as stores:
            if read_credentials(settings.data) is None:
                prepare_credentials(settings.data, "http://127.0.0.1:8900", None)
            keys = asyncio.create_task(new_keys(settings))
            await ensure_sellers(stores, settings)
            stop = end or demo_end(await operator_now(stores))
            with _progress("adding orders", orders) as advanced:
                failed = _report_orders(await add_orders(stores, orders, seed, stop, advanced))
            with _progress("adding payments", None) as advanced:
                report = await add_payments(stores, payments, seed, stop, advanced)
            failed |= _report_payments(report)
            await ensure_pay(stores, settings, await keys)
            return failed

    with told_alone():
        return asyncio.run(work())


def rekey(settings: Settings) -> int:
    """Seals everything with a new key; the exit status."""
    with told_alone(), _progress("sealing", None) as advanced:
        require_store(settings)
        count = asyncio.run(rekeying.rekey(settings, advanced))
    typer.echo(f"{count} orders sealed with the new key; the old one is gone from secret.key")
    return 0
