"""Whether the processes of one server share its port."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.server.plain import Answered

AT_ONCE = 4
ROUNDS = 10
DEADLINE_SECONDS = 30


def share_requests(show_metrics: Callable[[], Answered]) -> bool:
    """Whether more than one process answers: each counts its own requests, so one alone would have counted them all.

    Which process accepts is the kernel's choice, and an idle machine may choose the same one for a long time: so
    there is always more than one request on its way, and more are made until two processes are seen.
    """
    asked, most = 0, 0.0
    ends = time.monotonic() + DEADLINE_SECONDS
    with ThreadPoolExecutor(AT_ONCE) as clients:
        while time.monotonic() < ends:
            answers = list(clients.map(lambda _: show_metrics(), range(AT_ONCE * ROUNDS)))
            asked += len(answers)
            most = max(most, *(count for answer in answers for count in _counted(answer)))
            # The requests under way with the last one are not counted yet.
            if 0 < most < asked - AT_ONCE:
                return True
    return False


def _counted(answer: Answered) -> Iterator[float]:
    for line in answer.body.decode().splitlines():
        if line.startswith('torihiki_requests_total{operation="metrics"'):
            yield float(line.rpartition(" ")[2])
