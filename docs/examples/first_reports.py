"""Lists a demo merchant's settlement reports of Amazon Pay, prints what the newest paid out, and asks for one of refunds.

Run it beside `make run`. The first argument is the data directory (default: torihiki-data). Amazon has no Python SDK for
its reports, so this signs its requests itself, as it would for Amazon.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SETTLEMENTS = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_"
REFUNDS = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_"
ALGORITHM = "AMZN-PAY-RSASSA-PSS-V2"

data = sys.argv[1] if len(sys.argv) > 1 else "torihiki-data"
torihiki = Path(sys.executable).with_name("torihiki")
shown = subprocess.run(
    [torihiki, "credentials", "--data", data, "--json"], check=False, stdout=subprocess.PIPE
)
if shown.returncode:
    sys.exit(shown.returncode)  # torihiki has said why
credentials = json.loads(shown.stdout)
if not credentials["sellers"]:
    sys.exit("The server has no seller of the demo: start it with --demo.")
endpoint, pay = credentials["endpoint"], credentials["sellers"][0]["pay"]
private_key = load_pem_private_key(pay["live"]["private_key_pem"].encode(), password=None)


def ask(path: str, body: dict[str, str] | None = None, **parameters: str) -> Any:  # noqa: ANN401 - JSON
    """One signed request of the live environment: a POST if it has a body, else a GET."""
    method = "GET" if body is None else "POST"
    content = b"" if body is None else json.dumps(body).encode()
    query = "&".join(f"{name}={quote(text, safe='')}" for name, text in sorted(parameters.items()))
    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "x-amz-pay-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "x-amz-pay-host": urlsplit(endpoint).netloc,
        "x-amz-pay-region": pay["region"],
    }
    if body is not None:
        # Who repeats a POST after a broken connection sends the same key: then there is one report, not two.
        headers["x-amz-pay-idempotency-key"] = secrets.token_hex(16)
    names = ";".join(sorted(headers))
    lines = [f"{name}:{text}" for name, text in sorted(headers.items())]
    digest = hashlib.sha256(content).hexdigest()
    canonical = "\n".join([method, path, query, *lines, "", names, digest])
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = private_key.sign(text.encode(), PSS(MGF1(SHA256()), 32), SHA256())
    headers["authorization"] = (
        f"{ALGORITHM} PublicKeyId={pay['live']['public_key_id']}, SignedHeaders={names}, "
        f"Signature={base64.b64encode(signature).decode()}"
    )
    target = f"{endpoint}{path}" + (f"?{query}" if query else "")
    request = Request(target, content or None, headers, method=method)  # noqa: S310 - the endpoint is our own
    with urlopen(request) as answer:  # noqa: S310 - likewise
        return json.load(answer)


def rows_of(report: dict[str, str]) -> list[list[str]]:
    """The file of a report, waited for; none if there was nothing to tell."""
    while report["processingStatus"] == "IN_PROGRESS":
        time.sleep(1)
        report = ask(f"/v2/reports/{report['reportId']}")
    if report["processingStatus"] == "CANCELLED":
        return []
    if report["processingStatus"] != "COMPLETED":
        sys.exit(
            f"Report {report['reportId']} is {report['processingStatus']}: it has no document."
        )
    document = ask(f"/v2/report-documents/{report['reportDocumentId']}")
    with urlopen(document["url"]) as answer:  # noqa: S310 - good for thirty seconds, without any header
        return list(csv.reader(answer.read().decode("utf-8-sig").splitlines()))


page = ask("/v2/reports", reportTypes=SETTLEMENTS)
reports = page["reports"]
while "nextToken" in page:
    page = ask("/v2/reports", nextToken=page["nextToken"])
    reports += page["reports"]

if not reports:
    sys.exit(f"{pay['merchant_id']} has no settlement report yet.")
newest = reports[0]
rows = rows_of(newest)
if not rows:
    sys.exit(f"Report {newest['reportId']} is CANCELLED: it has no document.")
# What stands before the header is no table, so the header is looked for.
start = next(place for place, row in enumerate(rows) if row[0] == "TransactionPostedDate")
settled = [dict(zip(rows[start], row, strict=False)) for row in rows[start + 1 :]]

print(
    f"{len(reports)} settlement reports of {pay['merchant_id']}; "
    f"the newest tells of {len(settled)} transactions until {newest['endTime']}:"
)
for row in settled:
    if row["TransactionType"] == "Transfer":
        amount = row["NetTransactionAmount"].lstrip("-")
        print(f"  paid out {amount} {row['CurrencyCode']} by settlement {row['SettlementId']}")

asked = {
    "reportType": REFUNDS,
    "startTime": newest["startTime"],
    "endTime": newest["endTime"],
}
made = ask("/v2/reports", asked)
_header, *refunds = rows_of(ask(f"/v2/reports/{made['reportId']}")) or [[]]
print(f"{len(refunds)} rows of refunds in the same time")
