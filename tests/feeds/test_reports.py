"""Processing reports, to the byte (O-30)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.feeds.formats.envelope import NOT_WELL_FORMED
from torihiki.feeds.formats.reading import INVALID, Unreadable
from torihiki.feeds.formats.reports import flat_report, xml_report
from torihiki.feeds.model import Finding, Progress, Severity

GOLDEN = Path(__file__).with_name("golden")
FINDINGS = (
    Finding(
        message="2",
        severity=Severity.ERROR,
        code=INVALID,
        text='CarrierCode <or> CarrierName is "missing" & so\ton.\n\x01',
        order_id="902-7700000-0000002",
        item_id="40000000000001",
    ),
    Finding(message="9", severity=Severity.WARNING, code="90061", text="The element 日本 is ignored."),
)  # fmt: skip
PROGRESS = Progress(messages=9, errors=1, warnings=1)
FATAL = [
    Unreadable(NOT_WELL_FORMED, "XML Parsing Fatal Error at Line 1, Column 1: syntax error.").finding
]  # fmt: skip


def xml(progress: Progress, findings: list[Finding] | tuple[Finding, ...]) -> bytes:
    return xml_report("A1SELLER", "50000000001", progress, findings)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("report.xml", xml(PROGRESS, FINDINGS)),
        ("report_without_findings.xml", xml(Progress(messages=2), ())),
        ("report_of_nothing.xml", xml(Progress(errors=1), FATAL)),
        ("report.txt", flat_report(PROGRESS, FINDINGS)),
        ("report_without_findings.txt", flat_report(Progress(messages=2), ())),
        ("report_of_nothing.txt", flat_report(Progress(errors=1), FATAL)),
    ],
)
def test_report_is_the_golden_one_to_the_byte(name: str, content: bytes) -> None:
    assert content == (GOLDEN / name).read_bytes()


@given(st.text(max_size=50))
def test_any_text_can_stand_in_a_report(text: str) -> None:
    finding = Finding(
        message="1", severity=Severity.ERROR, code="1", text=text, order_id=text, item_id="x"
    )
    root = ET.fromstring(xml(Progress(messages=1, errors=1), [finding]))
    assert len(root.findall(".//Result")) == 1
    lines = flat_report(Progress(messages=1, errors=1), [finding]).decode().split("\n")
    assert len(lines) == 7
    assert len(lines[5].split("\t")) == 6
