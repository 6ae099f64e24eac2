"""What the operating guide tells to type does what it shows, beside a server with the demo."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.consoles import ROOT, Reader, consoles, section
from tests.serving import TODAY, Served, served, served_demo
from tests.test_examples import EXAMPLES, run
from torihiki.config import Settings
from torihiki.pay_reports.layouts import INFERRED, LAYOUTS
from torihiki.pay_reports.model import ReportType

GUIDE = (ROOT / "docs/operating.md").read_text("utf-8")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_demo(tmp_path_factory.mktemp("guide") / "data") as server:
        yield server


def test_a_server_starts_on_a_backup_that_was_made_beside_another(
    shop: Served, tmp_path: Path
) -> None:
    reader = Reader(shop, tmp_path)
    printed = run(sys.executable, EXAMPLES / "first_reports.py", shop.data)
    (tmp_path / "torihiki-data").symlink_to(shop.data)
    making, restoring = consoles(section(GUIDE, "Backup and restore"))
    for shown in making:
        found = re.fullmatch(r'sqlite3 (\S+) "\.backup (\S+)"', shown.command)
        if found is None:
            reader.follow(shown)
            continue
        # The same without the program, which a machine may lack.
        with (
            closing(sqlite3.connect(tmp_path / found[1])) as live,
            closing(sqlite3.connect(tmp_path / found[2])) as copy,
        ):
            live.backup(copy)
    copying, serving = restoring
    reader.follow(copying)
    assert "--data restored " in serving.command
    with served(tmp_path / "restored") as server:
        assert run(sys.executable, EXAMPLES / "first_reports.py", server.data) == printed
        assert server.credentials["operator_token"] == shop.credentials["operator_token"]
    shutil.rmtree(tmp_path / "restored")


def test_a_merchant_with_a_key_is_made_as_the_guide_shows(shop: Served, tmp_path: Path) -> None:
    reader = Reader(shop, tmp_path, "curl", "openssl")
    blocks = consoles(section(GUIDE, "A merchant of your own"))
    printed = [reader.follow(shown) for block in blocks for shown in block]
    assert [bool(text) for text in printed] == [True, True, False, False, True]
    known = {one["merchantId"]: one["sellerId"] for one in shop.ask("GET", "/merchants")["merchants"]}  # fmt: skip
    assert len(known) == 3
    assert sum(merchant != seller for merchant, seller in known.items()) == 1


def test_the_payments_of_the_guide_are_imported_and_are_in_a_report(
    shop: Served, tmp_path: Path
) -> None:
    text = section(GUIDE, "Payments")
    first, second = consoles(text)[0]
    shown = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    assert shown[1] == (EXAMPLES / "payments.ndjson").read_text("utf-8")
    assert {*re.findall(r'"environment": "live", "(\w+)"', shown[1])} == {
        "chargePermission",
        "charge",
        "refund",
        "adjustment",
    }
    reader = Reader(shop, tmp_path, "curl")
    reader.follow(first)
    reader.follow(second)
    (closed,) = shop.ask("POST", "/merchants/A1TORIHIKIJP8K/settlements", {})["settlements"]
    assert closed["transactions"] >= 3


def test_the_clock_goes_back_to_the_machines_time(shop: Served, tmp_path: Path) -> None:
    reader = Reader(shop, tmp_path, "curl")
    shop.ask("PUT", "/clock", {"running": False})
    offset = shop.ask("PUT", "/clock", {"running": True})["offset"]
    opposite = offset.removeprefix("-") if offset.startswith("-") else f"-{offset}"
    assert shop.ask("PUT", "/clock", {"advance": opposite})["offset"] == "PT0S"
    for shown in consoles(section(GUIDE, "The clock"))[1]:
        reader.follow(shown)
    shop.set_clock(now=TODAY)


def test_every_fact_of_the_layouts_stands_in_the_documents() -> None:
    page = (ROOT / "docs/report-layouts.md").read_text("utf-8")
    titles = re.findall(r"^## (\w+)$", page, re.MULTILINE)
    assert titles == [one for one in LAYOUTS if one is not ReportType.SANDBOX_SETTLEMENT]
    for title in titles:
        layout, text = LAYOUTS[ReportType(title)], section(page, title)
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \|$", text, re.MULTILINE)
        assert rows == [(one.fact, one.kind.value, one.name) for one in layout.columns]
        assert ("inferred" in text) == (ReportType(title) in INFERRED)
        flags = ["bom", "preamble", "trailing_comma", "newest_first"]
        shipped = [name for name in flags if getattr(layout, name)]
        assert f"As shipped: {', '.join(f'`{name}`' for name in shipped)}.\n" in text


def test_every_setting_that_the_page_on_deployment_names_is_one() -> None:
    page = (ROOT / "docs/deployment.md").read_text("utf-8")
    variables = {name.lower() for name in re.findall(r"\bTORIHIKI_([A-Z_]+)=", page)}
    commands = re.findall(r"^ *\$ torihiki serve(.*(?:\\\n.*)*)", page, re.MULTILINE)
    flags = re.findall(r"--([a-z-]+)", "\n".join([*commands, *re.findall(r"`(--[^`]+)`", page)]))
    assert len(commands) == 3
    assert variables
    known = set(Settings.__struct_fields__)
    assert {*variables, *(flag.replace("-", "_") for flag in flags)} - known == set()


def test_links_into_a_page_lead_to_a_title_of_it() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    lost = []
    for page in pages:
        for target, anchor in re.findall(
            r"\]\(((?!https?:)[^)#]*)#([^)]+)\)", page.read_text("utf-8")
        ):
            text = (page.parent / target if target else page).read_text("utf-8")
            titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}
            if anchor not in slugs:
                lost.append(f"{page.name}: {target}#{anchor}")
    assert lost == []
