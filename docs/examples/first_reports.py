"""Lists a demo merchant's settlement reports of Amazon Pay, downloads the newest and prints what was paid out.

Run it beside `make run`. The first argument is the data directory (default: torihiki-data). Amazon has no Python SDK for
its reports, so this signs its requests itself, as it would for Amazon.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
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
ALGORITHM = "AMZN-PAY-RSASSA-PSS-V2"

data = sys.argv[1] if len(sys.argv) > 1 else "torihiki-data"
torihiki = Path(sys.executable).with_name("torihiki")
shown = subprocess.run(
    [torihiki, "credentials", "--data", data, "--json"], check=True, capture_output=True
)
credentials = json.loads(shown.stdout)
endpoint, pay = credentials["endpoint"], credentials["sellers"][0]["pay"]
private_key = load_pem_private_key(pay["live"]["private_key_pem"].encode(), password=None)


def ask(path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
    """One signed GET of the live environment."""
    query = "&".join(f"{name}={quote(text, safe='')}" for name, text in sorted(parameters.items()))
    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "x-amz-pay-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "x-amz-pay-host": urlsplit(endpoint).netloc,
        "x-amz-pay-region": pay["region"],
    }
    names = ";".join(headers)
    lines = [f"{name}:{text}" for name, text in headers.items()]
    canonical = "\n".join(["GET", path, query, *lines, "", names, hashlib.sha256().hexdigest()])
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = private_key.sign(text.encode(), PSS(MGF1(SHA256()), 32), SHA256())
    headers["authorization"] = (
        f"{ALGORITHM} PublicKeyId={pay['live']['public_key_id']}, SignedHeaders={names}, "
        f"Signature={base64.b64encode(signature).decode()}"
    )
    target = f"{endpoint}{path}" + (f"?{query}" if query else "")
    with urlopen(Request(target, headers=headers)) as answer:  # noqa: S310 - the endpoint is our own
        return json.load(answer)


page = ask("/v2/reports", reportTypes=SETTLEMENTS)
reports = page["reports"]
while "nextToken" in page:
    page = ask("/v2/reports", nextToken=page["nextToken"])
    reports += page["reports"]

newest = reports[0]
while newest["processingStatus"] == "IN_PROGRESS":
    time.sleep(1)
    newest = ask(f"/v2/reports/{newest['reportId']}")
document = ask(f"/v2/report-documents/{newest['reportDocumentId']}")
with urlopen(document["url"]) as answer:  # noqa: S310 - good for thirty seconds, without any header
    rows = list(csv.reader(answer.read().decode("utf-8-sig").splitlines()))
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
