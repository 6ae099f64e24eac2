"""Pure decisions on the check of a regulated order: which reports of a reviewer are taken, and what they change.

Contract 4.3 gives the rules, the texts and their order. Texts without a source there are ours, in the same style.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from torihiki.kernel.problem import Problem, invalid_input, invalid_inputs

PENDING: Final = "Pending"
APPROVED: Final = "Approved"
REJECTED: Final = "Rejected"
VERDICTS: Final = (APPROVED, REJECTED)
"""What a reviewer can decide; the other states come about without him."""

PRESCRIPTION: Final = "prescriptionDetail"
ALTERNATIVES: Final = "approvedAlternativeDetails"
INTERIM: Final = "interimStatusDetail"

USUAL_STATUSES: Final = {
    PRESCRIPTION: frozenset({APPROVED}),
    ALTERNATIVES: frozenset({REJECTED}),
    INTERIM: frozenset({PENDING}),
}
"""With which status each kind of detail goes, where the order does not say."""


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a reviewer adds.

    Args:
        kind: One of the three above.
        missing: Required members that it lacks, in the order of the contract's tables.
        status_code: What an interim status says.
    """

    kind: str
    missing: tuple[str, ...] = ()
    status_code: str | None = None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer reports; None: not said.

    Args:
        details: In the order of the contract's tables, each kind once at the most.
    """

    status: str | None = None
    reviewer_id: str | None = None
    rejection_reason_id: str | None = None
    details: tuple[Detail, ...] = ()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How far the check of an order is, and what may be reported on it.

    Args:
        rejection_reason_id: Why it was rejected, if it was.
        valid_reason_ids: Why it may be rejected.
        valid_statuses: With which status each kind of detail goes; None: the order does not say.
        valid_codes: The interim statuses that may be reported.
    """

    status: str
    rejection_reason_id: str | None = None
    valid_reason_ids: tuple[str, ...] = ()
    valid_statuses: Mapping[str, frozenset[str]] | None = None
    valid_codes: tuple[str, ...] = ()


def decides(check: Check, review: Review) -> bool:
    """Whether the review, which fits the check, is its verdict; False: it repeats the verdict or adds to it.

    Raises:
        Problem: The review does not fit the check, or is none by itself; one error for each reason.
    """
    require_valid(review, check)
    if review.status in VERDICTS and check.status == PENDING:
        return True
    if review.status not in {None, check.status} or not _same_reason(check, review):
        # A verdict is final: the buyer has been told (docs/decisions/0011-verification.md).
        raise invalid_input(
            f"Invalid request parameter `status`. The order is in {check.status} status already."
        )
    return False


def _same_reason(check: Check, review: Review) -> bool:
    return review.status != REJECTED or review.rejection_reason_id == check.rejection_reason_id


def require_valid(review: Review, check: Check | None) -> None:
    """Looks for what is wrong with a review whatever was decided before; None: only in the review itself.

    Raises:
        Problem: With an error for each reason, in the order of the contract.
    """
    found = [
        *_status_errors(review),
        *_detail_errors(review, check),
        *_reason_errors(review, check),
    ]
    if not review.reviewer_id:
        found.append(_missing("externalReviewerId"))
    if found:
        raise invalid_inputs(found)


def missing(member: str) -> Problem:
    """A member without which nothing else of a request can be looked at."""
    return invalid_input(_missing(member))


def _missing(member: str) -> str:
    return f"Missing request parameter: {member}."


def _one_of(member: str, allowed: Iterable[str]) -> str:
    return f"Invalid request parameter `{member}`. Must be one of [{', '.join(allowed)}]."


def _status_is_taken(review: Review) -> bool:
    """Pending is no verdict, but the status that an interim detail goes with."""
    return review.status in {None, *VERDICTS} or (
        review.status == PENDING and any(detail.kind == INTERIM for detail in review.details)
    )


def _status_errors(review: Review) -> Iterable[str]:
    if not _status_is_taken(review):
        yield _one_of("status", VERDICTS)
    elif review.status is None and not review.details:
        yield _missing("status")


def _detail_errors(review: Review, check: Check | None) -> Iterable[str]:
    status = review.status or (None if check is None else check.status)
    for detail in review.details:
        if (
            status is not None
            and _status_is_taken(review)
            and status not in _statuses_of(detail, check)
        ):
            yield f"Verification Detail `{detail.kind}` is not supported when order is in {status} status."
        elif detail.missing:
            yield (
                f"Missing required parameter(s) from {detail.kind} value: {', '.join(detail.missing)}"
            )
        elif (
            detail.status_code is not None
            and check is not None
            and detail.status_code not in check.valid_codes
        ):
            yield _one_of("statusCode", check.valid_codes)


def _statuses_of(detail: Detail, check: Check | None) -> frozenset[str]:
    if check is None or check.valid_statuses is None:
        return USUAL_STATUSES[detail.kind]
    return check.valid_statuses.get(detail.kind, frozenset())


def _reason_errors(review: Review, check: Check | None) -> Iterable[str]:
    if review.status != REJECTED:
        return
    if not review.rejection_reason_id:
        yield _missing("rejectionReasonId")
    # A check that is over has no valid reasons any more, and the verdict is compared instead.
    elif (
        check is not None
        and check.status == PENDING
        and review.rejection_reason_id not in check.valid_reason_ids
    ):
        yield _one_of("rejectionReasonId", check.valid_reason_ids)
