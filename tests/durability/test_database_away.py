"""A server of several processes outlives its database, also when one of them has to start while there is none."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx2
import pytest

from tests.durability.processes import PROCESSES, SERVING, crash, database, group

NOTICED_SECONDS = 30.0
AWAY = "The PostgreSQL database cannot be used"


@pytest.mark.skipif(
    not (PROCESSES / "self" / "stat").is_file(), reason="the system has no /proc to find processes in"
)  # fmt: skip
def test_server_process_that_cannot_start_ends_no_other(tmp_path: Path) -> None:
    with (
        database("postgresql") as (postgres, url),
        group(tmp_path / "data", url, workers=2) as server,
    ):
        assert postgres is not None
        served = server.served()
        postgres.stop(signal.SIGKILL)
        server.kill_only(server.children(SERVING)[:1])
        until = time.monotonic() + NOTICED_SECONDS
        while server.said().count(AWAY) < 2 and time.monotonic() < until:
            assert server.process.poll() is None
            time.sleep(0.1)
        assert server.said().count(AWAY) >= 2
        crash(postgres)
        while len(server.children(SERVING)) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        assert len(server.children(SERVING)) == 2
        assert httpx2.get(f"{served.url}/-/ready", timeout=10).status_code == 200
