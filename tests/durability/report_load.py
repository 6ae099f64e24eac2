"""What a merchant's programs asked of reports and schedules, and what they were told: the ledger of a campaign."""

from __future__ import annotations

import json
from collections import Counter
from threading import Lock
from typing import Any, NamedTuple

from tests.server.plain import Answered
from torihiki import clock
from torihiki.kernel.instant import Instant, TimeDelta, from_micros, micros
from torihiki.pay_reports.model import Account, NewReport, NewSchedule
from torihiki.pay_reports.v2.query import parse_date
from torihiki.pay_reports.v2.wire import wire_time

LATE_US = 5_000_000
"""How long a database may take to end what a killed server began."""
KEPT = (200, 201)
"""What is answered under an idempotency key ever after."""


class OperatorTime:
    """Between which instants the operator's clock is; it only goes forward."""

    def __init__(self) -> None:
        self._low_us = 0
        self._high_us = 0
        self._stopped: Instant | None = None
        self.moves = 0
        """Odd while the clock is moved."""

    def at_least(self) -> Instant:
        return self._stopped or from_micros(clock.machine_us() + self._low_us)

    def at_most(self) -> Instant:
        return self._stopped or from_micros(clock.machine_us() + self._high_us)

    def moving(self, now: Instant) -> None:
        """Somebody asks for this time now, and perhaps gets it."""
        self.moves += 1
        self._high_us = max(self._high_us, micros(now) - clock.machine_us())

    def read(self, now: Instant, asked_us: int) -> None:
        """The clock was read; it was asked for when the machine's showed `asked_us`."""
        self._low_us = micros(now) - clock.machine_us()
        self._high_us = micros(now) - asked_us
        self.moves += self.moves % 2

    def stop(self, now: Instant) -> None:
        self._stopped = now


class Post:
    """A POST, and what was answered each time that it was sent.

    Args:
        account: Who sends it.
        wanted: What it asks for.
        key: Its idempotency key; None: it is sent once.
        since: It did not happen before, by the operator's clock.
    """

    def __init__(
        self, account: Account, wanted: NewReport | NewSchedule, key: str | None, since: Instant
    ) -> None:
        self.account = account
        self.wanted = wanted
        self.key = key
        self.since = since
        self.until = since
        self.answers: list[Answered | None] = []

    @property
    def resource(self) -> str:
        return "/reports" if isinstance(self.wanted, NewReport) else "/report-schedules"

    def body(self) -> dict[str, str]:
        """Without `deleteExistingSchedule`, which goes into the query."""
        wanted = self.wanted
        if isinstance(wanted, NewReport):
            times = {"startTime": wanted.start_time, "endTime": wanted.end_time}
        else:
            times = {"nextReportCreationTime": wanted.first}
        made = {"reportType": str(wanted.report_type)}
        if isinstance(wanted, NewSchedule):
            made["scheduleFrequency"] = str(wanted.frequency)
        return made | {name: wire_time(at) for name, at in times.items()}

    def note(self, answer: Answered | None, at_most: Instant) -> None:
        """Adds an answer, which was there when the operator's clock showed that at the most."""
        if not self.is_settled():
            late = answer is None or answer.status not in KEPT
            self.until = at_most + TimeDelta(microseconds=LATE_US) if late else at_most
        self.answers.append(answer)

    def kept(self) -> set[tuple[int, bytes]]:
        """The answers that stand; there must not be more than one."""
        return {(one.status, one.body) for one in self.answers if one and one.status in KEPT}

    def is_settled(self) -> bool:
        return bool(self.kept())

    def made(self) -> str | None:
        """The id of what it made, if it was told."""
        for status, body in self.kept():
            if status == 201:
                found: str = next(iter(json.loads(body).values()))
                return found
        return None

    def is_refused(self) -> bool:
        """Whether another schedule was in the way."""
        return any(status == 200 for status, _ in self.kept())


class Removal(NamedTuple):
    """A DELETE of a schedule; status None: it may have happened or not."""

    schedule_id: str
    status: int | None
    until: Instant


class Listed(NamedTuple):
    """What a schedule was shown as."""

    schedule_id: str
    report_type: str
    frequency: str
    following: str

    @property
    def next_time(self) -> Instant:
        found = parse_date(self.following)
        assert found is not None
        return found


class Ledger:
    """Everything that was asked and told, by all clients."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.removals: list[Removal] = []
        self.listed: set[Listed] = set()
        self.ended: dict[str, dict[str, Any]] = {}
        """Reports as they were first seen when they were over."""
        self.documents: dict[str, Account] = {}
        """Whose documents there are, by their names."""
        self.downloads: dict[str, str] = {}
        """The SHA-256 of documents, by their names."""
        self.statuses: Counter[str] = Counter()
        self.odd: list[str] = []
        """What nobody should be answered."""
        self.changed: list[str] = []
        """What was over and is different now."""
        self._lock = Lock()

    def count(self, status: str) -> None:
        with self._lock:
            self.statuses[status] += 1

    def see(self, account: Account, report: dict[str, Any]) -> None:
        """Compares a report that is over with what it was before."""
        if report["processingStatus"] == "IN_PROGRESS":
            if report["reportId"] in self.ended:
                self.changed.append(f"{report['reportId']} is open again")
            return
        first = self.ended.setdefault(report["reportId"], report)
        if first != report:
            self.changed.append(f"{first} is now {report}")
        if "reportDocumentId" in report:
            self.documents[report["reportDocumentId"]] = account

    def see_document(self, name: str, digest: str) -> None:
        if self.downloads.setdefault(name, digest) != digest:
            self.changed.append(f"{name} has other bytes now")

    def keyed(self) -> list[Post]:
        """What may be sent again."""
        return [post for post in list(self.posts) if post.key is not None]

    def made(self, kind: type[NewReport | NewSchedule]) -> list[tuple[Account, str]]:
        """Whose and what ids were told."""
        posts = [post for post in list(self.posts) if isinstance(post.wanted, kind)]
        return [(post.account, made) for post in posts if (made := post.made()) is not None]
