"""A server that speaks S3, in a process of its own: moto's, which is made for tests."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

START_SECONDS = 30
BUCKET = "torihiki"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Gives what the environment must say for obstore to reach its bucket."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    program = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert process.poll() is None
            request = urllib.request.Request(f"{url}/{BUCKET}", method="PUT")
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    assert answer.status == 200
                break
            except (urllib.error.URLError, ConnectionError):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
    finally:
        process.kill()
        process.wait()


def unfinished_uploads(environment: dict[str, str]) -> int:
    """How many uploads in parts were begun and neither completed nor aborted."""
    url = f"{environment['AWS_ENDPOINT_URL']}/{BUCKET}?uploads"
    with urllib.request.urlopen(url, timeout=5) as answer:
        text: bytes = answer.read()
    return text.count(b"<UploadId>")
