"""A merchant's programs: they ask for reports and schedules, look at them, and download, in any order and all at once.

Every request is signed. What was answered goes into the ledger, and what nobody should be answered is named there.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import time
from collections.abc import Iterator, Mapping
from random import Random
from threading import Event, Lock
from typing import Any, Final
from urllib.parse import urlsplit

from tests.auth.pay.sdk_signers import NOTHING, Query
from tests.durability.report_checking import BEGIN, LIVE, SANDBOX, TODAY
from tests.durability.report_load import Ledger, Listed, OperatorTime, Post, Removal
from tests.durability.reports import HOURS
from tests.server.paying import Merchant, checked, exchange
from tests.server.plain import Answered, fetch
from torihiki.kernel.instant import TimeDelta
from torihiki.pay_reports.model import (
    Account,
    NewReport,
    NewSchedule,
    ReportType,
    ScheduleFrequency,
)

SDKS: Final = ("node", "php", "ruby")
"""Those that send an idempotency key if they are given one, and else none."""
GRID_SECONDS: Final = 300
"""Every frequency is a multiple of it, so what is left of a time tells the schedule that a report is of."""
TYPES: Final = (ReportType.CAPTURE, ReportType.AUTHORIZATION, ReportType.REFUND)
FREQUENCIES: Final = (
    ScheduleFrequency.PT5M,
    ScheduleFrequency.PT15M,
    ScheduleFrequency.PT1H,
    ScheduleFrequency.P1D,
)
WANTED: Final = (
    *[(LIVE, ReportType.CAPTURE)] * 3,
    (LIVE, ReportType.AUTHORIZATION),
    (LIVE, ReportType.REFUND),
    (SANDBOX, ReportType.CAPTURE),
    *[(SANDBOX, ReportType.SANDBOX_SETTLEMENT)] * 2,
)
"""Half of them have rows."""
AT_FIRST: Final = {"reports": 14, "schedules": 2, "removals": 1}
AT_LAST: Final = {"reports": 10, "schedules": 2, "removals": 1}
"""What is newly asked for in a round at the most: when it begins, and shortly before the kill."""
DOWNTIME_SECONDS: Final = 0.02
"""How long a program waits after it had no answer."""


class Programs:
    """Some programs of one merchant.

    Args:
        url: Where the server is; changes when it is started again.
        merchants: Sign the requests, one for each world.
        clock: The operator's.
        ledger: Gets what was answered.
    """

    def __init__(
        self, url: str, merchants: dict[Account, Merchant], clock: OperatorTime, ledger: Ledger
    ) -> None:
        self.url = url
        self._merchants = merchants
        self._clock = clock
        self._ledger = ledger
        self._lock = Lock()
        self._left: Mapping[str, Iterator[int]] = {}
        self._periods: set[NewReport] = set()
        self._grids = {one: itertools.count(1) for one in TYPES}
        self._keys = itertools.count(1)
        self.shown: list[Listed] = []
        """The schedules as they were seen last."""

    def allow(self, most: Mapping[str, int]) -> None:
        """Lets the programs ask for that much anew."""
        self._left = {kind: iter(range(count)) for kind, count in most.items()}

    def press(self, random: Random, stop: Event) -> None:
        """One thing after the other until it is stopped."""
        actions = (
            (self._new_report, 30),
            (self._new_schedule, 8),
            (self._remove_schedule, 4),
            (self._repeat, 18),
            (self._look_at_report, 12),
            (self._list_reports, 6),
            (self._look_at_schedules, 6),
            (self._download, 16),
        )
        ways, weights = zip(*actions, strict=True)
        while not stop.is_set():
            (act,) = random.choices(ways, weights)
            act(random)
            time.sleep(random.uniform(0, 0.02))

    def send(self, account: Account, method: str, resource: str, query: Query = NOTHING, *, allowed: tuple[int, ...] = (200,), body: Any = None, sdk: str = "ruby", **headers: Any) -> Answered | None:  # fmt: skip
        """The answer; None: there was none."""
        sent = self._merchants[account].sign(method, resource, query, body, sdk=sdk, **headers)
        try:
            answer = checked(exchange(self.url, sent))
        except (OSError, http.client.HTTPException):
            self._ledger.count("none")
            time.sleep(DOWNTIME_SECONDS)
            return None
        self._ledger.count(str(answer.status))
        if answer.status not in {*allowed, 503}:
            self._ledger.odd.append(f"{method} {resource}: {answer.status} {answer.body.decode()}")
        return answer

    def found(self, account: Account, resource: str, query: Query = NOTHING, *, allowed: tuple[int, ...] = (200,)) -> Any:  # fmt: skip
        """What a GET shows; None: no answer, or none of 200."""
        answer = self.send(account, "GET", resource, query, allowed=allowed)
        return answer.json() if answer is not None and answer.status == 200 else None

    def post(self, post: Post, random: Random) -> None:
        """Sends it, once more where it was sent before."""
        headers = {} if post.key is None else {"x_amz_pay_idempotency_key": post.key}
        query = {}
        if isinstance(post.wanted, NewSchedule):
            query = {"deleteExistingSchedule": str(post.wanted.replace).lower()}
        allowed = (201,) if isinstance(post.wanted, NewReport) else (200, 201)
        answer = self.send(
            post.account,
            "POST",
            post.resource,
            query,
            allowed=allowed,
            body=post.body(),
            sdk=random.choice(SDKS),
            **headers,
        )
        post.note(answer, self._clock.at_most())

    def see_all(self) -> None:
        """Looks at every report and every schedule."""
        for account in (LIVE, SANDBOX):
            page = self.found(account, "/reports", {"pageSize": "100"})
            while page is not None:
                for report in page["reports"]:
                    self._ledger.see(account, report)
                token = page.get("nextToken")
                page = self.found(account, "/reports", {"nextToken": token}) if token else None
        self.see_schedules()

    def see_schedules(self) -> list[Listed] | None:
        """The schedules; None: no answer."""
        found = self.found(LIVE, "/report-schedules")
        if found is None:
            return None
        listed = [
            Listed(
                one["reportScheduleId"],
                one["reportType"],
                one["scheduleFrequency"],
                one["nextReportCreationTime"],
            )
            for one in found["reportSchedules"]
        ]
        self._ledger.listed.update(listed)
        self.shown = listed
        return listed

    def _may(self, kind: str) -> bool:
        """Whether there is something left to be asked for; then it is one less."""
        return next(self._left[kind], None) is not None

    def _new_report(self, random: Random) -> None:
        if not self._may("reports"):
            return
        account, report_type = random.choice(WANTED)
        while True:
            start = random.randrange(HOURS // 4)
            # No period of a schedule begins in the middle of a minute of those that captures come in.
            wanted = NewReport(
                report_type=report_type,
                start_time=BEGIN.add(hours=start, seconds=random.randrange(1, 60)),
                end_time=BEGIN.add(
                    hours=random.randrange(start + 1, HOURS), seconds=random.randrange(3600)
                ),
            )
            with self._lock:
                if wanted not in self._periods:
                    self._periods.add(wanted)
                    break
        self._new(account, wanted, random)

    def _new_schedule(self, random: Random) -> None:
        report_type = random.choice(TYPES)
        rest = next(self._grids[report_type]) if self._may("schedules") else GRID_SECONDS
        if rest >= GRID_SECONDS:
            return
        away = random.choice((random.randrange(-200_000, 0), 0, random.randrange(10_000)))
        steps = (self._clock.at_least() - TODAY + TimeDelta(seconds=away)) // TimeDelta(
            seconds=GRID_SECONDS
        )
        wanted = NewSchedule(
            report_type=report_type,
            frequency=random.choice(FREQUENCIES),
            first=TODAY.add(seconds=steps * GRID_SECONDS + rest),
            replace=random.random() < 0.7,
        )
        self._new(LIVE, wanted, random)

    def _new(self, account: Account, wanted: NewReport | NewSchedule, random: Random) -> None:
        key = f"key-{next(self._keys)}" if random.random() < 0.75 else None
        post = Post(account, wanted, key, self._clock.at_least())
        # Before it is sent: another program may send it at the same time.
        self._ledger.posts.append(post)
        self.post(post, random)

    def _repeat(self, random: Random) -> None:
        if posts := self._ledger.keyed():
            self.post(random.choice(posts[-40:]), random)

    def _remove_schedule(self, random: Random) -> None:
        told = [schedule_id for _, schedule_id in self._ledger.made(NewSchedule)]
        known = [*told[-4:], *(one.schedule_id for one in self.shown)]
        if not known or not self._may("removals"):
            return
        schedule_id = random.choice(known)
        resource = f"/report-schedules/{schedule_id}"
        answer = self.send(LIVE, "DELETE", resource, allowed=(200, 404))
        status = None if answer is None or answer.status == 503 else answer.status
        self._ledger.removals.append(Removal(schedule_id, status, self._clock.at_most()))

    def _look_at_report(self, random: Random) -> None:
        if made := self._ledger.made(NewReport):
            account, report_id = random.choice(made)
            if report := self.found(account, f"/reports/{report_id}"):
                self._ledger.see(account, report)

    def _list_reports(self, random: Random) -> None:
        account = random.choice((LIVE, SANDBOX))
        page = self.found(account, "/reports", {"pageSize": "50"}) or {"reports": []}
        for report in page["reports"]:
            self._ledger.see(account, report)

    def _look_at_schedules(self, _: Random) -> None:
        self.see_schedules()

    def _download(self, random: Random) -> None:
        if documents := list(self._ledger.documents.items()):
            self.download(*random.choice(documents))

    def download(self, name: str, account: Account) -> None:
        """Fetches a document by the URL that is given for it now."""
        moves = self._clock.moves
        if (found := self.found(account, f"/report-documents/{name}")) is None:
            return
        url = urlsplit(found["url"])
        try:
            answer = fetch(f"{url.scheme}://{url.netloc}", f"{url.path}?{url.query}")
        except (OSError, http.client.HTTPException):
            self._ledger.count("none")
            return
        if answer.status == 403 and (moves % 2 or moves != self._clock.moves):
            self._ledger.count("403, the clock had jumped")
            return
        self._ledger.count(str(answer.status))
        if answer.status == 200:
            self._ledger.see_document(name, hashlib.sha256(answer.body).hexdigest())
        elif answer.status != 503:
            self._ledger.odd.append(f"GET {url.path}: {answer.status} {answer.body.decode()}")
