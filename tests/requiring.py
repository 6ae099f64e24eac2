"""What a machine may lack, and the rule about it: a test skips with a line that says so; TORIHIKI_TEST_REQUIRE=all fails it."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

ALL = os.environ.get("TORIHIKI_TEST_REQUIRE") == "all"
BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "spec"


def amazon_model(name: str = "ordersV0.json") -> Any:
    """Amazon's Swagger document of that name, which is not ours to ship."""
    path = Path(os.environ.get("TORIHIKI_SPEC_DIR") or BESIDE_THE_CHECKOUT) / name
    if not path.is_file():
        pytest.skip(f"Amazon's model is not here: TORIHIKI_SPEC_DIR must name a folder with {name}")
    return json.loads(path.read_text("utf-8"))


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turns a skip into a failure, with its reason, where nothing may lack."""
    if ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"REQUIRE=all, and this machine lacks something. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_skip(report)
    return report
