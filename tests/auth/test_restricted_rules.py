"""What a restricted data token may be minted for, and what it opens (contract 3.3, 3.4)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.auth.model import Grant, RestrictedResource
from torihiki.auth.restricted import ELEMENT_ROLES, check_resources, openable
from torihiki.auth.rules import caller_of
from torihiki.auth.tokens import api as tokens_api
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.operation import Operation, Restricted
from torihiki.kernel.problem import Kind, Problem
from torihiki.kernel.roles import ROLES as ALL_ROLES
from torihiki.orders.v0.api import OPERATIONS

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")
ORDERS = "/orders/v0/orders"
ID = "123-1234567-1234567"
ORDER = f"{ORDERS}/{ID}"
GENERIC = ORDERS + "/{orderId}"

READER = "Inventory and Order Tracking"
SHIPPING = "Direct-to-Consumer Shipping (Restricted)"
INVOICING = "Tax Invoicing (Restricted)"
REMITTANCE = "Tax Remittance (Restricted)"
ADDRESS, BUYER, TAX = "shippingAddress", "buyerInfo", "buyerTaxInformation"
ALL = (ADDRESS, BUYER, TAX)

BY_NAME = {operation.name: operation for operation in OPERATIONS}
NO_RESOURCE = "Application do not have access to some or all requested resource"


def resource(path: str, *elements: str, method: str = "GET") -> RestrictedResource:
    return RestrictedResource(method=method, path=path, elements=elements)


def no_element(*names: str) -> str:
    return (
        "Application does not have access to one or more requested data elements: "
        f"[{', '.join(names)}]"
    )


def called(
    operation: Operation,
    path: str,
    resources: Iterable[RestrictedResource] | None,
    roles: Iterable[str] = ALL_ROLES,
) -> Caller:
    grant = Grant(
        caller=Caller(
            seller_id="A1",
            application_id="app",
            roles=frozenset(roles),
            token_id="0123456789abcdef",
        ),
        authorization_id="authorization",
        expires_at=NOW + TimeDelta(hours=1),
        revoked=False,
        secret_expires_at=None,
        resources=None if resources is None else tuple(resources),
    )
    return caller_of(grant, operation, path, token_present=True, now=NOW)


def refused(
    operation: Operation,
    path: str,
    resources: Iterable[RestrictedResource] | None,
    roles: Iterable[str] = ALL_ROLES,
) -> None:
    with pytest.raises(Problem) as caught:
        called(operation, path, resources, roles)
    assert (caught.value.kind, caught.value.details) == (Kind.UNAUTHORIZED, "")


@pytest.mark.parametrize(
    ("role", "elements"),
    [
        (SHIPPING, {ADDRESS, BUYER}),
        (INVOICING, {BUYER, TAX}),
        (REMITTANCE, {BUYER, TAX}),
        *((role, set()) for role in sorted(ALL_ROLES - {SHIPPING, INVOICING, REMITTANCE})),
    ],
)
def test_each_role_opens_its_data_elements(role: str, elements: set[str]) -> None:
    """O-21."""
    assert openable({role}) == elements


def test_every_role_that_there_is_may_ask_for_a_token() -> None:
    assert tokens_api.OPERATIONS[0].roles == ALL_ROLES
    assert set().union(*ELEMENT_ROLES.values()) <= ALL_ROLES


MINTED = {
    "getOrders with its elements": ({SHIPPING, INVOICING}, [resource(ORDERS, *ALL)]),
    "an order by id": ({SHIPPING}, [resource(ORDER, ADDRESS)]),
    "any order": ({REMITTANCE}, [resource(GENERIC, BUYER, TAX)]),
    "no element named": ({READER}, [resource(GENERIC)]),
    "the path alone": ({SHIPPING}, [resource(f"{ORDER}/address")]),
    "buyer for the tax man": ({INVOICING}, [resource(f"{GENERIC}/buyerInfo")]),
    "trailing slash (docs#2553)": ({SHIPPING}, [resource(f"{ORDER}/", ADDRESS)]),
    "trailing slash without the role": ({READER}, [resource(f"{ORDER}/address/")]),
    "operation's name (docs#1396)": ({SHIPPING}, [resource("getOrders", ADDRESS)]),
    "mixed method (docs#3265)": ({SHIPPING}, [resource(ORDERS, BUYER, method="Get")]),
    "method that no operation has": ({READER}, [resource(ORDERS, method="BREW")]),
    "another API": ({READER}, [resource("/mfn/v0/shipments/{shipmentId}")]),
    "nothing at all": ({READER}, [resource("", method="")]),
    "an object instead of a list (docs#2011)": ({READER}, []),
}
"""Contract 3.4: minted leniently, whatever becomes of it at use."""

NOT_MINTED = {
    "element without role": ({READER}, [resource(ORDERS, BUYER)], no_element(BUYER)),
    "both, in the order of the request": (
        {READER},
        [resource(ORDERS, BUYER), resource(GENERIC, ADDRESS, BUYER)],
        no_element(BUYER, ADDRESS),
    ),
    "only those without role are named": (
        {SHIPPING},
        [resource(ORDERS, ADDRESS, TAX)],
        no_element(TAX),
    ),
    "element that does not exist": (
        ALL_ROLES,
        [resource(ORDERS, BUYER, "buyerinfo", "x")],
        no_element("buyerinfo", "x"),
    ),
    "element on a path that does not exist": ({READER}, [resource("x", TAX)], no_element(TAX)),
    "elements before resources": (
        {READER},
        [resource(f"{ORDER}/address", ADDRESS)],
        no_element(ADDRESS),
    ),
    "address without role": ({INVOICING}, [resource(f"{ORDER}/address")], NO_RESOURCE),
    "any address without role": ({READER}, [resource(f"{GENERIC}/address")], NO_RESOURCE),
    "buyer without role": ({READER}, [resource(f"{ORDER}/buyerInfo")], NO_RESOURCE),
    "the second of two": (
        {READER},
        [resource(ORDERS), resource(f"{ORDER}/orderItems/buyerInfo", method="get")],
        NO_RESOURCE,
    ),
    "role that reads no orders": ({"Brand Analytics"}, [resource(ORDERS)], NO_RESOURCE),
}


@pytest.mark.parametrize(("roles", "resources"), MINTED.values(), ids=MINTED.keys())
def test_what_is_minted(roles: set[str], resources: list[RestrictedResource]) -> None:
    check_resources(resources, OPERATIONS, frozenset(roles))


@pytest.mark.parametrize(
    ("roles", "resources", "message"), NOT_MINTED.values(), ids=NOT_MINTED.keys()
)
def test_what_is_not_minted_and_why(
    roles: set[str], resources: list[RestrictedResource], message: str
) -> None:
    with pytest.raises(Problem) as caught:
        check_resources(resources, OPERATIONS, frozenset(roles))
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID_INPUT, None)
    assert (caught.value.message, caught.value.details) == (message, "")


OPENED = {
    "getOrders": ("getOrders", ORDERS, [resource(ORDERS, *ALL)], set(ALL)),
    "getOrders, one element": ("getOrders", ORDERS, [resource(ORDERS, BUYER)], {BUYER}),
    "getOrders, no element": ("getOrders", ORDERS, [resource(ORDERS)], set()),
    "getOrder by id": ("getOrder", ORDER, [resource(ORDER, ADDRESS)], {ADDRESS}),
    "getOrder, any": ("getOrder", ORDER, [resource(GENERIC, ADDRESS, TAX)], {ADDRESS, TAX}),
    "getOrder, both": (
        "getOrder",
        ORDER,
        [resource(GENERIC, ADDRESS), resource(f"{ORDERS}/x", TAX), resource(ORDER, BUYER)],
        {ADDRESS, BUYER},
    ),
    "slash on both sides": ("getOrder", f"{ORDER}/", [resource(f"{ORDER}/", BUYER)], {BUYER}),
    "slash on both sides, any": ("getOrder", f"{ORDER}/", [resource(f"{GENERIC}/", TAX)], {TAX}),
    "mixed method": ("getOrder", ORDER, [resource(ORDER, BUYER, method="Get")], {BUYER}),
    "items have no address": (
        "getOrderItems",
        f"{ORDER}/orderItems",
        [resource(f"{GENERIC}/orderItems", *ALL)],
        {BUYER},
    ),
    "address by its path alone": (
        "getOrderAddress",
        f"{ORDER}/address",
        [resource(f"{ORDER}/address")],
        {ADDRESS},
    ),
    "address, whatever element is named": (
        "getOrderAddress",
        f"{ORDER}/address",
        [resource(f"{GENERIC}/address", TAX)],
        {ADDRESS},
    ),
    "buyer": ("getOrderBuyerInfo", f"{ORDER}/buyerInfo", [resource(f"{GENERIC}/buyerInfo")], {BUYER}),
    "items' buyer": (
        "getOrderItemsBuyerInfo",
        f"{ORDER}/orderItems/buyerInfo",
        [resource(f"{ORDER}/orderItems/buyerInfo")],
        {BUYER},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "resources", "elements"), OPENED.values(), ids=OPENED.keys()
)
def test_token_opens_what_it_lists(
    name: str, path: str, resources: list[RestrictedResource], elements: set[str]
) -> None:
    caller = called(BY_NAME[name], path, resources)
    assert caller.opened == frozenset(elements)
    assert (caller.seller_id, caller.token_id) == ("A1", "0123456789abcdef")


CLOSED = {
    "nothing listed": [],
    "another operation": [resource(ORDERS, *ALL)],
    "an operation below": [resource(f"{ORDER}/address"), resource(f"{GENERIC}/orderItems", BUYER)],
    "another order": [resource(f"{ORDERS}/123-1234567-1234568", *ALL)],
    "order without its last digit": [resource(ORDER[:-1], *ALL)],
    "trailing slash": [resource(f"{ORDER}/", *ALL)],
    "trailing slash, any": [resource(f"{GENERIC}/", *ALL)],
    "another name in the braces": [resource(ORDERS + "/{id}", *ALL)],
    "wrong case": [resource(ORDER.upper(), *ALL), resource(GENERIC.lower(), *ALL)],
    "no first slash": [resource(ORDER[1:], *ALL)],
    "query string": [resource(f"{ORDER}?", *ALL), resource(f"{ORDER}?a=b", *ALL)],
    "blank": [resource(f" {ORDER}", *ALL), resource(f"{ORDER} ", *ALL)],
    "pattern": [resource(f"{ORDERS}/*", *ALL), resource(f"{ORDERS}/", *ALL)],
    "percent-encoded": [resource(ORDER.replace("-", "%2D"), *ALL)],
    "operation's name": [resource("getOrder", *ALL)],
    "another method": [
        resource(ORDER, *ALL, method=method) for method in ("POST", "PUT", "GET ", "", "*")
    ],
}


@pytest.mark.parametrize("resources", CLOSED.values(), ids=CLOSED.keys())
def test_token_does_not_open_what_it_does_not_list(resources: list[RestrictedResource]) -> None:
    refused(BY_NAME["getOrder"], ORDER, resources)


def test_slash_that_only_the_request_has_does_not_fit() -> None:
    refused(BY_NAME["getOrder"], f"{ORDER}/", [resource(ORDER, *ALL), resource(GENERIC, *ALL)])


@pytest.mark.parametrize(
    ("roles", "elements"),
    [({SHIPPING}, {ADDRESS, BUYER}), ({REMITTANCE}, {BUYER, TAX}), ({READER}, set())],
)
def test_element_whose_role_was_lost_is_not_opened(roles: set[str], elements: set[str]) -> None:
    caller = called(BY_NAME["getOrders"], ORDERS, [resource(ORDERS, *ALL)], roles)
    assert caller.opened == frozenset(elements)


@pytest.mark.parametrize(
    ("name", "suffix", "role"),
    [
        ("getOrderAddress", "/address", INVOICING),
        ("getOrderBuyerInfo", "/buyerInfo", READER),
        ("getOrderItemsBuyerInfo", "/orderItems/buyerInfo", READER),
    ],
)
def test_path_whose_only_element_lost_its_role_is_refused(
    name: str, suffix: str, role: str
) -> None:
    refused(BY_NAME[name], ORDER + suffix, [resource(GENERIC + suffix)], {role})


@pytest.mark.parametrize("name", BY_NAME)
def test_ordinary_token_opens_no_element_anywhere(name: str) -> None:
    operation = BY_NAME[name]
    if operation.restricted is None or not operation.restricted.required:
        assert called(operation, operation.path, None).opened is None


def test_operation_that_requires_a_token_takes_no_other_and_may_open_no_element() -> None:
    operation = Operation(
        name="x",
        method="GET",
        path=f"{GENERIC}/regulatedInfo",
        restricted=Restricted(elements=frozenset(), selectable=False, required=True),
        summary="",
    )
    path = f"{ORDER}/regulatedInfo"
    check_resources([resource(path)], [operation], frozenset({READER}))
    refused(operation, path, None)
    refused(operation, path, [resource(ORDER, *ALL)])
    assert called(operation, path, [resource(path)], {READER}).opened == frozenset()


@pytest.mark.parametrize(
    "operation",
    [
        *tokens_api.OPERATIONS,
        Operation(name="x", method="POST", path=f"{GENERIC}/shipment", summary=""),
    ],
    ids=["createRestrictedDataToken", "a write"],
)
def test_token_opens_restricted_operations_only(operation: Operation) -> None:
    refused(operation, operation.path, [resource(operation.path, *ALL, method=operation.method)])


SEGMENTS = st.sampled_from(["", "orders", "v0", ID, "{orderId}", "address", "orderItems", "x"])
PATHS = st.lists(SEGMENTS, max_size=7).map("/".join) | st.sampled_from(
    [operation.path for operation in OPERATIONS]
)


@given(
    listed=st.lists(
        st.builds(
            RestrictedResource,
            method=st.sampled_from(["GET", "get", "POST"]),
            path=PATHS,
            elements=st.lists(st.sampled_from(ALL), unique=True).map(tuple),
        ),
        max_size=4,
    ),
    operation=st.sampled_from(OPERATIONS),
    roles=st.sets(st.sampled_from(sorted(ALL_ROLES))),
)
def test_no_token_opens_more_than_its_list_its_roles_and_the_operation_have_in_common(
    listed: list[RestrictedResource], operation: Operation, roles: set[str]
) -> None:
    path = operation.path.replace("{orderId}", ID)
    fitting = [
        one
        for one in listed
        if one.method.upper() == operation.method and one.path.replace("{orderId}", ID) == path
    ]
    try:
        opened = called(operation, path, listed, roles).opened
    except Problem:
        return
    assert fitting
    assert operation.restricted is not None
    assert opened is not None
    assert opened <= operation.restricted.elements & openable(roles)
    if operation.restricted.selectable:
        assert opened <= {name for one in fitting for name in one.elements}


def test_caller_of_a_restricted_token_is_never_one_of_an_ordinary_token() -> None:
    ordinary = called(BY_NAME["getOrders"], ORDERS, None)
    restricted = called(BY_NAME["getOrders"], ORDERS, [resource(ORDERS)])
    assert restricted == msgspec.structs.replace(ordinary, opened=frozenset())
    assert restricted.opened is not None
