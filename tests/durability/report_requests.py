"""Kills servers while merchants' programs ask them for reports, and compares what is there with what was answered.

`python -m tests.durability.report_requests --kills 30 --database postgresql` prints the counts. In each round programs send
signed requests, the operator's clock jumps, and at a moment that is drawn, mostly while a document is being written, the
whole server is killed, some of its processes, or PostgreSQL. At the end every report and every byte is read anew.
`tests.durability.reports` does the same to workers alone, without HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event
from typing import Any, Final, NamedTuple

import httpx2

from tests.durability.processes import SERVING, WORKER, Group, crash, database
from tests.durability.report_checking import (
    LIVE,
    MERCHANT,
    SANDBOX,
    TODAY,
    Counts,
    Scene,
    all_names,
    judge_reports,
)
from tests.durability.report_load import Ledger, OperatorTime, Post
from tests.durability.report_programs import AT_FIRST, AT_LAST, Programs
from tests.durability.reports import sell, wait_for_writing
from tests.durability.request_checking import judged, shown_otherwise, wrong_downloads
from tests.postgres import PostgresServer
from tests.server.paying import Merchant
from tests.serving import Served
from torihiki import clock
from torihiki.bootstrap.logs import configure
from torihiki.bootstrap.stores import open_stores
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports.model import NewSchedule, ProcessingStatus

PROGRAMS: Final = 6
JUMPS: Final = (1, 300, 4_000, 40_000, 200_000)
"""Seconds by which the operator's clock is set forward."""
LAST: Final = TODAY + TimeDelta(hours=24 * 75)
"""Later it does not jump any more: reports are kept for ninety days only."""
AFTER_SECONDS: Final = 1.0
"""How long programs go on where something of the server stays."""
RECOVERY_SECONDS: Final = 90.0
WORK_SECONDS: Final = 13.0
"""How long the last worker must have been there: leases, and the second look at settlements, take ten."""
CALM: Final = 4
"""How often nothing may be open or owed until all is over, half a second apart."""
ENDING_SECONDS: Final = 45.0
"""How long what is left of a server may take to end; it finishes its requests in thirty."""

SERVER: Final = "the server"
FIRST: Final = "its first process"
ONE: Final = "one of two serving processes"
BOTH: Final = "both serving processes"
CHILD: Final = "its worker"
DATABASE: Final = "PostgreSQL"
AWAY: Final = ("The PostgreSQL database cannot be used", "Application startup failed")
"""What is logged by a process that starts while there is no PostgreSQL."""
VICTIMS: Final = (SERVER, FIRST, ONE, BOTH, CHILD, DATABASE)


class Campaign:
    """A merchant, his programs, and a server that is killed again and again.

    Args:
        scene: Where it all happens.
        postgres: None: SQLite in the data directory.
        random: Draws the victims and the moments.
    """

    def __init__(self, scene: Scene, postgres: PostgresServer | None, random: Random) -> None:
        self.counts = Counts({f"killed: {victim}": 0 for victim in VICTIMS})
        self.ledger = Ledger()
        self._scene = scene
        self._postgres = postgres
        self._random = random
        self._clock = OperatorTime()
        self._stack = contextlib.ExitStack()
        self._start()
        merchants = {
            account: Merchant(self._server, merchant_id=MERCHANT, environment=account.environment)
            for account in (LIVE, SANDBOX)
        }
        self.programs = Programs(self._server.url, merchants, self._clock, self.ledger)
        self._await_worker()

    def _start(self) -> None:
        self._workers = self._random.choice((1, 2))
        self._running = Group(self._scene.data, self._scene.database, workers=self._workers)
        self._stack.callback(self._running.kill)
        self._server: Served = self._stack.enter_context(contextlib.closing(self._running.served()))
        self._read_clock()

    def _start_again(self) -> None:
        """On the same data, while what is left of the one before may still be ending."""
        before = self._running
        self._start()
        self.programs.url = self._server.url
        self.counts["! processes that outlived it"] += not _until(before.is_gone, ENDING_SECONDS)
        before.kill()

    def end(self) -> None:
        self._stack.close()

    def errors(self) -> list[str]:
        """What the servers logged that nobody expected."""
        lines = self._running.log.read_text("utf-8").splitlines()
        found = [line for line in lines if '"level":"error"' in line or "Traceback" in line]
        # A process that finds no PostgreSQL says so and ends; the server starts another.
        was_away = self.counts[f"killed: {DATABASE}"] > 0
        away = [line for line in found if was_away and any(words in line for words in AWAY)]
        self.counts["processes that met no PostgreSQL"] = sum(AWAY[0] in line for line in away)
        return [line for line in found if line not in away]

    def one_round(self, victim: str | None = None) -> None:
        """One kill, and what comes before and after it; None: the victim is drawn."""
        self.programs.allow(AT_FIRST)
        victim = victim or self._random.choice(self._victims())
        self.counts[f"killed: {victim}"] += 1
        silent = self.ledger.statuses["none"]
        stop = Event()
        with ThreadPoolExecutor(PROGRAMS) as pool:
            pressing = [
                pool.submit(self.programs.press, Random(self._random.random()), stop)
                for _ in range(PROGRAMS)
            ]
            try:
                self._press_and_kill(victim)
            finally:
                stop.set()
        for one in pressing:
            one.result()
        self.counts["  while requests were under way"] += self.ledger.statuses["none"] > silent
        if victim in {SERVER, FIRST}:
            self._start_again()
        self._await(self._is_ready)
        self._await_worker()
        self._send_again([post for post in self.ledger.keyed() if not post.is_settled()])
        self.counts["! schedules left behind"] += not _until(self._owes_nothing, RECOVERY_SECONDS)

    def _await_worker(self) -> None:
        # Where the database was away, it may wait for its next try.
        self._await(lambda: bool(self._running.children(WORKER)))
        self._working_since = time.monotonic()

    def _await(self, condition: Callable[[], bool]) -> None:
        """What must come true while the server runs; else its log says more than a count would."""
        process = self._running.process
        came = _until(lambda: process.poll() is not None or condition(), RECOVERY_SECONDS)
        assert process.poll() is None, f"it ended by itself: {self._running.said()[-8000:]}"
        assert came, self._running.said()[-8000:]

    def _victims(self) -> list[str]:
        found = [SERVER, SERVER, FIRST, CHILD]
        found += [DATABASE] * 2 if self._postgres is not None else []
        return found + ([ONE, BOTH] if self._workers > 1 else [])

    def _press_and_kill(self, victim: str) -> None:
        random = self._random
        self._move(random.choice(JUMPS))
        if random.random() < 0.5:
            time.sleep(random.uniform(0, 1))
            self._move(random.choice(JUMPS))
        self.programs.allow(AT_LAST)
        before = self._scene.unfinished()
        if random.random() < 0.7:
            wait_for_writing(self._scene, before, time.monotonic() + 2)
            time.sleep(random.choice((0, random.uniform(0, 0.01), random.uniform(0, 0.1))))
        else:
            time.sleep(random.uniform(0, 1.5))
        self._kill(victim)
        self.counts["  documents left unfinished"] += len(self._scene.unfinished() - before)
        if victim != SERVER:
            time.sleep(AFTER_SECONDS)

    def _kill(self, victim: str) -> None:
        running = self._running
        if victim == SERVER:
            running.kill()
        elif victim == FIRST:
            running.kill_only([running.process.pid])
        elif victim == CHILD:
            running.kill_only(running.children(WORKER))
        elif victim == DATABASE:
            assert self._postgres is not None
            crash(self._postgres)
        else:
            serving = running.children(SERVING)
            running.kill_only(serving if victim == BOTH else [self._random.choice(serving)])

    def _move(self, seconds: int) -> None:
        """The operator's clock jumps."""
        if (now := self._clock.at_most() + TimeDelta(seconds=seconds)) < LAST:
            self._clock.moving(now)
            self._change_clock(now=now.format_iso())

    def _change_clock(self, **change: Any) -> Instant:
        asked_us = clock.machine_us()
        now = Instant.parse_iso(self._server.ask("PUT", "/clock", change)["now"])
        self._clock.read(now, asked_us)
        return now

    def _read_clock(self) -> None:
        asked_us = clock.machine_us()
        self._clock.read(Instant.parse_iso(self._server.ask("GET", "/clock")["now"]), asked_us)

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx2.TransportError):
            return self._server.operator.get("/clock").status_code == 200
        return False

    def _send_again(self, posts: list[Post]) -> None:
        for post in posts:
            for _ in range(20):
                self.programs.post(post, self._random)
                if post.answers[-1] is not None and post.is_settled():
                    break
            else:
                self.counts["! never answered"] += 1

    def _owes_nothing(self) -> bool:
        """Whether the schedules have made every report that is due."""
        now = self._clock.at_least()
        listed = self.programs.see_schedules()
        return listed is not None and all(now < one.next_time for one in listed)

    def finish(self) -> None:
        """Waits until all is over, kills the server once more, and looks at everything anew."""
        self._clock.stop(self._change_clock(running=False))
        self._send_again(self.ledger.keyed())
        self.counts["! never at rest"] += not self._comes_to_rest()
        self.programs.see_all()
        for name, account in self.ledger.documents.items():
            self.programs.download(name, account)
        self._running.kill()
        self._start_again()
        self.programs.see_all()
        for name in asyncio.run(all_names(self._scene)) - self.ledger.documents.keys():
            for account in (LIVE, SANDBOX):
                self.programs.found(account, f"/report-documents/{name}", allowed=(404,))

    def _comes_to_rest(self) -> bool:
        until = time.monotonic() + 2 * RECOVERY_SECONDS
        calm = 0
        while calm < CALM or time.monotonic() < self._working_since + WORK_SECONDS:
            if time.monotonic() > until:
                return False
            is_calm = not self._has_open_reports() and self._owes_nothing()
            calm = calm + 1 if is_calm else 0
            time.sleep(0.5)
        return True

    def _has_open_reports(self) -> bool:
        for account in (LIVE, SANDBOX):
            found = self.programs.found(
                account, "/reports", {"processingStatuses": ProcessingStatus.IN_PROGRESS}
            )
            if found is None or found["reports"]:
                return True
        return False

    async def judge(self) -> list[str]:
        """Counts what became of everything, and returns what is wrong in words."""
        counts, ledger = self.counts, self.ledger
        for status, count in sorted(ledger.statuses.items()):
            counts[f"answers: {status}"] = count
        errors = self.errors()
        counts["! unexpected answers"] = len(ledger.odd)
        counts["! errors in the server's log"] = len(errors)
        async with open_stores(self._scene.settings) as stores:
            reports = await judge_reports(stores, self._scene, counts)
        verdict = judged(ledger, reports, self.programs.shown)
        wrong = await wrong_downloads(self._scene, ledger)
        shown = list(shown_otherwise(ledger, reports))
        counts["reports accepted (201)"] = verdict.acknowledged
        counts["  there exactly once"] = verdict.kept
        counts["  asked for again by their keys"] = sum(
            len(post.answers) > 1 for post in ledger.keyed() if post.resource == "/reports"
        )
        counts["! lost"] = len(verdict.lost)
        counts["! doubled"] = len(verdict.doubled)
        counts["unanswered, and there once"] = verdict.uncertain
        counts["schedules accepted (201)"] = len(ledger.made(NewSchedule))
        counts["schedules removed (200)"] = sum(one.status == 200 for one in ledger.removals)
        counts["reports of schedules"] = verdict.scheduled
        counts["schedules looked at"] = len(ledger.listed)
        counts["! schedules or reports unasked"] = len(verdict.faults)
        counts["reports seen when over"] = len(ledger.ended)
        counts["! of them changed later"] = len(ledger.changed)
        counts["! of them shown otherwise"] = len(shown)
        counts["documents downloaded"] = len(ledger.downloads)
        counts["! of them with wrong bytes"] = len(wrong)
        return [
            *ledger.odd, *errors, *verdict.lost, *verdict.doubled, *verdict.faults, *ledger.changed,
            *shown, *wrong,
        ]  # fmt: skip


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


class Outcome(NamedTuple):
    """What a campaign gave.

    Args:
        faults: What is wrong, in words.
    """

    counts: Counts
    faults: list[str]

    def is_clean(self) -> bool:
        return self.counts.is_clean() and not self.faults

    def lines(self) -> Iterator[str]:
        yield from self.counts.lines()
        yield from (f"  {fault}" for fault in self.faults[:20])


def run(
    scene: Scene,
    postgres: PostgresServer | None,
    victims: Iterable[str | None],
    *,
    seed: int,
    rows: int,
) -> Outcome:
    """A round for each victim, and what came of them."""

    async def prepare() -> None:
        async with open_stores(scene.settings) as stores:
            await sell(stores, rows)

    asyncio.run(prepare())
    campaign = Campaign(scene, postgres, Random(seed))
    try:
        for victim in victims:
            campaign.one_round(victim)
        campaign.finish()
    finally:
        campaign.end()
    faults = asyncio.run(campaign.judge())
    return Outcome(campaign.counts, faults)


def main() -> int:
    """Runs the rounds; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.durability.report_requests", description=__doc__
    )
    parser.add_argument("--kills", type=int, default=20, help="rounds, each with one kill")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1, help="of the requests and the moments")
    parser.add_argument("--rows", type=int, default=20_000, help="captures in each world")
    given = parser.parse_args()
    configure("warning")
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="torihiki-") as folder,
        database(given.database) as (postgres, url),
    ):
        scene = Scene(Path(folder) / "data", url)
        outcome = run(scene, postgres, [None] * given.kills, seed=given.seed, rows=given.rows)
    lines = [*outcome.lines(), f"{'took':32} {time.monotonic() - started:.0f} s, seed {given.seed}"]
    sys.stdout.write("\n".join((*lines, "")))
    return 0 if outcome.is_clean() else 1


if __name__ == "__main__":
    sys.exit(main())
