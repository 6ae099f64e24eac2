"""Kills workers with SIGKILL while they make reports, run schedules and close settlements, and counts what became of all.

`python -m tests.durability.reports --kills 50 --database postgresql` prints the counts. In each round reports are asked
for, the operator's clock is moved, and one worker or both are killed at a moment that is drawn, mostly while a document
is being written; then they are started again. At the end every report and every byte is read anew.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

from tests.durability.processes import database
from tests.durability.report_checking import (
    BEGIN,
    LIVE,
    MERCHANT,
    OPEN,
    SANDBOX,
    TODAY,
    Counts,
    Scene,
    judge,
    reports_of,
)
from tests.serving import TORIHIKI, environment
from tests.storage.ledger_samples import capture, event
from tests.storage.order_model import MARKETPLACES
from torihiki import clock
from torihiki.admin.model import ClockState, Seller
from torihiki.auth.pay.store import Merchant
from torihiki.bootstrap.stores import Stores, open_stores, operator_now
from torihiki.kernel.instant import Instant, TimeDelta, from_micros, micros
from torihiki.pay_reports import operations
from torihiki.pay_reports.model import (
    NewReport,
    NewSchedule,
    Policy,
    ReportType,
    ScheduleFrequency,
)
from torihiki.payments.recording import Recorder

HOURS: Final = 24 * 60
WORKERS: Final = 2
ASKED: Final = 8
"""Reports that are asked for in each round."""
QUIET_SECONDS: Final = 60.0
"""How long the last reports may take, of which ten seconds are a lease."""
SCHEDULES: Final = {
    ReportType.CAPTURE: ScheduleFrequency.PT1H,
    ReportType.AUTHORIZATION: ScheduleFrequency.PT5M,
    ReportType.REFUND: ScheduleFrequency.P1D,
}


class Workers:
    """`torihiki worker`, several times."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._log = scene.data.parent / "workers.log"
        self._processes = [self._start() for _ in range(WORKERS)]

    def _start(self) -> subprocess.Popen[bytes]:
        database = self._scene.database
        stored = ("--database", database) if database else ()
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [TORIHIKI, "worker", "--data", self._scene.data, *stored],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )

    def kill(self, numbers: list[int]) -> None:
        """Kills these and starts others in their place."""
        for number in numbers:
            self._processes[number].kill()
        for number in numbers:
            self._processes[number].wait()
            self._processes[number] = self._start()

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def errors(self) -> list[str]:
        """What they logged that nobody expected."""
        lines = self._log.read_text("utf-8").splitlines()
        return [line for line in lines if '"level":"error"' in line or "Traceback" in line]


async def sell(stores: Stores, rows: int) -> None:
    """A merchant who sold something all day and night for two months, in both worlds."""
    seller = Seller(
        seller_id="S1", name="S", marketplace_ids=MARKETPLACES, created_at=from_micros(0)
    )
    assert await stores.admin.add_seller(seller)
    merchant = Merchant(merchant_id=MERCHANT, seller_id="S1", region="na", created_at=BEGIN)
    assert await stores.pay_accounts.add_merchant(merchant)
    for environment_name in ("live", "sandbox"):
        for low in range(0, rows, 1000):
            found = [
                event(capture(number, number * HOURS // rows), MERCHANT, environment_name)
                for number in range(low, min(low + 1000, rows))
            ]
            await stores.ledger.append(found, Recorder())
    await move(stores, TODAY)


async def plan(stores: Stores) -> None:
    """His schedules."""
    for report_type, frequency in SCHEDULES.items():
        await operations.create_report_schedule(
            stores.pay_reports,
            LIVE,
            NewSchedule(report_type=report_type, frequency=frequency, first=TODAY, replace=False),
            policy=Policy(),
            now=await operator_now(stores),
            random_bytes=secrets.token_bytes,
        )


async def move(stores: Stores, now: Instant) -> None:
    """Sets the operator's clock, which goes on from there."""
    offset_us = micros(now) - clock.machine_us()
    await stores.admin.change_clock(lambda _: ClockState(offset_us=offset_us, stopped_at_us=None))


async def ask(stores: Stores, random: Random) -> None:
    """A report of some hours: most are long, some are empty, some of the sandbox."""
    account, report_type = random.choice(
        [
            (LIVE, ReportType.CAPTURE),
            (LIVE, ReportType.CAPTURE),
            (LIVE, ReportType.AUTHORIZATION),
            (LIVE, ReportType.REFUND),
            (SANDBOX, ReportType.SANDBOX_SETTLEMENT),
        ]
    )
    start = random.randrange(HOURS // 4)
    wanted = NewReport(
        report_type=report_type,
        start_time=BEGIN.add(hours=start),
        end_time=BEGIN.add(hours=random.randrange(start, HOURS)),
    )
    await operations.create_report(
        stores.pay_reports,
        account,
        wanted,
        policy=Policy(),
        now=await operator_now(stores),
        random_bytes=secrets.token_bytes,
    )


def wait_for_writing(scene: Scene, before: set[Path], until: float) -> None:
    while not scene.unfinished() - before and time.monotonic() < until:
        time.sleep(0.002)


async def one_round(
    stores: Stores, scene: Scene, workers: Workers, random: Random, counts: Counts
) -> None:
    """One kill, and what comes before it."""
    before = scene.unfinished()
    now = await operator_now(stores)
    await move(stores, now + TimeDelta(seconds=random.choice((1, 4_000, 40_000, 200_000))))
    for _ in range(ASKED):
        await ask(stores, random)
    until = time.monotonic() + random.uniform(2, 4)
    # Documents are written in an instant: the moment is any one after the first is begun.
    await asyncio.to_thread(wait_for_writing, scene, before, until)
    await asyncio.sleep(random.choice((0, 0, random.uniform(0, 0.01), random.uniform(0, 0.3))))
    killed = random.choice(([0], [1], [0, 1]))
    await asyncio.to_thread(workers.kill, killed)
    counts["asked for"] += ASKED
    counts["workers killed"] += len(killed)
    counts["  documents left unfinished"] += len(scene.unfinished() - before)


async def quiet(stores: Stores) -> None:
    """Until nothing is open, or the time is over. The clock stands still, or schedules would never end."""
    now = micros(await operator_now(stores))
    await stores.admin.change_clock(lambda _: ClockState(offset_us=0, stopped_at_us=now))
    until = time.monotonic() + QUIET_SECONDS
    calm = 0
    while calm < 5 and time.monotonic() < until:
        await asyncio.sleep(0.5)
        reports = [*await reports_of(stores, LIVE), *await reports_of(stores, SANDBOX)]
        is_calm = all(one.processing_status is not OPEN for one in reports)
        calm = calm + 1 if is_calm else 0


async def run(scene: Scene, kills: int, seed: int, rows: int) -> Counts:
    """All rounds, and what was counted."""
    random, counts = Random(seed), Counts()
    async with open_stores(scene.settings) as stores:
        await sell(stores, rows)
        await plan(stores)
        workers = Workers(scene)
        try:
            for _ in range(kills):
                await one_round(stores, scene, workers, random, counts)
            await quiet(stores)
        finally:
            workers.end()
        counts["! errors in the workers' log"] = len(workers.errors())
        await judge(stores, scene, counts)
    return counts


def main() -> int:
    """Runs the rounds; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.durability.reports", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="rounds, each with one or two kills")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1, help="of the requests and the moments")
    parser.add_argument("--rows", type=int, default=20_000, help="captures in each world")
    given = parser.parse_args()
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="torihiki-") as folder,
        database(given.database) as (_, url),
    ):
        scene = Scene(Path(folder) / "data", url)
        counts = asyncio.run(run(scene, given.kills, given.seed, given.rows))
    lines = [*counts.lines(), f"{'took':32} {time.monotonic() - started:.0f} s, seed {given.seed}"]
    sys.stdout.write("\n".join((*lines, "")))
    return 0 if counts.is_clean() else 1


if __name__ == "__main__":
    sys.exit(main())
