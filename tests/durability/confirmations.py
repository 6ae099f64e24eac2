"""Kills servers while packages are being confirmed, and looks whether everything that was promised is there.

`python -m tests.durability.confirmations --kills 30 --database postgresql` prints its counts, and ends with 1 if anything
was lost, doubled or half done. A round is: new orders, dozens of connections, a kill at a moment that nobody chose, the
server again, and everything read anew. Then the clients send again whatever got no answer, as clients do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.durability.checking import Verdict, judged, seen
from tests.durability.load import LARGE, SMALL, Ledger, Plan, all_at_once, order_line, press
from tests.durability.processes import START_SECONDS, crash, database, group
from tests.orders.lines import US
from tests.postgres import PostgresServer
from tests.serving import READER, Seller, Served

ROLES = (READER, "Direct-to-Consumer Shipping (Restricted)")
TODAY = "2026-11-22T09:30:00Z"
SMALL_ORDERS = 20
CLIENTS = 32
LOAD_SECONDS = (0.0, 1.2)
"""Between which the kill comes, counted from the first answer."""
AFTER_SECONDS = 1.0
"""How long clients go on where the server stays and its database is killed."""


class Scene(NamedTuple):
    """What a round needs.

    Args:
        postgres: None: SQLite in the data directory.
        kills_database: Whether the PostgreSQL server is killed instead of ours.
    """

    data: Path
    postgres: PostgresServer | None
    database: str | None
    workers: int
    kills_database: bool


class Outcome(NamedTuple):
    """What a round gave: the answers up to the kill, what was there then, and after everything was sent again."""

    statuses: Counter[str]
    first: Verdict
    last: Verdict
    again: Counter[str]

    def is_clean(self) -> bool:
        odd = {status for status in (*self.statuses, *self.again) if status[0] == "5"} - {"503"}
        settled = set(self.again) <= {"204", "400"}
        return self.first.is_clean() and self.last.is_clean() and settled and not odd


def one_round(scene: Scene, random: Random, number: int) -> Outcome:
    """One kill, and all that follows."""
    start = random.randrange(10**7)
    order_ids = [f"{number:03}-{start:07}-{each:07}" for each in range(SMALL_ORDERS + 1)]
    pieces = [random.randint(LARGE // 8, LARGE), *[SMALL] * SMALL_ORDERS]
    ledger = Ledger()
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(group(scene.data, scene.database, workers=scene.workers))
        server = stack.enter_context(contextlib.closing(running.served()))
        server.set_clock(now=TODAY)
        seller = server.add_seller([US], ROLES)
        server.load(
            *(order_line(seller.seller_id, *one) for one in zip(order_ids, pieces, strict=True))
        )
        postgres = scene.postgres if scene.kills_database else None
        kill = running.kill if postgres is None else partial(crash, postgres)
        after = 0.0 if postgres is None else AFTER_SECONDS
        moment = random.uniform(*LOAD_SECONDS)
        asyncio.run(_pressed(seller, Plan(random, order_ids), ledger, kill, moment, after))
        if postgres is None:
            running = stack.enter_context(group(scene.data, scene.database, workers=scene.workers))
            server = stack.enter_context(contextlib.closing(running.served()))
            seller = _same(seller, server)
        statuses = ledger.statuses()
        first = judged(seen(server, seller, scene.database, order_ids), ledger)
        again = asyncio.run(_sent_again(seller, ledger))
        last = judged(seen(server, seller, scene.database, order_ids), ledger)
    return Outcome(statuses, first, last, again)


def _same(seller: Seller, server: Served) -> Seller:
    """The seller, at a server that listens elsewhere."""
    known = {"seller_id": seller.seller_id, "marketplace_ids": [US], "lwa": seller.lwa}
    server.sellers.append(Seller(server.url, known))
    return server.sellers[-1]


async def _pressed(
    seller: Seller,
    plan: Plan,
    ledger: Ledger,
    kill: Callable[[], None],
    moment: float,
    after: float,
) -> None:
    stop = asyncio.Event()
    pressing = asyncio.ensure_future(press(seller, plan, ledger, CLIENTS, stop))
    await asyncio.wait_for(ledger.answered.wait(), START_SECONDS)
    await asyncio.sleep(moment)
    await asyncio.to_thread(kill)
    await asyncio.sleep(after)
    stop.set()
    await pressing


async def _sent_again(seller: Seller, ledger: Ledger) -> Counter[str]:
    """The answers to what had none before.

    Not to what cannot be told from something new: packages without a reference, and those that somebody else edits.
    """
    distinct = {told.asked for told in ledger.told}
    used = Counter((asked.order_id, asked.reference) for asked in distinct)
    told = await all_at_once(
        [seller],
        [
            asked
            for asked in ledger.uncertain()
            if asked.reference is not None and used[asked.order_id, asked.reference] == 1
        ],
        CLIENTS,
    )
    ledger.told += told
    return Counter(str(one.status) for one in told)


def scenes(data: Path, postgres: PostgresServer | None, database: str | None) -> Iterator[Scene]:
    """Every way of killing, again and again: one server process or two, and with PostgreSQL also that server."""
    while True:
        for kills_database in (False,) if postgres is None else (False, True):
            for workers in (1, 2):
                yield Scene(data, postgres, database, workers, kills_database)


class Counts:
    """The sums of all rounds."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.sums: Counter[str] = Counter()
        self.faults: list[str] = []
        self.clean = True

    def add(self, outcome: Outcome) -> None:
        first, last = outcome.first, outcome.last
        self.clean &= outcome.is_clean()
        self.statuses += outcome.statuses
        self.again += outcome.again
        self.sums.update(
            acknowledged=first.acknowledged,
            kept=first.kept,
            uncertain=first.uncertain,
            lost=len(first.lost) + len(last.lost),
            doubled=len(first.doubled) + len(last.doubled),
            unasked=len(first.unasked) + len(last.unasked),
        )
        self.faults += [*first.faults, *last.faults]

    def lines(self) -> Iterator[str]:
        """What a reader wants to know."""
        sums = self.sums
        yield f"confirmations sent     {self.statuses.total()}: {_listed(self.statuses)}"
        yield f"acknowledged (204)     {sums['acknowledged']} packages and edits"
        yield f"  there exactly once   {sums['kept']}"
        yield f"  lost                 {sums['lost']}"
        yield f"no answer or a 503     {sums['uncertain']} of them there, once and whole"
        yield f"  sent again           {_listed(self.again)}"
        yield f"doubled                {sums['doubled']}"
        yield f"refused, yet there     {sums['unasked']}"
        yield f"half done              {len(self.faults)}"
        yield from (f"  {fault}" for fault in self.faults[:20])


def _listed(counted: Counter[str]) -> str:
    return (
        ", ".join(f"{count} x {status}" for status, count in sorted(counted.items())) or "nothing"
    )


def main() -> int:
    """Runs the rounds; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.durability.confirmations", description=__doc__
    )
    parser.add_argument("--kills", type=int, default=10, help="rounds, each with one kill")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1, help="of the requests and the moments")
    given = parser.parse_args()
    random, counts, killed = Random(given.seed), Counts(), Counter[str]()
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="torihiki-") as folder,
        database(given.database) as (postgres, url),
    ):
        ways = scenes(Path(folder) / "data", postgres, url)
        for number, scene in enumerate(itertools.islice(ways, given.kills)):
            counts.add(one_round(scene, random, number))
            victim = "PostgreSQL" if scene.kills_database else "the server"
            killed[f"{victim} (workers: {scene.workers})"] += 1
            sys.stdout.write("." if counts.clean else "F")
            sys.stdout.flush()
    lines = [f"\nkilled                 {_listed(killed)}", *counts.lines()]
    lines.append(f"took                   {time.monotonic() - started:.0f} s, seed {given.seed}")
    sys.stdout.write("\n".join((*lines, "")))
    return 0 if counts.clean else 1


if __name__ == "__main__":
    sys.exit(main())
