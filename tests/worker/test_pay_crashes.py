"""Reports, schedules and settlements under workers that are killed in the middle of it (issue 5, points 3, 6 and 7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.durability.report_checking import Scene
from tests.durability.reports import run

KILLS = 4
ROWS = 6_000


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_killed_workers_end_every_report_once_and_whole(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    """`python -m tests.durability.reports` does the same as long as one likes."""
    url: str | None = None
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_bare_url")
    counts = await run(Scene(tmp_path / "data", url), KILLS, seed=7, rows=ROWS)
    assert counts.is_clean(), "\n".join(counts.lines())
    assert counts["reports"] > counts["asked for"] > 0
    assert counts["settlements"] > 0
    assert counts["  COMPLETED"] > 0 < counts["  CANCELLED"]
