"""What a regulated demo order has to be checked for: a pet's prescription, in each state of the check."""

from __future__ import annotations

from torihiki.admin.demo.draws import Draws
from torihiki.admin.demo.marketplaces import Json

_PETS = ("Biscuit", "Juno", "Maple", "Otis", "Pepper", "Waffles")
_SPECIES = ("Dog, Beagle", "Dog, Border Collie", "Dog, mixed breed")
_ALLERGIES = ("None known", "Chicken", "Penicillin")

_REJECTION_REASONS: list[Json] = [
    {
        "RejectionReasonId": "prescription-missing",
        "RejectionReasonDescription": "There is no prescription for this animal.",
    },
    {
        "RejectionReasonId": "clinic-denied",
        "RejectionReasonDescription": "The clinic did not confirm the prescription.",
    },
    {
        "RejectionReasonId": "dose-mismatch",
        "RejectionReasonDescription": "The dose ordered is not the dose prescribed.",
    },
]
_VERIFICATION_DETAILS: list[Json] = [
    {"VerificationDetailType": "prescriptionDetail", "ValidVerificationStatuses": ["Approved"]},
    {
        "VerificationDetailType": "approvedAlternativeDetails",
        "ValidVerificationStatuses": ["Rejected"],
    },
    {"VerificationDetailType": "interimStatusDetail", "ValidVerificationStatuses": ["Pending"]},
]
_INTERIM_CODES: list[Json] = [
    {"StatusCode": "clinic-contacted", "StatusDescription": "The clinic has been asked."},
    {"StatusCode": "clinic-unreachable", "StatusDescription": "The clinic could not be reached."},
]


def regulated_record(order: str, state: str, reviewed: str, draws: Draws) -> Json:
    """The OrderRegulatedInfo of an order; `reviewed` is the date that a finished review bears."""
    check: Json = {
        "Status": state,
        "RequiresMerchantAction": state == "Pending",
        "ValidRejectionReasons": _REJECTION_REASONS,
        "ValidVerificationDetails": _VERIFICATION_DETAILS,
        "ValidInterimStatusCodes": _INTERIM_CODES,
    }
    if state in {"Approved", "Rejected"}:
        check["ReviewDate"] = reviewed
        check["ExternalReviewerId"] = f"VET-{1000 + draws.below(9000)}"
    if state == "Rejected":
        check["RejectionReason"] = draws.pick(_REJECTION_REASONS)
    document = f"https://documents.example.com/prescriptions/{order}.pdf"
    return {
        "AmazonOrderId": order,
        "RequiresDosageLabel": True,
        "RegulatedInformation": {
            "Fields": [
                _field("pet-name", "Name of the animal", draws.pick(_PETS)),
                _field("pet-species", "Species and breed", draws.pick(_SPECIES)),
                _field("pet-allergies", "Allergies", draws.pick(_ALLERGIES)),
                _field("prescription", "Prescription", document, "FileAttachment"),
            ]
        },
        "RegulatedOrderVerificationStatus": check,
    }


def _field(name: str, label: str, value: str, kind: str = "Text") -> Json:
    return {"FieldId": name, "FieldLabel": label, "FieldType": kind, "FieldValue": value}
