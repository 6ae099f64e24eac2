"""Reads the operator's requests and renders the answers; with `schemas` the only place that knows the member names."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, UnsetType
from whenever import ItemizedDelta

from torihiki.admin.model import (
    Application,
    ApplicationChanges,
    AuditEntry,
    AuditFilter,
    Authorization,
    ClockChange,
    ClockReading,
    Item,
    Page,
    PageRequest,
    PlanOverride,
    Seller,
    SellerChanges,
)
from torihiki.admin.rules import bad_page_token
from torihiki.admin.v1 import schemas
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem, invalid_input

Body = TypeVar("Body")

PAGE_SIZE_DEFAULT: Final = 100
COMPLAINT_MAX_CHARACTERS: Final = 300
QUERY_FIELDS_MAX: Final = 100

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_ORDER_ID: Final = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", re.ASCII)
_PAGE_SIZE: Final = re.compile(r"[0-9]{1,4}", re.ASCII)
_KEY: Final = msgspec.json.Decoder(tuple[str, ...])


def parse_body(body: bytes, kind: type[Body]) -> Body:
    """The request body as a value; an empty one counts as an object without members.

    Raises:
        Problem: It is not what `kind` says; the message names the member.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (ValueError, RecursionError) as error:
        complaint = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise invalid_input(
            f"The request body is not valid: {complaint[:COMPLAINT_MAX_CHARACTERS]}"
        ) from error


def parse_query(query: bytes) -> dict[str, str]:
    """The query parameters.

    Raises:
        Problem: It is not a query string, or has a parameter twice.
    """
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except ValueError as error:
        raise invalid_input("The query string cannot be read.") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise invalid_input("The query string has a parameter more than once.")
        found[name] = value
    return found


def parse_page(query: Mapping[str, str], *, key_parts: int = 1) -> PageRequest:
    """Which part of a list is asked for.

    Args:
        query: The query parameters.
        key_parts: How many ids make the list's key.

    Raises:
        Problem: The size is out of range, or the token is not one of ours.
    """
    size = query.get("pageSize", str(PAGE_SIZE_DEFAULT))
    if _PAGE_SIZE.fullmatch(size) is None or not 1 <= int(size) <= schemas.PAGE_SIZE_MAX:
        raise invalid_input(f"pageSize is not a number from 1 to {schemas.PAGE_SIZE_MAX}.")
    token = query.get("nextToken")
    after = ("",) * key_parts if token is None else _key(token)
    if len(after) != key_parts:
        raise bad_page_token()
    return PageRequest(after=after, size=int(size))


def query_identifier(query: Mapping[str, str], name: str) -> str | None:
    """An id that a list is limited to; None: it is not.

    Raises:
        Problem: It cannot be an id.
    """
    value = query.get(name)
    if value is not None and _IDENTIFIER.fullmatch(value) is None:
        raise invalid_input(f"{name} is not an id.")
    return value


def parse_audit_filter(query: Mapping[str, str]) -> AuditFilter:
    """Which entries of the audit trail are asked for.

    Raises:
        Problem: A value cannot be what its parameter takes.
    """
    order_id, since, until = (query.get(name) for name in ("orderId", "since", "until"))
    if order_id is not None and _ORDER_ID.fullmatch(order_id) is None:
        raise invalid_input("orderId is not an AmazonOrderId, such as 902-3159896-1390916.")
    return AuditFilter(
        seller_id=query_identifier(query, "sellerId"),
        application_id=query_identifier(query, "applicationId"),
        order_id=order_id,
        operation=query_identifier(query, "operation"),
        since=None if since is None else _instant(since, "since"),
        until=None if until is None else _instant(until, "until"),
    )


def path_identifier(path: Mapping[str, str], name: str) -> str:
    """An id out of the path.

    Raises:
        Problem: It cannot be an id, so there is nothing of that id.
    """
    value = path[name]
    if _IDENTIFIER.fullmatch(value) is None:
        raise Problem(Kind.NOT_FOUND, f"There is nothing of that {name}.")
    return value


def seller_changes(patch: schemas.SellerPatch) -> SellerChanges:
    """What changes of a seller."""
    ids = _given(patch.marketplace_ids)
    return SellerChanges(
        name=_given(patch.name), marketplace_ids=None if ids is None else tuple(ids)
    )


def application_changes(patch: schemas.ApplicationPatch) -> ApplicationChanges:
    """What changes of an application.

    Raises:
        Problem: The secret's end is not a time.
    """
    roles = _given(patch.roles)
    ends = patch.secret_expires_at
    return ApplicationChanges(
        name=_given(patch.name),
        roles=None if roles is None else tuple(roles),
        secret_expires_at=_instant(ends, "secretExpiresAt") if isinstance(ends, str) else ends,
    )


def clock_change(request: schemas.ClockRequest) -> ClockChange:
    """What the clock shall do.

    Raises:
        Problem: A member is not a time or not a duration.
    """
    now, advance = _given(request.now), _given(request.advance)
    return ClockChange(
        now=None if now is None else _instant(now, "now"),
        advance=None if advance is None else _duration(advance, "advance"),
        running=_given(request.running),
    )


def render_seller(seller: Seller) -> bytes:
    """One seller."""
    return msgspec.json.encode(_seller(seller))


def render_sellers(page: Page[Seller]) -> bytes:
    """Some of the sellers."""
    items = [_seller(seller) for seller in page.items]
    return msgspec.json.encode(schemas.SellerPage(sellers=items, next_token=_token(page)))


def render_application(application: Application, secret: str | None = None) -> bytes:
    """One application, with its secret when it was just made."""
    view = _application(application)
    if secret is not None:
        view = msgspec.structs.replace(view, client_secret=secret)
    return msgspec.json.encode(view)


def render_applications(page: Page[Application]) -> bytes:
    """Some of the applications."""
    items = [_application(application) for application in page.items]
    return msgspec.json.encode(schemas.ApplicationPage(applications=items, next_token=_token(page)))


def render_secret(secret: str) -> bytes:
    """A new secret."""
    return msgspec.json.encode(schemas.SecretView(client_secret=secret))


def render_authorization(authorization: Authorization, refresh_token: str) -> bytes:
    """An authorisation that was just made, with its refresh token."""
    view = _authorization(authorization)
    return msgspec.json.encode(msgspec.structs.replace(view, refresh_token=refresh_token))


def render_authorizations(page: Page[Authorization]) -> bytes:
    """Some of the authorisations."""
    items = [_authorization(authorization) for authorization in page.items]
    return msgspec.json.encode(
        schemas.AuthorizationPage(authorizations=items, next_token=_token(page))
    )


def render_code(code: str, expires_in_s: int) -> bytes:
    """A new authorisation code."""
    return msgspec.json.encode(schemas.CodeView(code=code, expires_in=expires_in_s))


def render_plan(override: PlanOverride) -> bytes:
    """One usage plan."""
    return msgspec.json.encode(_plan(override))


def render_plans(page: Page[PlanOverride]) -> bytes:
    """Some of the usage plans."""
    items = [_plan(override) for override in page.items]
    return msgspec.json.encode(schemas.PlanPage(usage_plans=items, next_token=_token(page)))


def render_clock(reading: ClockReading) -> bytes:
    """What the clock shows."""
    return msgspec.json.encode(
        schemas.ClockView(
            now=reading.now.format_iso(),
            running=reading.running,
            offset=TimeDelta(microseconds=reading.offset_us).format_iso(),
        )
    )


def render_audit_entries(page: Page[AuditEntry]) -> bytes:
    """Some of the entries of the audit trail."""
    items = [_audit_entry(entry) for entry in page.items]
    return msgspec.json.encode(schemas.AuditPage(entries=items, next_token=_token(page)))


def render_history(page: Page[schemas.HistoryEntryView]) -> bytes:
    """Some of an order's history."""
    entries = list(page.items)
    return msgspec.json.encode(schemas.HistoryPage(entries=entries, next_token=_token(page)))


def render_merchants(page: Page[schemas.MerchantView]) -> bytes:
    """Some of the accounts with Amazon Pay."""
    merchants = list(page.items)
    return msgspec.json.encode(schemas.MerchantPage(merchants=merchants, next_token=_token(page)))


def render_pay_keys(page: Page[schemas.PayKeyView]) -> bytes:
    """Some of a merchant's keys."""
    return msgspec.json.encode(schemas.PayKeyPage(keys=list(page.items), next_token=_token(page)))


def _seller(seller: Seller) -> schemas.SellerView:
    return schemas.SellerView(
        seller_id=seller.seller_id,
        name=seller.name,
        marketplace_ids=seller.marketplace_ids,
        created_at=seller.created_at.format_iso(),
    )


def _application(application: Application) -> schemas.ApplicationView:
    return schemas.ApplicationView(
        application_id=application.application_id,
        name=application.name,
        client_id=application.client_id,
        roles=application.roles,
        secret_expires_at=_time(application.secret_expires_at),
        created_at=application.created_at.format_iso(),
    )


def _authorization(authorization: Authorization) -> schemas.AuthorizationView:
    return schemas.AuthorizationView(
        authorization_id=authorization.authorization_id,
        application_id=authorization.application_id,
        seller_id=authorization.seller_id,
        created_at=authorization.created_at.format_iso(),
        revoked_at=_time(authorization.revoked_at),
    )


def _plan(override: PlanOverride) -> schemas.PlanView:
    return schemas.PlanView(
        application_id=override.application_id,
        seller_id=override.seller_id,
        operation=override.operation,
        rate=override.plan.rate,
        burst=override.plan.burst,
    )


def _audit_entry(entry: AuditEntry) -> schemas.AuditEntryView:
    return schemas.AuditEntryView(
        at=entry.at.format_iso(),
        request_id=entry.request_id,
        seller_id=entry.seller_id,
        application_id=entry.application_id,
        token_id=entry.token_id,
        operation=entry.operation,
        elements=entry.elements,
        order_ids=entry.order_ids,
    )


def _given(value: Item | UnsetType) -> Item | None:
    return None if isinstance(value, UnsetType) else value


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else instant.format_iso()


def _instant(text: str, name: str) -> Instant:
    try:
        return Instant.parse_iso(text)
    except ValueError as error:
        raise invalid_input(
            f"{name} is not an ISO 8601 time with an offset, such as 2026-11-22T09:30:00Z."
        ) from error


def _duration(text: str, name: str) -> ItemizedDelta:
    try:
        return ItemizedDelta.parse_iso(text)
    except ValueError as error:
        raise invalid_input(f"{name} is not an ISO 8601 duration, such as PT1H.") from error


def _token(page: Page[Any]) -> str | UnsetType:
    if page.following is None:
        return UNSET
    return base64.urlsafe_b64encode(msgspec.json.encode(page.following)).decode()


def _key(token: str) -> tuple[str, ...]:
    try:
        key = _KEY.decode(base64.b64decode(token.encode("ascii"), b"-_", validate=True))
    except ValueError as error:
        raise bad_page_token() from error
    if not all(_IDENTIFIER.fullmatch(part) for part in key):
        raise bad_page_token()
    return key
