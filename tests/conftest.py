"""Fixtures and rules of every test."""

from __future__ import annotations

from tests.postgres import database, postgres_bare_url, postgres_server, postgres_url
from tests.requiring import pytest_make_collect_report, pytest_runtest_makereport

__all__ = [
    "database",
    "postgres_bare_url",
    "postgres_server",
    "postgres_url",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
]
