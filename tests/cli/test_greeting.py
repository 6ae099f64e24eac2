"""What `serve` says when it starts, and where the credentials file sends clients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.plain import fetch
from tests.server.running import running
from torihiki.bootstrap import Settings
from torihiki.bootstrap.serving import reachable


@pytest.mark.parametrize(
    ("settings", "listening", "reached"),
    [
        (Settings(), ["http://192.0.2.7:8900"], ["http://192.0.2.7:8900"]),
        (
            Settings(host="0.0.0.0"),
            ["http://0.0.0.0:8900", "https://0.0.0.0:8943"],
            ["http://127.0.0.1:8900", "https://127.0.0.1:8943"],
        ),
        (
            Settings(host="::"),
            ["http://[::]:8900", "https://[::]:8943"],
            ["http://[::1]:8900", "https://[::1]:8943"],
        ),
        (
            Settings(host="0.0.0.0", public_url="https://orders.example.com/"),
            ["http://0.0.0.0:8900", "https://0.0.0.0:8943"],
            ["https://orders.example.com", "https://127.0.0.1:8943"],
        ),
    ],
    ids=["one address", "all", "all of IPv6", "public"],
)
def test_client_is_sent_where_it_can_reach_the_server(
    settings: Settings, listening: list[str], reached: list[str]
) -> None:
    assert reachable(settings, listening) == reached


def test_credentials_of_a_server_on_all_addresses_name_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    public = "https://orders.example.com"
    for flags, expected in (((), "http://127.0.0.1:{}"), (("--public-url", public), public)):
        with running(data, "--host", "0.0.0.0", *flags) as server:
            assert server.url.startswith("http://0.0.0.0:")
            kept = json.loads((data / "credentials.json").read_text("utf-8"))
            assert kept["endpoint"] == expected.format(server.url.rpartition(":")[2])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_second_server_on_a_directory_is_told_of_the_first(tmp_path: Path, workers: str) -> None:
    """Both serve; the credentials file can name one. When the first is killed, there is nobody to be told of."""
    data, same, again = (tmp_path / name for name in ("data", "same", "again"))
    for other in (same, again):
        # By its own name each has a log of its own.
        other.symlink_to(data)
    with running(data, "--workers", workers) as first:
        assert "Another server" not in first.said()
        with running(same) as second:
            assert second.said().startswith(f"Another server runs with {same}: ")
            kept = json.loads((data / "credentials.json").read_text("utf-8"))
            assert kept["endpoint"] == second.url != first.url
            assert fetch(first.url, "/-/ready").status == 200
    with running(again) as third:
        assert "Another server" not in third.said()


def test_greeting_says_that_the_api_document_needs_the_operators_token(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        assert f"{server.url}/-/api/v1/openapi.json (with the operator token)\n" in server.said()
