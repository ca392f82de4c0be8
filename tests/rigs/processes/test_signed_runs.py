"""A run on a bench from arming to the signed report, with real processes: who, on what, measured how."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from process_bench import PATIENCE_S, ProcessBench
from workers import warm

from twinfeed.harness.record import login_of, read

TEST = '''
async def test_the_load_is_switched_off(site, journal, measure):
    """REQ-7: the load can be switched off and on again."""
    site.watch("pdu-1.outlet.1.state")
    await site.run("1 s")
    await site.inject("pdu-1", "inlet-loss", for_="2 s")
    await site.run("4 s")
    measure.between(
        journal, "pdu-1.outlet.1.state == 'off'", "pdu-1.outlet.1.state == 'on'", name="time without supply",
        at_most="10 s", source="IEC 62040-3",
    )
    measure("charge", site.observe("ups-1.battery.charge"), unit="%", at_least=20)
'''


def twinfeed(bench: ProcessBench, *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(*words, env=bench.env, cwd=bench.folder, timeout_s=2 * PATIENCE_S)


def recorded(bench: ProcessBench, tester: str) -> Path:
    """A run on the armed bench, with its record in `out`."""
    (bench.folder / "test_it.py").write_text(TEST, encoding="utf-8")
    run = bench.start(
        "pytest", "-p", "no:cacheprovider", "--rig", str(bench.file), "--report", "out", "--tester", tester,
        "test_it.py", log="run.log",
    )  # fmt: skip
    run.wait(2 * PATIENCE_S)
    assert "1 passed" in (bench.folder / "run.log").read_text(), (bench.folder / "run.log").read_text()
    return bench.folder / "out"


def test_a_run_on_a_bench_is_signed_from_end_to_end(bench: ProcessBench) -> None:
    bench.arm()
    out = recorded(bench, "Moussa")
    verified = twinfeed(bench, "verify", "out")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    bench_record = out / "bench-processes.jsonl"
    armed = next(entry for entry in read(bench_record) if entry.what == "armed the bench")
    assert (armed.who, armed.login) == ("Awa", login_of(armed.uid or 0))

    made = twinfeed(bench, "report", "out", "--data", "out.json", "--lang", "en")
    assert made.returncode == 0, made.stdout + made.stderr
    told = json.loads((bench.folder / "out.json").read_text(encoding="utf-8"))
    page = (out / "report.html").read_text(encoding="utf-8")
    time, charge = told["tests"][0]["attempts"][0]["measurements"]
    assert time["uncertainty"] >= 0.2  # read every 200 ms
    assert time["taken"][0]["samples"] > 10
    assert time["shortfall"]["standard"] == "IEC 62040-3"
    assert charge["taken"][0]["instrument"]["by"].startswith("ups-1.battery.charge")
    assert told["facts"]["watches"][0]["samples"] >= 1
    for said in (
        "not in accordance with IEC 62040-3: sampling", "Tested by Moussa, but the bench was armed by Awa.",
        "programs on this computer, no physical devices", f"{bench.network}.12:1161", "not calibrated", "REQ-7",
    ):  # fmt: skip
        assert said in page, said

    shutil.copytree(out, bench.folder / "cut")
    for file in ("record.jsonl", bench_record.name):
        path = bench.folder / "cut" / file
        whole = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(whole[:-2]), encoding="utf-8")
        assert twinfeed(bench, "verify", "cut").returncode == 1
        path.write_text("".join(whole), encoding="utf-8")


def test_the_second_of_two_who_arm_at_the_same_instant_joins(bench: ProcessBench) -> None:
    words = ("twinfeed.harness.cli", "rig", "arm", str(bench.file), "--as", "Awa", "--yes")
    both = [bench.start(*words, log=f"arm-{n}.log") for n in range(2)]
    codes = [each.wait(2 * PATIENCE_S) for each in both]
    logs = [(bench.folder / f"arm-{n}.log").read_text() for n in range(2)]
    assert codes == [0, 0], logs
    assert len(bench.supervisors()) == 2  # one guard, one supervisor


def test_a_tripped_bench_can_be_checked(bench: ProcessBench) -> None:
    """The cause of a trip is found by reading; the supervisor keeps the bench meanwhile."""
    bench.arm()
    assert bench.twinfeed("stop", "smoke").returncode == 0
    checked = bench.twinfeed("check", "--json")
    found = json.loads(checked.stdout)
    assert {device["name"]: device["points"] > 0 for device in found["devices"]} == {"ups-1": True, "pdu-1": True}
    drift = bench.twinfeed("drift", "ups-1", "--json")
    assert json.loads(drift.stdout)["devices"][0]["name"] == "ups-1", drift.stderr
    assert bench.status()["state"] == "tripped"


def test_an_edited_file_is_read_anew_when_the_bench_is_at_rest(bench: ProcessBench) -> None:
    bench.arm()
    assert bench.twinfeed("disarm", "--as", "Awa").returncode == 0
    text = bench.file.read_text(encoding="utf-8")
    bench.file.write_text(text.replace("above: 20", "above: 21"), encoding="utf-8")
    bench.arm()
    assert [line.data["limits"]["interlocks"]["charge"]["above"] for line in bench.said("in force")][-1] == 21
