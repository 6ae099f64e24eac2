"""What a command does not go on with, and says so in words: damaged files, misspelt places, lost keys, a full disk."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.orders.lines import small_line, written
from tests.server.running import running
from tests.serving import TORIHIKI, environment

VERBS = {
    "serve": ("serve", "--port", "0"),
    "serve with two processes": ("serve", "--port", "0", "--workers", "2"),
    "worker": ("worker",),
    "demo": ("demo", "--orders", "1", "--payments", "0"),
    "rekey": ("rekey",),
    "credentials": ("credentials",),
    "import orders": ("import", "orders", "-"),
    "import payments": ("import", "payments", "-"),
}
NEW_STORES = ("serve", "serve with two processes", "demo")
"""The verbs that make a store where there is none."""
READS = {
    "credentials.json": ("serve", "demo", "credentials"),
    "secret.key": ("serve", "worker", "rekey"),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("filled") / "data"
    assert run(*VERBS["demo"], "--data", data).returncode == 0
    return data


@pytest.fixture
def store(filled: Path, data: Path) -> Path:
    """A data directory with sealed orders."""
    return shutil.copytree(filled, data)


def refused(*arguments: str | Path, variables: dict[str, str] | None = None) -> str:
    """What the command said instead of doing anything: one line."""
    said = run(*arguments, variables=variables)
    assert (said.returncode, said.stdout) == (1, ""), said
    assert said.stderr.startswith("Cannot go on: ")
    assert said.stderr.count("\n") == 1
    return said.stderr.removeprefix("Cannot go on: ").rstrip("\n")


@pytest.mark.parametrize("damage", ["empty", "half", "behind", "binary"])
@pytest.mark.parametrize("name", READS)
def test_damaged_file_of_the_data_directory_is_named_and_not_shown(
    store: Path, name: str, damage: str
) -> None:
    """As of a copy that was broken off; what is left of it is a secret still."""
    file = store / name
    whole = file.read_bytes()
    half = len(whole) // 2 + 1
    file.write_bytes(
        {"empty": b"", "half": whole[:half], "behind": whole[half:], "binary": b"\xff\0" + whole}[
            damage
        ]
    )
    damaged = file.read_bytes()
    for verb in READS[name]:
        said = refused(*VERBS[verb], "--data", store)
        assert said.startswith(f"{file} cannot be used: ")
        told = said.removeprefix(f"{file} cannot be used: ").encode()
        assert not any(whole[place : place + 8] in told for place in range(len(whole) - 8))
        assert file.read_bytes() == damaged


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in NEW_STORES])
def test_misspelt_data_directory_is_not_made_a_store(tmp_path: Path, verb: str) -> None:
    for directory, database in (
        (tmp_path / "absent", None),
        (tmp_path / "absent", "postgresql://127.0.0.1:1/x"),
        (tmp_path / "empty", None),
        (tmp_path / "empty", f"sqlite:///{tmp_path}/other.sqlite3"),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        stored = ("--database", database) if database else ()
        said = run(*VERBS[verb], "--data", directory, *stored)
        assert (said.returncode, said.stdout) == (1, "")
        assert f"There is no server's directory at {directory}: start `torihiki serve`" in said.stderr  # fmt: skip
        assert [one.name for one in tmp_path.iterdir()] == ["empty"]
        assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("verb", ["worker", "rekey", "import orders", "import payments"])
def test_misspelt_database_is_not_made(store: Path, tmp_path: Path, verb: str) -> None:
    other = tmp_path / "other.sqlite3"
    said = refused(*VERBS[verb], "--data", store, "--database", f"sqlite:///{other}")
    assert said.startswith(f"There is no database at {other}")
    assert not other.exists()


def test_import_needs_no_more_than_a_migrated_database(data: Path) -> None:
    """Nothing is sealed in it, so that the key is made."""
    run("migrate", "--data", data)
    said = run(*VERBS["import orders"], "--data", data)
    assert (said.returncode, said.stdout) == (0, "0 orders imported, 0 lines refused\n")
    assert (data / "secret.key").is_file()


@pytest.mark.parametrize("verb", ["serve", "worker", "demo", "rekey", "import orders"])
def test_lost_key_is_not_replaced_by_another(store: Path, verb: str) -> None:
    """The one that is put back then is the one that is used."""
    kept = (store / "secret.key").read_bytes()
    (store / "secret.key").unlink()
    said = refused(*VERBS[verb], "--data", store)
    assert said.startswith(f"there is no secret.key in {store}, and the database was sealed with")
    assert not (store / "secret.key").exists()
    (store / "secret.key").write_bytes(kept)
    assert run(*VERBS["demo"], "--data", store).returncode == 0


def test_running_server_goes_on_with_the_key_that_was_lost_and_makes_none(data: Path) -> None:
    with running(data) as server:
        (data / "secret.key").unlink()
        # Every process reads the keys again.
        server.ask("PUT", "/clock", {"advance": "PT1S"})
        server.ask("GET", "/clock")
        assert not (data / "secret.key").exists()
        assert "keys not read" in {one["event"] for one in server.logged()}


@pytest.mark.parametrize("verb", ["serve", "serve with two processes", "worker"])
def test_documents_that_cannot_be_kept_are_told_before_anything_is_served(
    store: Path, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "file").write_text("x")
    for place, why in (
        (tmp_path / "file", "it is no directory"),
        (tmp_path / "file" / "documents", "Not a directory"),
    ):
        said = refused(*VERBS[verb], "--data", store, "--documents", str(place))
        assert said == f"the documents' directory {place} cannot be used: {why}"


def test_documents_directory_that_cannot_be_written_is_told(store: Path, tmp_path: Path) -> None:
    """Nor by root, who may write everywhere else."""
    place = tmp_path / "sealed"
    place.mkdir(mode=0o500)
    if os.geteuid() == 0:
        place = Path("/proc/self/fdinfo")
    said = refused(*VERBS["serve"], "--data", store, "--documents", str(place))
    assert said.startswith(f"the documents' directory {place} cannot be used: ")


@pytest.mark.parametrize("verb", ["serve", "worker"])
def test_bucket_that_is_not_there_is_told_before_anything_is_served(store: Path, verb: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        reaching = {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        said = refused(
            *VERBS[verb], "--data", store, "--documents", "s3://nowhere/x", variables=reaching
        )
    assert said.startswith("the documents' bucket s3://nowhere/x cannot be used: ")
    # Where a bucket may not be asked without TLS, it is this.
    assert "builder error" not in said


def test_full_disk_is_told_in_the_words_of_the_database(store: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.ndjson"
    lines.write_bytes(
        b"\n".join(written(small_line(n, seller="A1TORIHIKIJP8K")) for n in range(2_000))
    )
    # No file may get longer, as on a disk that is full.
    command = f'ulimit -f 100; exec "{TORIHIKI}" import orders "{lines}" --data "{store}"'
    ended = subprocess.run(
        ["sh", "-c", command], capture_output=True, env=environment(), text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() in (
        ["Cannot go on: database or disk is full"],
        ["Cannot go on: disk I/O error"],
    )


def test_migration_that_finds_no_room_is_told_by_its_cause_and_goes_on_later(data: Path) -> None:
    """SQLite has ended the transaction already; that there is none to undo is not what was wrong."""
    data.mkdir()
    for blocks in (1, 60, 150):
        command = f'ulimit -f {blocks}; exec "{TORIHIKI}" migrate --data "{data}"'
        ended = subprocess.run(
            ["sh", "-c", command], capture_output=True, env=environment(), text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.splitlines() in (
            [f"Cannot go on: The database {data}/torihiki.sqlite3 cannot be used: {why}."]
            for why in ("database or disk is full", "disk I/O error")
        )
    assert run("migrate", "--data", data).returncode == 0


OPTIONS = [
    ("--usage-plans", "none", "'amazon', 'off'"),
    ("--log-level", "loud", "'debug', 'info', 'warning', 'error'"),
    ("--pay-schedule-conflict", "both", "'array', 'error'"),
    ("--visibility-delay", "2m", "such as PT2M, not '2m'"),
    ("--visibility-delay", "-PT2M", "not negative"),
    ("--pay-range-max", "90", "such as P30D"),
    ("--audit-retention", "30 days", "such as P30D"),
    ("--erase-restricted-after", "-P1D", "negative"),
    ("--pay-layouts", "absent.json", "No such file or directory: 'absent.json'"),
]


@pytest.mark.parametrize(("option", "value", "allowed"), OPTIONS)
def test_value_that_an_option_does_not_take_is_told_with_the_option_and_what_it_takes(
    data: Path, option: str, value: str, allowed: str
) -> None:
    variable = "TORIHIKI_" + option.removeprefix("--").upper().replace("-", "_")
    wide = {"COLUMNS": "250"}
    by_flag = run("serve", "--data", data, option, value, variables=wide)
    by_variable = run("serve", "--data", data, variables={variable: value, **wide})
    for said in (by_flag, by_variable):
        assert said.returncode == 2
        assert option in said.stderr
        assert allowed in said.stderr
    assert not data.exists()
