"""A regulated order, and reports on it sent to the two operations as the server sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.orders.lines import ORDER_ID, SECRET, small_line
from tests.orders.reading import NOW, caller, keep
from torihiki.admin.model import AuditEntry
from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import Problem
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.api import OPERATIONS
from torihiki.server.bindings import regulated
from torihiki.server.call import Answer, Call, Message
from torihiki.server.problems import render

_OPERATIONS = {operation.name: operation for operation in OPERATIONS}

PRESCRIPTION: dict[str, Any] = {
    "prescriptionId": f"{SECRET} prescription",
    "expirationDate": "2027-05-01T00:00:00Z",
    "writtenQuantity": 1,
    "totalRefillsAuthorized": 2,
    "refillsRemaining": 0,
    "clinicId": f"{SECRET} clinic",
    "usageInstructions": "With food.",
}
ALTERNATIVE = {"attributeName": "petWeight", "originalValue": "4 kg", "approvedValue": "5 kg"}
INTERIM = {"statusCode": "clinic-asked", "statusDateTime": "2026-11-20T08:00:00Z"}

CHECK: dict[str, Any] = {
    "Status": "Pending",
    "RequiresMerchantAction": True,
    "ValidRejectionReasons": [
        {"RejectionReasonId": "too-young", "RejectionReasonDescription": "Too young."},
        {"RejectionReasonId": "wrong-dose", "RejectionReasonDescription": "The dose is wrong."},
    ],
    "ValidInterimStatusCodes": [
        {"StatusCode": "clinic-asked", "StatusDescription": "The clinic was asked."},
        {"StatusCode": "clinic-closed", "StatusDescription": "The clinic is closed."},
    ],
    "AddedLater": [1.50, None],
}

NO_REASON = "Missing request parameter: rejectionReasonId."
NO_REVIEWER = "Missing request parameter: externalReviewerId."
NOBODY = {"externalReviewerId": None}
WITHOUT_CLINIC = {name: value for name, value in PRESCRIPTION.items() if name != "clinicId"}
APPROVED_BEFORE = {
    "Status": "Approved",
    "ExternalReviewerId": "first",
    "ReviewDate": "2026-11-01T00:00:00Z",
}
REJECTED_BEFORE = {
    **APPROVED_BEFORE,
    "Status": "Rejected",
    "ValidRejectionReasons": [],
    "RejectionReason": CHECK["ValidRejectionReasons"][0],
}


def regulated_info(**check: Any) -> dict[str, Any]:
    """A document whose check differs by these members from one that waits; None takes a member away."""
    merged = {name: value for name, value in {**CHECK, **check}.items() if value is not None}
    return {
        "AmazonOrderId": ORDER_ID,
        "RegulatedInformation": {
            "Fields": [
                {
                    "FieldId": "animal",
                    "FieldLabel": "Animal",
                    "FieldType": "Text",
                    "FieldValue": f"{SECRET} animal",
                }
            ]
        },
        "RequiresDosageLabel": False,
        "RegulatedOrderVerificationStatus": merged,
        "AddedLater": {"A": 1.50},
    }


async def keep_regulated(store: OrderStore, **check: Any) -> None:
    await keep(store, {**small_line(), "regulatedInfo": regulated_info(**check)})


def report(status: str | None = None, **members: Any) -> dict[str, Any]:
    """A body with a reviewer, unless he is given as None; details go by their kind."""
    details = {
        name: members.pop(name) for name in list(members) if name.endswith(("Detail", "Details"))
    }
    body = {"status": status, "externalReviewerId": "reviewer-7", **members}
    if details:
        body["verificationDetails"] = details
    return {
        "regulatedOrderVerificationStatus": {
            name: value for name, value in body.items() if value is not None
        }
    }


def written(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


class KeptTrail:
    """An audit trail that a test can look at."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    async def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


async def called(
    store: OrderStore,
    operation: str,
    body: bytes = b"",
    *,
    order_id: str = ORDER_ID,
    headers: Mapping[bytes, bytes] | None = None,
    now: Instant = NOW,
    seller_id: str | None = None,
    trail: KeptTrail | None = None,
) -> Answer:
    """What the server answers, refusals included."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    call = Call(
        operation=_OPERATIONS[operation],
        path={"orderId": order_id},
        query=b"",
        headers=headers or {},
        receive=receive,
        now=now,
        caller=caller() if seller_id is None else caller(seller_id),
        request_id="a request",
    )
    try:
        return await regulated.bind(store, trail or KeptTrail())[operation](call)
    except Problem as problem:
        return render(problem)


async def sent(store: OrderStore, body: Any, **how: Any) -> Answer:
    return await called(store, "updateVerificationStatus", written(body), **how)


async def accepted(store: OrderStore, body: Any, **how: Any) -> None:
    answer = await sent(store, body, **how)
    assert (answer.status, answer.body) == (204, b""), answer.body


async def messages(store: OrderStore, body: Any, **how: Any) -> list[str]:
    """The messages of a 400, in order; every error has the same code and empty details."""
    answer = await sent(store, body, **how)
    assert answer.status == 400
    errors = json.loads(answer.body)["errors"]
    assert all(list(error) == ["code", "message", "details"] for error in errors)
    assert {(error["code"], error["details"]) for error in errors} == {("InvalidInput", "")}
    return [error["message"] for error in errors]


async def shown(store: OrderStore) -> Any:
    """The payload of getOrderRegulatedInfo."""
    answer = await called(store, "getOrderRegulatedInfo")
    assert answer.status == 200
    return json.loads(answer.body)["payload"]


async def shown_check(store: OrderStore) -> Any:
    return (await shown(store))["RegulatedOrderVerificationStatus"]


async def stored(store: OrderStore) -> Any:
    """The document as it is kept."""
    found = await store.regulated("SELLERONE", ORDER_ID)
    assert found is not None
    assert found.document is not None
    return msgspec.json.decode(found.document)
