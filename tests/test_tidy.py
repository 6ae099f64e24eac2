"""The style of the house that no linter knows, and the promise that every statement of the seed is proven."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from torihiki.admin.v1 import api as admin_api
from torihiki.auth.lwa import api as lwa_api
from torihiki.auth.tokens import api as tokens_api
from torihiki.feeds.v2021_06_30 import api as feeds_api
from torihiki.orders.v0 import api as orders_api
from torihiki.pay_reports.v2 import api as pay_api
from torihiki.server.bindings import documents, probes

ROOT = Path(__file__).resolve().parents[1]
FILE_MAX_LINES = 400
FUNCTION_MAX_LINES = 60
FOLDERS = ("src", "tests", "bench")
NAMES_THAT_SAY_NOTHING = {
    "utils", "util", "common", "helpers", "helper", "manager", "service", "base", "data", "info",
}  # fmt: skip
AMAZONS = (orders_api, feeds_api, tokens_api, lwa_api, pay_api)
PROVEN = [
    *(f"O-{number}" for number in range(1, 32)),
    *(f"R-{number}" for number in range(1, 17)),
]
"""What this version keeps of contract/seeds.md; the others come with their operations."""

STATEMENT = re.compile(
    r"\b(SELECT\s[^;]*\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM"
    r"|(CREATE|DROP|ALTER)\s+(UNIQUE\s+)?(TABLE|INDEX|TRIGGER|VIEW)|PRAGMA\s+\w)",
    re.DOTALL,
)
SILENCED = re.compile(r"#\s*(type:\s*ignore\S*|noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?)")
# A code in brackets or after the colon, and then in a comment or after a dash at least two words.
EXCUSED = re.compile(
    r"#\s*type:\s*ignore\[[\w,\s-]+\]\s+#\s*\S+\s\S+|#\s*noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*\s+-\s+\S+\s\S+"
)


def files(*endings: str) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and "node_modules" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@functools.cache
def every_test() -> str:
    """The text of every test but this file."""
    return "\n".join(
        path.read_text("utf-8")
        for path in files(".py")
        if path.is_relative_to(ROOT / "tests") and path != Path(__file__).resolve()
    )


def test_no_file_is_longer_than_a_reader_takes_in() -> None:
    lengths = {
        name_of(path): len(path.read_text("utf-8").splitlines())
        for path in files(".py", ".sql", ".mjs", ".cjs")
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > FILE_MAX_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = {
        f"{name_of(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in files(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_MAX_LINES
    }
    assert too_long == {}


def test_sql_stands_in_storage_only() -> None:
    found = {
        f"{name_of(path)}:{node.lineno}"
        for path in files(".py")
        if path.is_relative_to(ROOT / "src") and "storage" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and STATEMENT.search(node.value)
    }
    assert found == set()


def test_every_module_has_a_name_that_says_what_is_in_it() -> None:
    found = {
        name_of(path)
        for path in files(".py")
        if NAMES_THAT_SAY_NOTHING & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    }
    assert found == set()


def unexcused(lines: list[str]) -> Iterator[int]:
    """The numbers of lines that silence a check without a code and a reason.

    One reason is enough for several lines in a row that silence the same.
    """
    before = ""
    for number, line in enumerate(lines, 1):
        silenced = SILENCED.search(line)
        kind = silenced.group(1) if silenced else ""
        if kind and kind != before and not EXCUSED.search(line):
            yield number
            kind = ""
        before = kind


def test_every_silenced_check_has_a_code_and_a_reason() -> None:
    found = [
        f"{name_of(path)}:{number}"
        for path in files(".py")
        if path != Path(__file__).resolve()
        for number in unexcused(path.read_text("utf-8").splitlines())
    ]
    assert found == []


@pytest.mark.parametrize(
    "operation",
    [
        operation.name
        for api in (*AMAZONS, admin_api, probes, documents)
        for operation in api.OPERATIONS
    ],
)
def test_every_operation_has_a_test_that_names_it(operation: str) -> None:
    assert re.search(rf"\b{operation}\b", every_test())


@pytest.mark.parametrize("seed_id", PROVEN)
def test_every_statement_of_the_seed_has_a_test_that_names_it(seed_id: str) -> None:
    assert re.search(rf"\b{seed_id}\b", every_test())


def test_the_lock_files_name_no_registry() -> None:
    for path in (*ROOT.glob("requirements/*.txt"), ROOT / "tests/clients/node/package-lock.json"):
        text = path.read_text("utf-8")
        assert '"resolved"' not in text
        assert not re.search(r"^\s*(--(extra-)?index-url|--find-links|-i)\b", text, re.MULTILINE)
        assert path.suffix == ".json" or "://" not in text
