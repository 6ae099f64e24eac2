"""Reads the operator's own layouts of Amazon Pay's report files."""

from __future__ import annotations

from collections.abc import Mapping

from torihiki.config import Settings
from torihiki.pay_reports.layouts import LAYOUTS, BadLayout, Layout, parse_overrides
from torihiki.pay_reports.model import ReportType


def report_layouts(settings: Settings) -> Mapping[ReportType, Layout]:
    """One for each report type: those of the file that the settings name, the shipped ones elsewhere.

    Raises:
        OSError: The file cannot be read.
        BadLayout: It holds no such layouts; the message names the file.
    """
    file = settings.pay_layouts
    if file is None:
        return LAYOUTS
    try:
        return parse_overrides(file.read_bytes())
    except BadLayout as error:
        raise BadLayout(f"{file}: {error}") from error
