"""Drives python-amazon-sp-api; it has no setting for its hosts, so its two documented attributes are set."""

from __future__ import annotations

import os
import re
from typing import Any

from sp_api.api import Orders, Tokens
from sp_api.auth import AccessTokenClient, access_token_client
from sp_api.base import Marketplaces, SellingApiException
from sp_api.util import load_all_pages

from tests.clients.drivers.conversation import (
    Answer,
    Body,
    Restricted,
    converse,
    refusal,
    resources,
)

HOST = os.environ["ENDPOINT"].removeprefix("http://")


class LocalTokens(AccessTokenClient):  # type: ignore[misc]  # the client ships no types
    scheme, host = "http://", HOST


HELPED = {"getOrders", "getOrder", "getOrderItems"}
"""The operations that take RestrictedResources and fetch the token themselves."""


def connect(kind: type[Any] = Orders, token: str | None = None) -> Any:
    client = kind(
        marketplace=Marketplaces.US,
        restricted_data_token=token,
        auth_token_client_class=LocalTokens,
        credentials={
            "refresh_token": os.environ["REFRESH_TOKEN"],
            "lwa_app_id": os.environ["CLIENT_ID"],
            "lwa_client_secret": os.environ["CLIENT_SECRET"],
        },
    )
    # Without the usual trick of an @ before the host: the Host header then lacks its first character.
    client.endpoint = f"http://{HOST}"
    return client


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


@load_all_pages()  # type: ignore[untyped-decorator]  # the client ships no types
def all_pages(client: Orders, **query: Any) -> Any:
    return client.get_orders(**query)


class Driver:
    def __init__(self) -> None:
        self.client = connect()

    def _prepared(
        self, operation: str, query: dict[str, Any], restricted: Restricted | None
    ) -> tuple[Any, dict[str, Any]]:
        """The client and the arguments that fetch restricted data, if any is wanted."""
        if restricted is None:
            return self.client, query
        if operation in HELPED:
            return self.client, {**query, "RestrictedResources": restricted["dataElements"]}
        minted = connect(Tokens).create_restricted_data_token(
            restrictedResources=resources(restricted)
        )
        return connect(token=minted.payload["restrictedDataToken"]), query

    def __call__(
        self,
        operation: str,
        order_id: str | None,
        query: dict[str, Any],
        restricted: Restricted | None,
        body: Body | None,
    ) -> Answer:
        if operation == "renew":
            access_token_client.cache.clear()
            return {"payload": None}
        try:
            if operation == "everyPageOfGetOrders":
                pages = all_pages(self.client, **query)
                return {"payload": [order for page in pages for order in page.payload["Orders"]]}
            client, arguments = self._prepared(operation, query | (body or {}), restricted)
            call = getattr(client, snake(operation))
            response = call(**arguments) if order_id is None else call(order_id, **arguments)
        except SellingApiException as raised:
            error = raised.error[0]
            return refusal(raised.code, raised.amzn_code, raised.message, error.get("details"))
        # It makes a payload of its own of an answer without a body.
        return {"payload": None if body is not None else response.payload}


converse(Driver())
