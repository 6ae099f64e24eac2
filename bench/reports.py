"""Reports of many rows: the export against the `sqlite3` command line that formats the same rows of a plain table."""

from __future__ import annotations

import filecmp
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from bench import postgres
from bench.machine import Strangers
from bench.report import Line
from bench.report_rows import FORMATS
from bench.stores import Backend, Bench
from torihiki.pay_reports.layouts import LAYOUTS, SETTLEMENT_ID, Column, Kind
from torihiki.payments.settlement import settlement_id

GOAL: Final = 1.7
STRETCH: Final = 4.0
PEAK_MAX_MIB: Final = 150
ROUNDS_MAX: Final = 3
_MIB: Final = 1024


class Run(NamedTuple):
    """One export: seconds, seconds of processor, and peak memory in MiB."""

    seconds: float
    cpu: float
    peak: float


def reports(bench: Bench, backend: Backend, rows: int) -> list[Line]:
    """Each format, in turns with its floor; the files are compared byte for byte."""
    command_line = shutil.which("sqlite3")
    if command_line is None:
        raise RuntimeError("the sqlite3 command line is not installed")
    plain = bench.work / f"plain{rows}.sqlite3"
    if not plain.exists():
        _child("plain", str(plain), str(rows))
    target, appending = _filled(bench, backend, rows)
    lines = []
    for name in FORMATS:
        strangers = Strangers()
        ours: list[Run] = []
        floor: list[Run] = []
        file, same = bench.work / "exported", bench.work / "formatted"
        for _ in range(min(bench.rounds, ROUNDS_MAX)):
            floor.append(_floor(command_line, plain, name, same))
            ours.append(_child("export", target, name, str(file)))
        if not _alike(name, file, same):
            raise RuntimeError(f"the {name} report is not what the floor writes")
        lines += _lines(name, rows, ours, floor, strangers.share())
        file.unlink()
        same.unlink()
    count = len(FORMATS) * rows
    lines.append(
        Line(
            measure="rows appended to the seven reports and sealed, a second",
            value=f"{appending:.1f} s, {appending * 1e6 / count:.0f} us a row",
            ratio=count / appending,
        )
    )
    return lines


def _lines(name: str, rows: int, ours: list[Run], floor: list[Run], strangers: float) -> list[Line]:
    seconds = statistics.median(run.seconds for run in ours)
    against = statistics.median(run.seconds for run in floor)
    cpu = statistics.median(run.cpu for run in ours)
    cpu_floor = statistics.median(run.cpu for run in floor)
    peak = max(run.peak for run in ours)
    return [
        Line(
            measure=f"{name}, {rows:,} rows: floor / export",
            value=f"{against:.2f} / {seconds:.2f} s, {rows / seconds:,.0f} rows/s,"
            f" others took {strangers:.0%} of the machine",
            ratio=against / seconds,
            goal=GOAL,
            stretch=STRETCH,
        ),
        Line(
            measure=f"{name}: processor time of the floor / of the export without its start",
            value=f"{cpu_floor:.2f} / {cpu:.2f} s",
            ratio=cpu_floor / cpu,
        ),
        Line(
            measure=f"{name}: peak memory of the exporting process, MiB",
            value=f"{peak:.0f} MiB",
            ratio=peak,
            goal=PEAK_MAX_MIB,
            at_most=True,
        ),
    ]


def _filled(bench: Bench, backend: Backend, rows: int) -> tuple[str, float]:
    """A database with the rows, made once, and how long it took."""
    name = f"reports{rows}"
    folder = bench.work / f"{backend}-{name}"
    target = str(folder / "torihiki.sqlite3")
    if backend == "postgresql" and bench.cluster is not None:
        target = bench.cluster + name
    done = folder / "filled-in"
    if done.exists():
        return target, float(done.read_text(encoding="utf-8"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if backend == "postgresql" and bench.cluster is not None:
        postgres.create(bench.cluster, name)
    spent = _child("fill", target, str(rows)).seconds
    if backend == "postgresql" and bench.cluster is not None:
        postgres.execute(bench.cluster, "VACUUM ANALYZE", name)
    done.write_text(str(spent), encoding="utf-8")
    return target, spent


def _child(*words: str) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "bench.report_rows", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, cpu, peak = map(float, done.stdout.split())
    return Run(seconds, cpu, peak / _MIB)


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _floor(command_line: str, plain: Path, name: str, path: Path) -> Run:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with path.open("wb") as file:
        subprocess.run(
            [command_line, "-readonly", "-list", "-noheader", plain, _formatting(name)],
            check=True,
            stdout=file,
        )
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(seconds, _cpu(after) - _cpu(before), 0.0)


def _formatting(name: str) -> str:
    """The quickest statement that was found for it: one call of printf for a row."""
    layout = LAYOUTS[FORMATS[name]]
    forms, values = zip(*(_field(column) for column in layout.columns), strict=True)
    fields = [value for value in values if value]
    order = "DESC" if layout.newest_first else "ASC"
    form = ",".join(f'"{form}"' for form in forms)
    return f"SELECT printf('{form}', {', '.join(fields)}) FROM {name} ORDER BY key {order}"


def _field(column: Column) -> tuple[str, str]:
    match column.kind:
        case _ if column.fact is None:
            return "", ""
        case _ if column.fact == SETTLEMENT_ID:
            return settlement_id(1), ""
        case Kind.TIME:
            return "%s", f"strftime('%Y-%m-%dT%H:%M:%S +0000', {column.fact}, 'unixepoch')"
        case Kind.AMOUNT | Kind.FEE:
            return "%.2f", f"{column.fact} / 100.0"
        case _:
            return "%w", str(column.fact)


def _alike(name: str, file: Path, same: Path) -> bool:
    if name != "settlement":
        return filecmp.cmp(file, same, shallow=False)
    # Behind the postings an export has the transfer.
    size = same.stat().st_size
    with file.open("rb") as one, same.open("rb") as other:
        while part := other.read(1 << 20):
            if one.read(len(part)) != part:
                return False
        rest = one.read()
    return size > 0 and rest.count(b"\n") == 1 and b'"Transfer"' in rest
