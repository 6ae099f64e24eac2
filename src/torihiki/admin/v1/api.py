"""The operator's API as data; every operation needs the operator's bearer token."""

from __future__ import annotations

from typing import Any, Final

from torihiki.admin.v1 import schemas, settlements
from torihiki.kernel.operation import Operation, Parameter

ROOT: Final = "/-/api/v1"

_READ_ERRORS: Final = (400, 403, 500, 503)
_FIND_ERRORS: Final = (400, 403, 404, 500, 503)
_BODY_ERRORS: Final = (400, 403, 413, 500, 503)
_CHANGE_ERRORS: Final = (400, 403, 404, 413, 500, 503)
_CONFLICT_ERRORS: Final = (400, 403, 404, 409, 413, 500, 503)

_PAGE: Final = (
    Parameter(
        name="pageSize", schema=schemas.PageSize, summary="How many at the most; 100 if left out."
    ),
    Parameter(
        name="nextToken", schema=schemas.PageToken, summary="From the page before, for the next."
    ),
)

SELLERS: Final = (
    Operation(
        name="listSellers",
        method="GET",
        path=f"{ROOT}/sellers",
        query=_PAGE,
        response=schemas.SellerPage,
        errors=_READ_ERRORS,
        summary="Lists the sellers by their ids.",
    ),
    Operation(
        name="createSeller",
        method="POST",
        path=f"{ROOT}/sellers",
        request=schemas.SellerRequest,
        response=schemas.SellerView,
        success=201,
        errors=_CONFLICT_ERRORS,
        summary="Adds a seller.",
    ),
    Operation(
        name="getSeller",
        method="GET",
        path=f"{ROOT}/sellers/{{sellerId}}",
        response=schemas.SellerView,
        errors=_FIND_ERRORS,
        summary="Shows a seller.",
    ),
    Operation(
        name="updateSeller",
        method="PATCH",
        path=f"{ROOT}/sellers/{{sellerId}}",
        request=schemas.SellerPatch,
        response=schemas.SellerView,
        errors=_CHANGE_ERRORS,
        summary="Changes a seller's name or marketplaces.",
    ),
)

APPLICATIONS: Final = (
    Operation(
        name="listApplications",
        method="GET",
        path=f"{ROOT}/applications",
        query=_PAGE,
        response=schemas.ApplicationPage,
        errors=_READ_ERRORS,
        summary="Lists the applications by their ids.",
    ),
    Operation(
        name="createApplication",
        method="POST",
        path=f"{ROOT}/applications",
        request=schemas.ApplicationRequest,
        response=schemas.ApplicationView,
        success=201,
        errors=_BODY_ERRORS,
        summary="Adds an application; its secret is in this answer only.",
    ),
    Operation(
        name="getApplication",
        method="GET",
        path=f"{ROOT}/applications/{{applicationId}}",
        response=schemas.ApplicationView,
        errors=_FIND_ERRORS,
        summary="Shows an application.",
    ),
    Operation(
        name="updateApplication",
        method="PATCH",
        path=f"{ROOT}/applications/{{applicationId}}",
        request=schemas.ApplicationPatch,
        response=schemas.ApplicationView,
        errors=_CHANGE_ERRORS,
        summary="Changes an application's name, roles or the end of its secret.",
    ),
    Operation(
        name="rotateSecret",
        method="POST",
        path=f"{ROOT}/applications/{{applicationId}}/secret",
        response=schemas.SecretView,
        errors=_FIND_ERRORS,
        summary="Gives an application a new secret without an end; the old one stops at once.",
    ),
)

AUTHORIZATIONS: Final = (
    Operation(
        name="listAuthorizations",
        method="GET",
        path=f"{ROOT}/authorizations",
        query=(
            *_PAGE,
            Parameter(
                name="applicationId", schema=schemas.Identifier, summary="Of this application."
            ),
            Parameter(name="sellerId", schema=schemas.Identifier, summary="Of this seller."),
        ),
        response=schemas.AuthorizationPage,
        errors=_READ_ERRORS,
        summary="Lists the authorisations by their ids.",
    ),
    Operation(
        name="createAuthorization",
        method="POST",
        path=f"{ROOT}/authorizations",
        request=schemas.AuthorizationRequest,
        response=schemas.AuthorizationView,
        success=201,
        errors=_CHANGE_ERRORS,
        summary="Lets an application act for a seller; the refresh token is in this answer only.",
    ),
    Operation(
        name="revokeAuthorization",
        method="DELETE",
        path=f"{ROOT}/authorizations/{{authorizationId}}",
        success=204,
        errors=_FIND_ERRORS,
        summary="Ends an authorisation and every token that stands for it.",
    ),
    Operation(
        name="createAuthorizationCode",
        method="POST",
        path=f"{ROOT}/authorizations/{{authorizationId}}/codes",
        request=schemas.CodeRequest,
        response=schemas.CodeView,
        success=201,
        errors=_CONFLICT_ERRORS,
        summary="Makes a code that the application can exchange once for a refresh token.",
    ),
)

USAGE_PLANS: Final = (
    Operation(
        name="listUsagePlans",
        method="GET",
        path=f"{ROOT}/usage-plans",
        query=_PAGE,
        response=schemas.PlanPage,
        errors=_READ_ERRORS,
        summary="Lists the usage plans that are not the operations' own.",
    ),
    Operation(
        name="putUsagePlan",
        method="PUT",
        path=f"{ROOT}/usage-plans/{{applicationId}}/{{sellerId}}/{{operation}}",
        request=schemas.PlanRequest,
        response=schemas.PlanView,
        errors=_CHANGE_ERRORS,
        summary="Sets the rate and burst of one application and seller for one operation.",
    ),
    Operation(
        name="deleteUsagePlan",
        method="DELETE",
        path=f"{ROOT}/usage-plans/{{applicationId}}/{{sellerId}}/{{operation}}",
        success=204,
        errors=_FIND_ERRORS,
        summary="Gives the pair the operation's own usage plan again.",
    ),
)

RESTRICTED_DATA: Final = (
    Operation(
        name="listAuditEntries",
        method="GET",
        path=f"{ROOT}/audit",
        query=(
            *_PAGE,
            Parameter(name="sellerId", schema=schemas.Identifier, summary="Of this seller."),
            Parameter(
                name="applicationId", schema=schemas.Identifier, summary="Of this application."
            ),
            Parameter(
                name="orderId", schema=schemas.OrderId, summary="Those that showed this order."
            ),
            Parameter(name="operation", schema=schemas.Identifier, summary="Of this operation."),
            Parameter(name="since", schema=schemas.Time, summary="Not before this instant."),
            Parameter(name="until", schema=schemas.Time, summary="Before this instant."),
        ),
        response=schemas.AuditPage,
        errors=_READ_ERRORS,
        summary="Lists who was shown restricted data, the newest first.",
    ),
    Operation(
        name="eraseOrder",
        method="POST",
        path=f"{ROOT}/orders/{{sellerId}}/{{orderId}}/erase",
        success=204,
        errors=_FIND_ERRORS,
        summary="Erases the restricted fields of one order for good; the order stays.",
    ),
)

ORDERS: Final = (
    Operation(
        name="recordOrderEvent",
        method="POST",
        path=f"{ROOT}/orders/{{orderId}}/events",
        request=schemas.AnyOrderEvent,
        response=schemas.OrderStanding,
        errors=_CONFLICT_ERRORS,
        summary="Lets something happen to an order; 409 if it cannot happen to the order as it stands.",
    ),
    Operation(
        name="getOrderHistory",
        method="GET",
        path=f"{ROOT}/orders/{{orderId}}/history",
        query=(
            Parameter(
                name="sellerId",
                schema=schemas.Identifier,
                required=True,
                summary="Whose order it is; several sellers may have one of an id.",
            ),
            *_PAGE,
        ),
        response=schemas.HistoryPage,
        errors=_FIND_ERRORS,
        summary="Lists what happened to an order since it was imported, the oldest first.",
    ),
)

PAY: Final = (
    Operation(
        name="listMerchants",
        method="GET",
        path=f"{ROOT}/merchants",
        query=(
            *_PAGE,
            Parameter(name="sellerId", schema=schemas.Identifier, summary="Of this seller."),
        ),
        response=schemas.MerchantPage,
        errors=_READ_ERRORS,
        summary="Lists the accounts with Amazon Pay by their ids.",
    ),
    Operation(
        name="createMerchant",
        method="POST",
        path=f"{ROOT}/merchants",
        request=schemas.MerchantRequest,
        response=schemas.MerchantView,
        success=201,
        errors=_CONFLICT_ERRORS,
        summary="Gives a seller an account with Amazon Pay, in both environments.",
    ),
    Operation(
        name="listPayKeys",
        method="GET",
        path=f"{ROOT}/merchants/{{merchantId}}/keys",
        query=_PAGE,
        response=schemas.PayKeyPage,
        errors=_FIND_ERRORS,
        summary="Lists a merchant's public keys by their ids, revoked ones too.",
    ),
    Operation(
        name="registerPayKey",
        method="POST",
        path=f"{ROOT}/merchants/{{merchantId}}/keys",
        request=schemas.PayKeyRequest,
        response=schemas.PayKeyView,
        success=201,
        errors=_CONFLICT_ERRORS,
        summary="Registers a public key, with which the merchant's requests are verified from then on.",
    ),
    Operation(
        name="revokePayKey",
        method="DELETE",
        path=f"{ROOT}/merchants/{{merchantId}}/keys/{{publicKeyId}}",
        success=204,
        errors=_FIND_ERRORS,
        summary="Ends a key for good.",
    ),
    Operation(
        name="closeSettlements",
        method="POST",
        path=f"{ROOT}/merchants/{{merchantId}}/settlements",
        request=settlements.SettlementRequest,
        response=settlements.SettlementList,
        success=201,
        errors=_CONFLICT_ERRORS,
        summary="Closes a merchant's open settlement periods now; their reports follow. 409 if something waits that they are closed for.",
    ),
    Operation(
        name="importPayments",
        method="POST",
        path=f"{ROOT}/payments",
        response=schemas.PaymentImportReport,
        errors=_BODY_ERRORS,
        summary="Imports payments of Amazon Pay, one JSON object a line; the good lines are kept.",
    ),
)

SERVER: Final = (
    Operation(
        name="getClock",
        method="GET",
        path=f"{ROOT}/clock",
        response=schemas.ClockView,
        errors=_READ_ERRORS,
        summary="Shows the operator's clock.",
    ),
    Operation(
        name="putClock",
        method="PUT",
        path=f"{ROOT}/clock",
        request=schemas.ClockRequest,
        response=schemas.ClockView,
        errors=_BODY_ERRORS,
        summary="Sets, advances, stops or runs the operator's clock.",
    ),
    Operation(
        name="importOrders",
        method="POST",
        path=f"{ROOT}/orders",
        response=schemas.ImportReport,
        errors=_BODY_ERRORS,
        summary="Imports orders, one JSON object a line; the good lines are kept.",
    ),
    Operation(
        name="getOpenapi",
        method="GET",
        path=f"{ROOT}/openapi.json",
        response=dict[str, Any],
        errors=_READ_ERRORS,
        summary="This document.",
    ),
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    *SELLERS,
    *APPLICATIONS,
    *AUTHORIZATIONS,
    *USAGE_PLANS,
    *RESTRICTED_DATA,
    *ORDERS,
    *PAY,
    *SERVER,
)
