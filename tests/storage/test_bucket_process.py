"""A process that puts documents into a bucket: its memory, and its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.storage.s3_server import BUCKET, s3_server

UPLOADING = """
import asyncio, sys
from pathlib import Path
from torihiki.storage.documents import open_documents

async def chunks(count):
    for _ in range(count):
        yield bytes(1_000_000)
        await asyncio.sleep(0)

def report():
    if "memory" in sys.argv[1]:
        status = Path("/proc/self/status").read_text("utf-8").splitlines()
        print(next(one.split()[1] for one in status if one.startswith("VmHWM")))

async def main():
    store = open_documents(sys.argv[1], Path())
    for count in map(int, sys.argv[2:]):
        await store.put("x", chunks(count))
        report()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as environment:
        yield environment


def upload(s3: dict[str, str], folder: str, *megabytes: int) -> str:
    """What a process printed that put documents of these sizes, and then ended well."""
    ended = subprocess.run(
        [sys.executable, "-c", UPLOADING, f"s3://{BUCKET}/{folder}", *map(str, megabytes)],
        capture_output=True,
        env=os.environ | s3,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


def test_larger_upload_takes_no_more_memory(s3: dict[str, str]) -> None:
    """A hundred and twenty-eight megabytes more, from a source that is faster than the bucket."""
    if not Path("/proc/self/status").is_file():
        pytest.skip("the system has no /proc to find a process's memory in")
    smaller, larger = map(int, upload(s3, "memory", 64, 192).split())
    assert larger - smaller < 32 * 1024


def test_process_may_end_right_after_an_upload(s3: dict[str, str]) -> None:
    """Three uploads, and one process in five aborted: in a thread of obstore that had not let go of the interpreter."""
    for _ in range(16):
        upload(s3, "end", 1, 1, 1)
