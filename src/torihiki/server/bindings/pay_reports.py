"""Amazon Pay Reports over HTTP. The bytes of documents go through signed URLs, past these operations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from torihiki.auth.pay.headers import idempotency_key
from torihiki.auth.pay.store import PayAccountStore
from torihiki.kernel.idempotency import AnsweredBefore, FirstAnswer
from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import unauthorized
from torihiki.pay_reports import operations
from torihiki.pay_reports.cursors import PageTokens
from torihiki.pay_reports.model import Account, Policy, ReportSchedule
from torihiki.pay_reports.store import PayoutStore, ReportStore
from torihiki.pay_reports.v2 import query, wire
from torihiki.server.bindings.documents import DocumentUrls
from torihiki.server.call import Answer, Call, Handler, Signed
from torihiki.server.pay_problems import duplicate_idempotency_key

URL_SECONDS: Final = 30
"""How long a URL is good (R-3)."""
MEDIA: Final = "text/csv; charset=UTF-8"
"""Amazon's is not known (contract 4.10). Without the charset some clients would read text as ISO-8859-1."""


class Stores(NamedTuple):
    """What the operations need from storage."""

    reports: ReportStore
    payouts: PayoutStore
    accounts: PayAccountStore


class PayReports:
    """The handlers of Amazon Pay Reports.

    Args:
        stores: Where reports, payouts and first answers are.
        urls: Makes the URLs of documents.
        tokens: Seals nextTokens.
        policy: What is done where Amazon's own sources disagree.
        strict_keys: Whether a POST needs an idempotency key of the documented form.
        random_bytes: A cryptographic source.
    """

    def __init__(
        self,
        stores: Stores,
        urls: DocumentUrls,
        tokens: PageTokens,
        policy: Policy,
        *,
        strict_keys: bool,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._stores = stores
        self._urls = urls
        self._tokens = tokens
        self._policy = policy
        self._strict_keys = strict_keys
        self._random_bytes = random_bytes

    def handlers(self) -> dict[str, Handler]:
        """Each handler under the name of its operation."""
        return {
            "getReports": self.get_reports,
            "getReportById": self.get_report_by_id,
            "createReport": self.create_report,
            "getReportDocument": self.get_report_document,
            "getReportSchedules": self.get_report_schedules,
            "getReportScheduleById": self.get_report_schedule_by_id,
            "createReportSchedule": self.create_report_schedule,
            "cancelReportSchedule": self.cancel_report_schedule,
            "getDisbursements": self.get_disbursements,
        }

    async def get_reports(self, call: Call) -> Answer:
        """A page of reports."""
        wanted = query.parse_get_reports(call.query, call.now)
        found = await operations.get_reports(
            self._stores.reports, self._tokens, _account(call), wanted, call.now
        )
        return Answer(wire.render_reports(found))

    async def get_report_by_id(self, call: Call) -> Answer:
        """One report."""
        report = await operations.get_report_by_id(
            self._stores.reports, _account(call), call.path["reportId"], call.now
        )
        return Answer(wire.render_report(report))

    async def create_report(self, call: Call) -> Answer:
        """Puts a report in the queue."""
        signed = _signed(call)
        new = wire.parse_create_report(signed.body)
        asked = (new.report_type, wire.wire_time(new.start_time), wire.wire_time(new.end_time))
        key = self._key(call, signed, asked)

        def answering(report_id: str) -> FirstAnswer | None:
            return _first(key, Answer(wire.render_report_id(report_id), 201))

        try:
            report_id = await operations.create_report(
                self._stores.reports,
                _account(call),
                new,
                policy=self._policy,
                now=call.now,
                random_bytes=self._random_bytes,
                answering=answering,
            )
        except AnsweredBefore as before:
            return _again(key, before.first)
        return Answer(wire.render_report_id(report_id), 201)

    async def get_report_document(self, call: Call) -> Answer:
        """Where to download a report, for thirty seconds of the operator's clock."""

        def signed_url(document_id: str, _: Instant) -> str:
            return self._urls.download(
                call,
                document_id,
                URL_SECONDS,
                content_type=MEDIA,
                file_name=f"{document_id}.csv",
            )

        document = await operations.get_report_document(
            self._stores.reports,
            _account(call),
            call.path["reportDocumentId"],
            now=call.now,
            signed_url=signed_url,
        )
        return Answer(wire.render_document(document))

    async def get_report_schedules(self, call: Call) -> Answer:
        """The schedules."""
        found = await operations.get_report_schedules(
            self._stores.reports, _account(call), query.parse_get_report_schedules(call.query)
        )
        return Answer(wire.render_schedules(found))

    async def get_report_schedule_by_id(self, call: Call) -> Answer:
        """One schedule."""
        schedule = await operations.get_report_schedule_by_id(
            self._stores.reports, _account(call), call.path["reportScheduleId"]
        )
        return Answer(wire.render_schedule(schedule))

    async def create_report_schedule(self, call: Call) -> Answer:
        """Adds or replaces a schedule, or shows the one that is in the way."""
        signed = _signed(call)
        new = wire.parse_create_report_schedule(call.query, signed.body)
        asked = (new.report_type, new.frequency, wire.wire_time(new.first), str(new.replace))
        key = self._key(call, signed, asked)

        def answering(schedule_id: str) -> FirstAnswer | None:
            return _first(key, _new_schedule(schedule_id))

        try:
            result = await operations.create_report_schedule(
                self._stores.reports,
                _account(call),
                new,
                policy=self._policy,
                now=call.now,
                random_bytes=self._random_bytes,
                answering=answering,
            )
            answer = _new_schedule(result)
            first = None if isinstance(result, str) else _first(key, answer)
            if first is not None:
                caller = signed.caller
                await self._stores.accounts.remember(caller.merchant_id, caller.environment, first)
        except AnsweredBefore as before:
            return _again(key, before.first)
        return answer

    async def cancel_report_schedule(self, call: Call) -> Answer:
        """Ends a schedule."""
        await operations.cancel_report_schedule(
            self._stores.reports, _account(call), call.path["reportScheduleId"]
        )
        return Answer(wire.NOTHING)

    async def get_disbursements(self, call: Call) -> Answer:
        """A page of payouts."""
        wanted = query.parse_get_disbursements(call.query, call.now)
        found = await operations.get_disbursements(
            self._stores.payouts, self._tokens, _account(call), wanted
        )
        return Answer(wire.render_disbursements(found))

    def _key(self, call: Call, signed: Signed, asked: Sequence[str]) -> _Key | None:
        """The request's idempotency key; None: it has none.

        Args:
            call: The request.
            signed: The same.
            asked: What it asks for, in one form however it was written.
        """
        text = idempotency_key(signed.claim, strict=self._strict_keys)
        if text is None:
            return None
        return _Key(
            scope=f"{call.operation.method} {call.operation.path}",
            text=text,
            request_hash=hashlib.sha256("\n".join(asked).encode()).digest(),
            now=call.now,
        )


class _Key(NamedTuple):
    """An idempotency key, and what it stands for."""

    scope: str
    text: str
    request_hash: bytes
    now: Instant


def _first(key: _Key | None, answer: Answer) -> FirstAnswer | None:
    """The answer as it is kept; None: the request has no key."""
    if key is None:
        return None
    return FirstAnswer(
        scope=key.scope,
        key=key.text,
        request_hash=key.request_hash,
        status=answer.status,
        body=answer.body,
        answered_at=key.now,
    )


def _again(key: _Key | None, first: FirstAnswer) -> Answer:
    """The first answer to the same request.

    Raises:
        Problem: It was the answer to another request (400 DuplicateIdempotencyKey).
    """
    if key is None or not first.is_of(key.request_hash):
        raise duplicate_idempotency_key()
    return Answer(first.body, first.status)


def _new_schedule(result: str | tuple[ReportSchedule, ...]) -> Answer:
    status, body = wire.render_new_schedule(result)
    return Answer(body, status)


def _signed(call: Call) -> Signed:
    if call.signed is None:
        raise unauthorized()
    return call.signed


def _account(call: Call) -> Account:
    caller = _signed(call).caller
    return Account(merchant_id=caller.merchant_id, environment=caller.environment)
