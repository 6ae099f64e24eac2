"""Drives python-amazon-sp-api; it has no setting for its hosts, so its two documented attributes are set."""

from __future__ import annotations

import os
import re
from typing import Any

from sp_api.api import Orders
from sp_api.auth import AccessTokenClient, access_token_client
from sp_api.base import Marketplaces, SellingApiException
from sp_api.util import load_all_pages

from tests.clients.drivers.conversation import Answer, converse, refusal

HOST = os.environ["ENDPOINT"].removeprefix("http://")


class LocalTokens(AccessTokenClient):  # type: ignore[misc]  # the client ships no types
    scheme, host = "http://", HOST


def connect() -> Orders:
    client = Orders(
        marketplace=Marketplaces.US,
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

    def __call__(self, operation: str, order_id: str | None, query: dict[str, Any]) -> Answer:
        if operation == "renew":
            access_token_client.cache.clear()
            return {"payload": None}
        try:
            if operation == "everyPageOfGetOrders":
                pages = all_pages(self.client, **query)
                return {"payload": [order for page in pages for order in page.payload["Orders"]]}
            call = getattr(self.client, snake(operation))
            response = call(**query) if order_id is None else call(order_id, **query)
        except SellingApiException as raised:
            error = raised.error[0]
            return refusal(raised.code, raised.amzn_code, raised.message, error.get("details"))
        return {"payload": response.payload}


converse(Driver())
