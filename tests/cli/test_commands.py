"""The verbs of the command line: what they do, what they say, and how they end."""

from __future__ import annotations

import json
import re
import socket
import stat
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.orders.lines import SELLER, US, small_line, written
from tests.payments.objects import line, permission
from tests.server.kept import kept_orders
from tests.server.running import running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_without_a_verb_it_says_what_it_can() -> None:
    said = run()
    shown = said.stdout + said.stderr
    for verb in ("serve", "migrate", "credentials", "demo", "import", "worker", "rekey"):
        assert verb in shown
    assert run("--help").returncode == 0
    assert run("--version").stdout == f"torihiki {version('torihiki')}\n"


def test_migrate_makes_the_schema_and_again_changes_nothing(data: Path) -> None:
    first = run("migrate", "--data", data)
    assert (first.returncode, "version 0" in first.stdout) == (0, True)
    again = run("migrate", "--data", data)
    assert again.returncode == 0
    assert "version 0" not in again.stdout
    assert kept_orders(data) == []


def test_database_can_lie_elsewhere(data: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "deep" / "er" / "orders.db"
    assert run("migrate", "--data", data, "--database", f"sqlite:///{elsewhere}").returncode == 0
    assert elsewhere.is_file()
    assert (
        run("migrate", variables={"TORIHIKI_DATA": str(tmp_path / "by-variable")}).returncode == 0
    )
    assert (tmp_path / "by-variable" / "torihiki.sqlite3").is_file()


def test_demo_is_the_same_bytes_in_two_stores(tmp_path: Path) -> None:
    """Issue 2, 3: deterministic, whatever the directory, the secret and the day."""
    found = []
    for name in ("one", "two"):
        data = tmp_path / name
        said = run(
            "demo", "--data", data, "--orders", "300", "--seed", "5", "--until", "2026-11-22"
        )
        assert said.returncode == 0
        assert said.stdout.splitlines()[0] == "300 orders imported, 0 lines refused"
        found.append(kept_orders(data))
    assert len(found[0]) == 300
    assert found[0] == found[1]


def test_same_demo_twice_is_one_demo_and_another_seed_is_more(data: Path) -> None:
    for seed, count in (("1", 100), ("1", 100), ("2", 200)):
        said = run(
            "demo", "--data", data, "--orders", "100", "--seed", seed, "--until", "2026-11-22"
        )
        assert said.returncode == 0
        kept = kept_orders(data)
        assert len(kept) == count
        assert len({order.seller_id for order in kept}) == 2


def test_credentials_are_for_the_owner_only_and_complete(data: Path) -> None:
    """Issue 2, 5: secrets in clear are in this file alone."""
    run("demo", "--data", data, "--orders", "1")
    for name in ("credentials.json", "secret.key"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
    shown = json.loads(run("credentials", "--data", data, "--json").stdout)
    assert shown == json.loads((data / "credentials.json").read_text("utf-8"))
    said = run("credentials", "--data", data).stdout
    at_rest = b"".join(file.read_bytes() for file in data.glob("torihiki.sqlite3*"))
    assert len(shown["sellers"]) == 2
    for seller in shown["sellers"]:
        assert seller["seller_id"] in said
        assert seller["lwa"]["client_id"] in said
        for name in ("live", "sandbox"):
            assert seller["pay"][name]["public_key_id"] in said
        for secret in (seller["lwa"]["client_secret"], seller["lwa"]["refresh_token"]):
            assert secret in said
            assert secret.encode() not in at_rest
    assert shown["operator_token"] in said
    assert shown["operator_token"].encode() not in at_rest


def test_credentials_of_no_server_are_a_message(data: Path) -> None:
    said = run("credentials", "--data", data)
    assert said.returncode == 1
    assert "start `torihiki serve`" in said.stderr
    assert not data.exists()


def test_import_beside_a_running_server_is_served_at_once(data: Path, tmp_path: Path) -> None:
    """Issue 2, 3: a file, standard input, and bad lines by number with exit status 1."""
    good, mixed = tmp_path / "good.ndjson", tmp_path / "mixed.ndjson"
    good.write_bytes(b"\n".join(written(small_line(number)) for number in range(1_500)))
    mixed.write_bytes(b"\n".join([written(small_line(2_000)), b"{", written(small_line(1, seller="X"))]))  # fmt: skip
    with running(data) as server:
        server.ask("POST", "/sellers", {"sellerId": SELLER, "name": "x", "marketplaceIds": [US]})
        said = run("import", "orders", good, "--data", data)
        assert (said.returncode, said.stdout, said.stderr) == (0, "1500 orders imported, 0 lines refused\n", "")  # fmt: skip
        assert len(server.kept_orders()) == 1_500
        said = run("import", "orders", mixed, "--data", data)
        assert (said.returncode, said.stdout) == (1, "1 orders imported, 2 lines refused\n")
        assert said.stderr.splitlines() == [
            "line 2: Input data was truncated",
            "line 3: there is no seller 'X'",
        ]
        said = run("import", "orders", "-", "--data", data, given=written(small_line(3_000)))
        assert (said.returncode, said.stdout) == (0, "1 orders imported, 0 lines refused\n")
        assert len(server.kept_orders()) == 1_502


def test_import_that_refuses_very_much_says_a_thousand_lines_and_how_many_more(
    data: Path, tmp_path: Path
) -> None:
    run("migrate", "--data", data)
    bad = tmp_path / "bad.ndjson"
    bad.write_bytes(b"x\n" * 1_234)
    said = run("import", "orders", bad, "--data", data)
    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1_001
    assert said.stderr.splitlines()[-1] == "... and 234 more bad lines"


@pytest.mark.parametrize("verb", ["import", "migrate", "demo", "serve", "credentials"])
def test_data_directory_that_cannot_be_is_a_message(tmp_path: Path, verb: str) -> None:
    """A file stands where the directory should be."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "lines.ndjson").write_text("")
    arguments = {
        "import": ("import", "orders", tmp_path / "lines.ndjson"),
        "serve": ("serve", "--port", "0"),
    }.get(verb, (verb,))
    said = run(*arguments, "--data", tmp_path / "file" / "data")
    assert said.returncode in {1, 2}
    assert said.stderr.strip()


@pytest.mark.parametrize("verb", ["migrate", "demo", "serve"])
def test_database_that_cannot_be_opened_is_a_message(data: Path, tmp_path: Path, verb: str) -> None:
    """It is a directory."""
    (tmp_path / "is-a-directory").mkdir()
    port = ("--port", "0") if verb == "serve" else ()
    said = run(
        verb, "--data", data, *port, "--database", f"sqlite:///{tmp_path / 'is-a-directory'}"
    )
    assert said.returncode in {1, 2}
    assert said.stderr.strip()


@pytest.mark.parametrize("verb", ["migrate", "demo", "serve"])
def test_file_that_is_no_database_is_a_message_and_stays_as_it_is(data: Path, verb: str) -> None:
    data.mkdir()
    (data / "torihiki.sqlite3").write_text("my diary, " * 1_000)
    port = ("--port", "0") if verb == "serve" else ()
    said = run(verb, "--data", data, *port)
    assert said.returncode in {1, 2}
    assert said.stderr.strip()
    assert (data / "torihiki.sqlite3").read_text() == "my diary, " * 1_000


@pytest.mark.parametrize("what", ["orders", "payments"])
@pytest.mark.parametrize("name", ["missing.ndjson", "."])
def test_file_that_cannot_be_read_is_a_message(
    data: Path, tmp_path: Path, name: str, what: str
) -> None:
    run("migrate", "--data", data)
    said = run("import", what, tmp_path / name, "--data", data)
    assert said.returncode in {1, 2}
    assert "No such file" in said.stderr or "directory" in said.stderr


def test_port_that_is_taken_is_a_message(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = run("serve", "--data", data, "--port", port)
    assert said.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in said.stderr
    assert not data.exists()


@pytest.mark.parametrize(
    "flags",
    [
        ("--port", "65536"),
        ("--port", "x"),
        ("--workers", "0"),
        ("--usage-plans", "none"),
        ("--visibility-delay", "2 minutes"),
        ("--visibility-delay", "-PT2M"),
        ("--pay-range-max", "90 days"),
        ("--pay-range-max", "P3M"),
        ("--pay-range-max", "-P1D"),
        ("--log-level", "loud"),
        ("--database", "mysql://localhost/x"),
        ("--database", ""),
        ("--public-url", "https://a/b"),
        ("--documents", "gs://bucket"),
        ("--host", "no.such.host.invalid"),
        ("--host", "203.0.113.1"),
        ("--no-such-flag",),
        ("surplus",),
    ],
    ids=" ".join,
)
def test_flag_that_makes_no_sense_is_refused_before_anything_is_made(
    data: Path, flags: tuple[str, ...]
) -> None:
    said = run("serve", "--data", data, *(() if "--port" in flags else ("--port", "0")), *flags)
    assert said.returncode in {1, 2}
    assert said.stderr.strip()
    assert not data.exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TORIHIKI_WORKERS", "many"),
        ("TORIHIKI_PORT", "-1"),
        ("TORIHIKI_USAGE_PLANS", "x"),
        ("TORIHIKI_PAY_REFUSE_CAPTURES", "perhaps"),
        ("TORIHIKI_PAY_RANGE_MAX", "P1Y"),
    ],
)
def test_variable_that_makes_no_sense_is_refused(data: Path, variable: str, value: str) -> None:
    said = run("serve", "--data", data, variables={variable: value})
    assert said.returncode == 2
    assert not data.exists()


LAYOUTS = [
    (None, "No such file"),
    ("", "Input data was truncated"),
    ('{"CAPTURE": {"columns": []}}', "no report type"),
    ('{"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_": {"columns": []}}', "1 to 200 columns"),
    (
        '{"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_": {"columns": [{"name": "X", "fact": "y"}]}}',
        "there is no value 'y'",
    ),
]


@pytest.mark.parametrize(("text", "complaint"), LAYOUTS)
@pytest.mark.parametrize("verb", ["serve", "worker", "import"])
def test_layouts_that_cannot_be_used_are_refused_before_anything_is_made(
    data: Path, tmp_path: Path, verb: str, text: str | None, complaint: str
) -> None:
    """The message names the file and what is wrong in it; the flag and the variable are the same."""
    file = tmp_path / "layouts.json"
    if text is not None:
        file.write_text(text)
    arguments = {"import": ("import", "payments", "-"), "serve": ("serve", "--port", "0")}
    command = (*arguments.get(verb, (verb,)), "--data", data)
    by_flag = run(*command, "--pay-layouts", file)
    by_variable = run(*command, variables={"TORIHIKI_PAY_LAYOUTS": str(file)})
    for said in (by_flag, by_variable):
        assert said.returncode == 2
        # A terminal's frame breaks lines where it likes.
        shown = re.sub(r"[^\w.']+", "", said.stderr)
        assert "layouts.json" in shown
        assert re.sub(r"[^\w.']+", "", complaint) in shown
    assert not data.exists()


def test_import_of_payments_names_bad_lines_and_ends_with_one(data: Path) -> None:
    run("migrate", "--data", data)
    bad = b"{\n\n" + line(permission(), merchant_id="NOBODY") + b"\nnull"
    said = run("import", "payments", "-", "--data", data, given=bad)
    assert (said.returncode, said.stdout) == (
        1,
        "0 states of payments imported, 0 of them new, 3 lines refused\n",
    )
    assert said.stderr.splitlines() == [
        "line 1: Input data was truncated",
        "line 3: there is no merchant 'NOBODY'",
        "line 4: Expected `object`, got `null`",
    ]
    said = run("import", "payments", "-", "--data", data, given=b"x\n" * 1_234)
    assert (said.returncode, len(said.stderr.splitlines())) == (1, 1_001)
    assert said.stderr.splitlines()[-1] == "... and 234 more bad lines"


@pytest.mark.parametrize("flags", [("--orders", "0"), ("--payments", "-1"), ("--seed", "-1"), ("--until", "soon"), ("--orders", "x")])  # fmt: skip
def test_demo_that_makes_no_sense_is_refused(data: Path, flags: tuple[str, str]) -> None:
    said = run("demo", "--data", data, *flags)
    assert said.returncode == 2
    assert not data.exists()
