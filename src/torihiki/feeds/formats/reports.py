"""Writes processing reports in the two forms that Amazon's have (contract 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from torihiki.feeds.model import Finding, Progress, Severity

XML_TYPE: Final = "text/xml; charset=UTF-8"
FLAT_TYPE: Final = "text/plain; charset=UTF-8"

_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\N{SPACE}-\N{TILDE}\N{NO-BREAK SPACE}-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""What XML cannot say, nor a line of text should."""
_BLANKS: Final = re.compile(r"[\t\r\n]+")


def xml_report(
    seller_id: str, feed_id: str, progress: Progress, findings: Sequence[Finding]
) -> bytes:
    """The report as an envelope: a Result for each finding."""
    summary = {
        "MessagesProcessed": progress.messages,
        "MessagesSuccessful": max(0, progress.messages - progress.errors),
        "MessagesWithError": progress.errors,
        "MessagesWithWarning": progress.warnings,
    }
    counts = "".join(f"\t\t\t\t<{name}>{count}</{name}>\n" for name, count in summary.items())
    results = "".join(map(_result, findings))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">\n'
        "\t<Header>\n"
        "\t\t<DocumentVersion>1.02</DocumentVersion>\n"
        f"\t\t<MerchantIdentifier>{_xml(seller_id)}</MerchantIdentifier>\n"
        "\t</Header>\n"
        "\t<MessageType>ProcessingReport</MessageType>\n"
        "\t<Message>\n"
        "\t\t<MessageID>1</MessageID>\n"
        "\t\t<ProcessingReport>\n"
        f"\t\t\t<DocumentTransactionID>{_xml(feed_id)}</DocumentTransactionID>\n"
        "\t\t\t<StatusCode>Complete</StatusCode>\n"
        f"\t\t\t<ProcessingSummary>\n{counts}\t\t\t</ProcessingSummary>\n"
        f"{results}"
        "\t\t</ProcessingReport>\n"
        "\t</Message>\n"
        "</AmazonEnvelope>\n"
    ).encode()


def _result(finding: Finding) -> str:
    # The XML form knows no third kind.
    kind = "Warning" if finding.severity is Severity.WARNING else "Error"
    about = (("AmazonOrderID", finding.order_id), ("AmazonOrderItemCode", finding.item_id))
    named = "".join(f"\t\t\t\t\t<{name}>{_xml(text)}</{name}>\n" for name, text in about if text)
    return (
        "\t\t\t<Result>\n"
        f"\t\t\t\t<MessageID>{_xml(finding.message)}</MessageID>\n"
        f"\t\t\t\t<ResultCode>{kind}</ResultCode>\n"
        f"\t\t\t\t<ResultMessageCode>{_xml(finding.code)}</ResultMessageCode>\n"
        f"\t\t\t\t<ResultDescription>{_xml(finding.text)}</ResultDescription>\n"
        + (f"\t\t\t\t<AdditionalInfo>\n{named}\t\t\t\t</AdditionalInfo>\n" if named else "")
        + "\t\t\t</Result>\n"
    )


def _xml(text: str) -> str:
    return escape(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text))


def flat_report(progress: Progress, findings: Sequence[Finding]) -> bytes:
    """The report as text: a summary, and a table of the findings if there are any."""
    text = (
        "Feed Processing Summary:\n"
        f"\tNumber of records processed\t\t{progress.messages}\n"
        f"\tNumber of records successful\t\t{max(0, progress.messages - progress.errors)}\n\n"
    )
    if findings:
        rows = [
            ("original-record-number", "order-id", "order-item-id", "error-code", "error-type",
             "error-message"),
            *(
                (one.message, one.order_id, one.item_id, one.code, one.severity.value, one.text)
                for one in findings
            ),
        ]  # fmt: skip
        text += "".join("\t".join(map(_cell, row)) + "\n" for row in rows)
    return text.encode()


def _cell(text: str) -> str:
    return _BLANKS.sub(" ", _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text))
