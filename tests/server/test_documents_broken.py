"""What a stranger tried on the signed URLs of documents; each held (contract 6)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.server.plain import fetch
from tests.server.signed import CONTENT, MEDIA, NOW, UNFINISHED, Documents, kept_files, members
from tests.serving import Served

SIGNED = {"response-content-type": "text/xml", "response-content-disposition": "attachment"}
CHANGES: dict[str, Callable[[str, str], list[str]]] = {
    "left out": lambda _, __: [],
    "emptied": lambda name, _: [f"{name}="],
    "twice": lambda name, value: [f"{name}={value}"] * 2,
    "with another": lambda name, value: [f"{name}={value}", f"{name}=x"],
    "longer": lambda name, value: [f"{name}={value}0"],
    "shorter": lambda name, value: [f"{name}={value[:-1]}"],
    "shouted": lambda name, value: [f"{name.upper()}X={value}"],
}


@pytest.fixture(scope="module")
def documents(server: Served) -> Documents:
    found = Documents(server.url, server.data, NOW)
    assert found.put("broken", CONTENT).status == 200
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_no_member_of_the_query_can_be_changed(documents: Documents, change: str) -> None:
    path, _, query = documents.sign("GET", "broken", query=SIGNED).partition("?")
    written = query.split("&")
    assert fetch(documents.url, f"{path}?{query}").body == CONTENT
    for place, member in enumerate(written):
        name, _, value = member.partition("=")
        changed = [*written[:place], *CHANGES[change](name, value), *written[place + 1 :]]
        answer = fetch(documents.url, f"{path}?{'&'.join(changed)}")
        assert answer.status in {400, 403}, (name, answer)
        assert members(answer)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_url_ends_with_the_second_that_it_names(
    server: Served, documents: Documents, method: str
) -> None:
    """By the operator's clock, which may also be set back."""
    target = documents.sign(method, "ends", expires_s=30)
    headers = {"content-type": MEDIA} if method == "PUT" else {}
    sent = b"bytes" if method == "PUT" else None
    assert documents.put("ends", b"bytes").status == 200
    moments = {"09:30:30": 200, "09:30:30.000001": 403, "09:15:00": 200, "09:14:59": 403}
    try:
        for moment, status in moments.items():
            server.set_clock(now=f"2026-11-22T{moment}Z", running=False)
            answer = fetch(documents.url, target, method=method, headers=headers, body=sent)
            assert answer.status == status, moment
    finally:
        server.set_clock(now="2026-11-22T09:30:00Z", running=False)


def test_writers_at_once_leave_one_whole_document(documents: Documents) -> None:
    contents = [bytes([65 + one]) * 1_000_000 for one in range(4)]
    assert documents.put("contended", contents[0]).status == 200
    writers = [
        threading.Thread(target=documents.put, args=("contended", one)) for one in contents * 2
    ]
    for writer in writers:
        writer.start()
    seen = [documents.get("contended").body for _ in range(10)]
    for writer in writers:
        writer.join()
    assert all(one in contents for one in [*seen, documents.get("contended").body])
    assert kept_files(documents.data, UNFINISHED) == []
