"""Plans of PostgreSQL that are made before there are reports, and hold when there are many."""

from __future__ import annotations

import pytest
from tests.storage.planning import planned

REPORT_INDEX = "pay_reports_merchant_key_environment_report_id_key"
LOOKED_UP = {
    "report": (REPORT_INDEX, "(report_id >= "),
    "report_of_document": ("pay_reports_document", "(document_id = "),
    "place": ("pay_reports_pkey", "(report_key >= "),
    "page": ("pay_reports_created", "(ROW(created_us, report_key) < "),
    "filtered_page": ("pay_reports_filtered", "(ROW(created_us, report_key) < "),
    "extend": ("pay_reports_open", "(report_key = "),
    "finish": ("pay_reports_open", "(report_key = "),
    "old_reports": ("pay_reports_age", "(created_us < "),
    "forget": ("pay_reports_pkey", "(report_key = ANY "),
}


@pytest.mark.parametrize("name", LOOKED_UP)
async def test_reports_are_found_by_index_even_if_the_plan_was_made_without_reports(
    postgres_url: str, name: str
) -> None:
    """Else every look-up of a connection reads all reports of the merchant until the table is analysed."""
    plan = await planned(postgres_url, "pay_reports.sql", name)
    index, condition = LOOKED_UP[name]
    at = next(number for number, line in enumerate(plan) if f"using {index} on pay_reports" in line)
    assert "Index Cond: " in plan[at + 1]
    assert condition in plan[at + 1]
