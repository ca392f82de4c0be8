"""Findings of `twinfeed verify`: altered lines, cut tails, chains made anew, runs without an end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from twinfeed.harness.cli.app import app
from twinfeed.harness.record import FIRST, Record, digest, keys
from twinfeed.harness.report.facts import QUOTES
from twinfeed.harness.report.verifying import ENDED, STARTED, Standing, verified

VERIFIED, WRONG, USAGE, UNVOUCHED = 0, 1, 2, 3
"""Exit codes."""


def quote(record: Record, of: str, other: Record) -> None:
    who, what = QUOTES
    record.write(who, what, of=of, file=other.path.name, **asdict(other.head))


def a_run_on_a_bench(folder: Path, key: keys.Key | None) -> None:
    """A run and the record of its bench, each quoting the other at begin and end of a test, and at the end."""
    with Record.open(folder / "record.jsonl", key) as run, Record.open(folder / "bench-ups.jsonl", key) as bench:
        run.write(*STARTED, world="rig")
        quote(bench, "run", run)
        quote(run, "bench", bench)
        run.write("test", "finished", test="test_a", outcome="failed")
        bench.write("load", "moves", to="off")
        quote(run, "bench", bench)
        run.write(*ENDED, exit=1)
        quote(bench, "run", run)


@pytest.fixture
def key(tmp_path: Path) -> keys.Key:
    return keys.make(tmp_path / "key.pem")


@pytest.fixture
def folder(tmp_path: Path, key: keys.Key, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A verified run of this computer."""
    monkeypatch.setenv(keys.ENVIRONMENT, str(key.path))
    made = tmp_path / "out"
    made.mkdir()
    a_run_on_a_bench(made, key)
    return made


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rewrite(path: Path, made: list[dict[str, Any]], key: keys.Key | None = None) -> None:
    """As a forger does it: all hashes made anew, signed with a key of their own if they have one."""
    before = FIRST
    for n, line in enumerate(made):
        line |= {"n": n, "before": before}
        before = line["hash"] = digest(line)
        line["sig"] = line["sig"] if key is None else key.sign(before)
    path.write_text("".join(json.dumps(line) + "\n" for line in made), encoding="utf-8")


def verify(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify", *map(str, arguments), "--lang", "en"], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_a_run_as_it_was_written_is_verified(folder: Path) -> None:
    code, said = verify(folder)
    assert (code, said.count("verified")) == (VERIFIED, 2), said
    assert json.loads(verify(folder, "--json")[1])["standing"] == "verified"


@pytest.mark.parametrize("file", ["record.jsonl", "bench-ups.jsonl"])
def test_any_cut_tail_is_found(folder: Path, file: str) -> None:
    whole = (folder / file).read_text(encoding="utf-8").splitlines(keepends=True)
    for left in range(len(whole)):
        (folder / file).write_text("".join(whole[:left]), encoding="utf-8")
        code, said = verify(folder)
        assert code == WRONG, f"{left} of {len(whole)} lines left: {said}"


def drop_the_bench(folder: Path) -> None:
    (folder / "bench-ups.jsonl").unlink()


def forge(folder: Path) -> None:
    made = lines(folder / "record.jsonl")
    made[3]["data"]["outcome"] = "passed"
    rewrite(folder / "record.jsonl", made)


def unsign(folder: Path) -> None:
    for file in ("record.jsonl", "bench-ups.jsonl"):
        made = lines(folder / file)
        made[0]["data"]["key"] = ""
        for line in made:
            line["sig"] = ""
        rewrite(folder / file, made)


def exchange_signatures(folder: Path) -> None:
    made = lines(folder / "record.jsonl")
    made[1]["sig"], made[2]["sig"] = made[2]["sig"], made[1]["sig"]
    (folder / "record.jsonl").write_text("".join(json.dumps(line) + "\n" for line in made), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (drop_the_bench, "line 3 quotes a record of the bench (bench-ups.jsonl) that is not here"),
        (forge, "line 4: its signature was not made with the key that the record names"),
        (unsign, "are unsigned"),
        (exchange_signatures, "line 2: its signature was not made with the key"),
    ],
)
def test_what_was_done_is_named(folder: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(folder)
    code, said = verify(folder)
    assert code in (WRONG, UNVOUCHED)
    assert says in said


def test_a_chain_made_anew_with_another_key_is_not_vouched_for(folder: Path, tmp_path: Path) -> None:
    forger = keys.make(tmp_path / "forger.pem")
    for path in folder.glob("*.jsonl"):
        path.unlink()
    a_run_on_a_bench(folder, forger)
    code, said = verify(folder)
    assert code == UNVOUCHED
    assert f"signed with the key {keys.short(forger.public)}, which is not known here" in said
    (tmp_path / "public.pem").write_text(keys.pem(forger.public))
    assert verify(folder, "--key", tmp_path / "public.pem")[0] == VERIFIED


def test_a_run_without_its_end_is_red(tmp_path: Path, key: keys.Key) -> None:
    with Record.open(tmp_path / "record.jsonl", key) as record:
        record.write(*STARTED, world="simulated")
    found = verified([tmp_path / "record.jsonl"], {key.public})
    assert found.standing is Standing.WRONG
    assert "the run that starts here has no end" in str(found.troubles[0])


def test_an_interrupted_run_that_was_gone_on_with_is_whole(tmp_path: Path, key: keys.Key) -> None:
    """The line after it is chained to its last one: nothing was taken away."""
    with Record.open(tmp_path / "record.jsonl", key) as record:
        record.write(*STARTED)
    with Record.open(tmp_path / "record.jsonl", key) as record:
        record.write(*STARTED)
        record.write(*ENDED)
    assert verified([tmp_path / "record.jsonl"], {key.public}).standing is Standing.VERIFIED


def test_the_bench_may_quote_runs_that_are_kept_elsewhere(folder: Path, tmp_path: Path, key: keys.Key) -> None:
    with Record.open(tmp_path / "other.jsonl", key) as other, Record.open(folder / "bench-ups.jsonl", key) as bench:
        quote(bench, "run", other)
    assert verify(folder)[0] == VERIFIED


def test_nothing_to_check_is_no_success(tmp_path: Path) -> None:
    code, said = verify(tmp_path)
    assert (code, "there is no record" in said) == (USAGE, True)


@given(data=st.data())
def test_no_change_by_somebody_without_the_key_is_verified(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Fields changed, lines dropped, doubled or exchanged, hashes made anew: never verified."""
    folder = tmp_path_factory.mktemp("forged")
    key = keys.make(folder / "key.pem")
    a_run_on_a_bench(folder, key)
    file = folder / data.draw(st.sampled_from(["record.jsonl", "bench-ups.jsonl"]))
    made = lines(file)
    at = data.draw(st.integers(0, len(made) - 1))
    match data.draw(st.sampled_from(["who", "time", "mono_s", "login", "data", "drop", "double", "cut"])):
        case "drop":
            del made[at]
        case "double":
            made.insert(at, dict(made[at]))
        case "cut":
            del made[at:]
        case "mono_s":
            made[at]["mono_s"] += 1.0
        case "data":
            made[at]["data"] = {**made[at]["data"], "note": "added"}
        case field:
            made[at][field] += "0"
    rewrite(file, made)
    assert verified(sorted(folder.glob("*.jsonl")), {key.public}).standing is not Standing.VERIFIED


OF_0_2_0 = """\
{"before":"0000000000000000000000000000000000000000000000000000000000000000","data":{"tester":"Awa Traoré","world":"simulated"},"hash":"b1dcf47aedb579d86eec04d82f91a8daa64aa57524354fd620081c9186591668","n":0,"time":"2026-12-01T00:51:01.477Z","what":"started","who":"session"}
{"before":"b1dcf47aedb579d86eec04d82f91a8daa64aa57524354fd620081c9186591668","data":{"exit":0},"hash":"2a3942d9f0ae15ee4f4e6187ada935f3d5c3cfbf97d05404a3521c30abeace86","n":1,"time":"2026-12-01T00:51:01.496Z","what":"ended","who":"session"}
"""
"""Written by twinfeed 0.2.0, which had neither signatures nor a monotonic clock."""


def test_a_record_of_the_version_before_is_read_and_said_to_be_unsigned(tmp_path: Path) -> None:
    (tmp_path / "record.jsonl").write_text(OF_0_2_0, encoding="utf-8")
    code, said = verify(tmp_path)
    assert (code, "2 of 2 lines are unsigned" in said) == (UNVOUCHED, True)
    (tmp_path / "record.jsonl").write_text(OF_0_2_0.replace("Awa", "Ada"), encoding="utf-8")
    assert verify(tmp_path)[0] == WRONG


def test_the_record_of_a_worker_that_was_left_out_is_missed(tmp_path: Path, key: keys.Key) -> None:
    with Record.open(tmp_path / "record.jsonl", key) as run, Record.open(tmp_path / "record-gw0.jsonl", key) as worker:
        run.write(*STARTED)
        quote(run, "worker", worker)
        run.write(*ENDED)
    found = sorted(tmp_path.glob("*.jsonl"))
    assert verified(found, {key.public}).standing is Standing.VERIFIED
    (tmp_path / "record-gw0.jsonl").unlink()
    assert verified([tmp_path / "record.jsonl"], {key.public}).standing is Standing.WRONG
