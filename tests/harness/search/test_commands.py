"""`twinfeed search`, `replay` and `adopt`: what they print, what they leave, how they end."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from starter import SUPPLIED

from twinfeed.harness.faults.scenario import Scenario

Cli = Callable[..., Result]

SEARCH = (
    "search", "site.yaml", "--property", SUPPLIED, "--duration", "12min", "--only", "generator-1",
    "--examples", 8, "--jobs", 1,
)  # fmt: skip


def test_a_search_saves_what_it_finds_and_says_how_to_go_on(cli: Cli, folder: Path) -> None:
    result = cli(*SEARCH)
    assert result.exit_code == 1, result.output
    (path,) = (folder / "findings").iterdir()
    told = result.stdout
    assert told.startswith("found 1 distinct failure in 8 different scenarios")
    assert "expected racks.*.supplied; row-1.supplied was false" in told
    assert f"twinfeed replay findings/{path.name}" in told
    assert f"twinfeed adopt findings/{path.name}" in told
    assert Scenario.load(path).injections[0].target == "utility"


def test_a_search_tells_programs_in_json(cli: Cli, folder: Path) -> None:
    result = cli(*SEARCH, "--json", "--out", "kept")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    (found,) = told["found"]
    assert (found["property"], found["kind"], found["small"]) == (SUPPLIED, "violated", True)
    assert Scenario.from_dict(found["scenario"]) == Scenario.load(found["file"])
    assert Path(found["file"]).parent == Path("kept")
    assert told["examples"] == 8


def test_a_finding_holds_the_tolerances_it_was_found_with(cli: Cli, folder: Path) -> None:
    cli(*SEARCH)
    cli(*SEARCH, "--nominal", "--out", "nominal", "--memory", "none")
    (seeded,), (nominal,) = (folder / "findings").iterdir(), (folder / "nominal").iterdir()
    assert (Scenario.load(seeded).tolerances, Scenario.load(nominal).tolerances) == ("seeded", "nominal")
    assert cli("replay", str(seeded)).exit_code == 1


def test_another_search_overwrites_nothing_and_writes_nothing_twice(cli: Cli, folder: Path) -> None:
    cli(*SEARCH)
    (path,) = (folder / "findings").iterdir()
    first = path.read_text()
    cli(*SEARCH, "--memory", "none")
    assert [each.read_text() for each in (folder / "findings").iterdir()] == [first]
    path.write_text(f"{first}note: mine\n")
    cli(*SEARCH, "--memory", "none")
    assert len(list((folder / "findings").iterdir())) == 2
    assert path.read_text().endswith("note: mine\n")


def test_a_second_search_knows_what_the_first_has_found(cli: Cli, folder: Path) -> None:
    cli(*SEARCH)
    again = cli(*SEARCH)
    assert again.exit_code == 1
    assert "known from a former search" in again.stdout
    assert re.search(r"[0-9]+ scenarios of former searches remembered", again.stdout)


def test_a_search_of_some_seconds_ends_then(cli: Cli, folder: Path) -> None:
    told = json.loads(cli(*SEARCH[:-4], "--for", "2s", "--jobs", 1, "--json").stdout)
    assert not told["exhausted"]
    assert told["seconds"] >= 2.0


def test_a_controller_that_ends_the_process_is_a_finding(cli: Cli, folder: Path) -> None:
    Path("leaves.py").write_text("import os\nasync def main(inventory, store):\n    os._exit(1)\n")
    small = ("search", "site.yaml", "--property", SUPPLIED, "--duration", "1min", "--examples", 1, "--at-once", 0)
    told = json.loads(cli(*small, "--controller", "leaves", "--jobs", 2, "--json").stdout)
    (found,) = told["found"]
    assert (found["property"], found["kind"]) == ("the controller runs", "ended the process")


def test_a_search_prints_its_progress_on_a_pipe(folder: Path) -> None:
    often = "from twinfeed.harness.cli import main; from twinfeed.harness.cli.search import outcome; outcome.EVERY_S = 0.0; main()"
    command = [sys.executable, "-c", often, *map(str, SEARCH)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert re.search(r"^\d+ scenarios? in \d+ s \(\d+ a minute\), \d distinct failures?$", told.stderr, re.MULTILINE), (
        told.stderr
    )


def test_a_search_that_finds_nothing_says_so(cli: Cli, folder: Path) -> None:
    short = (
        "search",
        "site.yaml",
        "--property",
        SUPPLIED,
        "--duration",
        "3min",
        "--examples",
        3,
        "--at-once",
        0,
        "--memory",
        "none",
    )
    assert cli(*short).stdout.startswith("nothing broke in")
    result = cli(*short, "--json")
    assert (result.exit_code, json.loads(result.stdout)["found"]) == (0, [])
    assert not (folder / "findings").exists()


def test_a_search_says_what_it_never_put_to_the_test(cli: Cli, folder: Path) -> None:
    never, seen = "within 15 s of not generator-1.live and generator-1.running: utility.live", SUPPLIED
    short = ("search", "site.yaml", "--duration", "3min", "--examples", 3, "--at-once", 0, "--memory", "none")
    told = cli(*short, "--property", seen, "--property", never).stdout
    assert told.startswith("nothing broke in")
    assert f"vacuous in all 3 scenarios, so that nothing is known of it: {never}" in told
    assert told.count("vacuous") == 1
    json_told = json.loads(cli(*short, "--property", seen, "--property", never, "--json").stdout)
    assert json_told["vacuous"] == {never: json_told["examples"]}


def test_a_search_refuses_a_word_that_the_quantity_never_takes(cli: Cli, folder: Path) -> None:
    result = cli("search", "site.yaml", "--property", "never ats-a.position == 'emergancy'")
    assert result.exit_code == 2
    assert "ats-a.position is never 'emergancy', it is one of normal, off, emergency" in result.stderr
    assert "did you mean 'emergency'?" in result.stderr


def test_a_replay_says_what_breaks(cli: Cli, folder: Path) -> None:
    result = cli("replay", "broken.scenario.yaml")
    assert result.exit_code == 1
    assert "at 0:01:00  utility outage  to the end" in result.stdout
    assert "row-1.supplied was false" in result.stdout
    told = json.loads(cli("replay", "broken.scenario.yaml", "--json").stdout)
    assert told["holds"] is False
    assert told["verdicts"] == [{"property": SUPPLIED, "holds": False, "violated": True}]


def test_a_replay_tells_programs_what_was_done_and_what_happened(cli: Cli, folder: Path) -> None:
    told = json.loads(cli("replay", "broken.scenario.yaml", "--json").stdout)
    assert told["site"].endswith("site.yaml")
    assert told["duration_s"] == told["ended_s"] == 12 * 60
    assert told["injections"][0] == {"target": "utility", "kind": "outage", "at_s": 60.0}
    assert {"t_s": 60.0, "who": "utility", "what": "fault", "data": {"kind": "outage"}} in told["events"]


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ("await asyncio.sleep(5)\n    [][1]", "the controller mine raised IndexError: list index out of range"),
        (
            "asyncio.get_running_loop().call_later(5, [].pop)\n    await asyncio.sleep(9999)",
            "the code under test raised IndexError: pop from empty list",
        ),
        (
            "store['x'] = asyncio.create_task(dies())\n    await asyncio.sleep(9999)",
            "the code under test raised KeyError: 'no such register'",
        ),
        ("while True:\n        pass", "the task 'controller mine' has not let anything else go on for 0.5 s"),
    ],
)
def test_a_replay_shows_where_the_controller_failed(
    cli: Cli, folder: Path, body: str, failure: str, request: pytest.FixtureRequest
) -> None:
    module = f"mine_{abs(hash(body))}"
    Path(f"{module}.py").write_text(
        "import asyncio\nasync def dies():\n    raise KeyError('no such register')\n\n"
        f"async def main(inventory, store):\n    {body}\n"
    )
    result = cli("replay", "sound.scenario.yaml", "--controller", module, "--watchdog", "0.5")
    assert result.exit_code == 1, result.output
    assert failure in result.stdout.replace(module, "mine")
    if "call_later" not in body:
        assert f"{module}.py" in result.stdout
        assert re.search(r"line \d+, in (main|dies)", result.stdout)


def test_a_fault_after_the_end_of_a_scenario_is_refused(cli: Cli, folder: Path) -> None:
    text = (folder / "broken.scenario.yaml").read_text()
    (folder / "late.scenario.yaml").write_text(re.sub(r"at_s: [^\n]*", "at_s: 12 min", text, count=1))
    result = cli("replay", "late.scenario.yaml")
    assert result.exit_code == 2
    assert "never injected, because the run ended at 0:12:00: utility outage at 0:12:00" in result.stderr


def test_a_replay_says_that_all_holds(cli: Cli, folder: Path) -> None:
    result = cli("replay", "sound.scenario.yaml")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "the property holds")
    assert json.loads(cli("replay", "sound.scenario.yaml", "--json").stdout)["holds"] is True


def test_a_replay_that_puts_nothing_to_the_test_is_not_done(cli: Cli, folder: Path) -> None:
    """A property that was never put to the test is no success, and is reported beside one that holds."""
    vacuous = "within 5 s of utility.live falls: utility.live"
    text = f"site: site.yaml\nduration_s: 1 min\nproperties: ['{vacuous}']\n"
    (folder / "vacuous.scenario.yaml").write_text(text)
    result = cli("replay", "vacuous.scenario.yaml")
    assert (result.exit_code, "nothing was seen to hold" in result.stdout) == (1, True)
    found = json.loads(cli("replay", "vacuous.scenario.yaml", "--json").stdout)
    assert (found["holds"], found["vacuous"]) == (False, [vacuous])
    (folder / "both.scenario.yaml").write_text(text.replace("['", "[always utility.live, '"))
    result = cli("replay", "both.scenario.yaml")
    assert (result.exit_code, f"vacuous: {vacuous}" in result.stdout) == (0, True)


def test_a_site_is_found_from_where_the_scenario_is(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "findings").mkdir()
    text = (folder / "sound.scenario.yaml").read_text()
    site = text.split("site: ")[1].splitlines()[0]
    (folder / "findings" / "kept.scenario.yaml").write_text(text.replace(site, "site.yaml"))
    monkeypatch.chdir("/")
    assert cli("replay", folder / "findings" / "kept.scenario.yaml").exit_code == 0


def test_adopting_writes_a_test_and_never_over_another(cli: Cli, folder: Path) -> None:
    first, second = (cli("adopt", "broken.scenario.yaml", "--into", "kept") for _ in range(2))
    assert first.stdout.startswith("kept/test_broken.py written\n")
    assert "pytest kept/test_broken.py" in first.stdout
    assert second.stdout.startswith("kept/test_broken-2.py written\n")
    assert (folder / "kept/test_broken.py").read_text() == (folder / "kept/test_broken-2.py").read_text()


def test_what_a_scenario_does_not_put_to_the_test_is_not_adopted(cli: Cli, folder: Path) -> None:
    never = "always after utility.live rises: racks.*.supplied"
    text = (folder / "broken.scenario.yaml").read_text()
    (folder / "partly.scenario.yaml").write_text(text.replace("properties:", f"properties:\n- '{never}'"))
    (folder / "none.scenario.yaml").write_text(re.sub(r"(?s)properties:.*", f"properties: ['{never}']\n", text))
    partly, none = (cli("adopt", f"{name}.scenario.yaml", *more) for name, *more in (("partly", "--json"), ("none",)))
    assert never in json.loads(partly.stdout)["left_out"][0]
    assert f"#   {never}\n" in (folder / "tests/test_partly.py").read_text()
    assert (none.exit_code, none.stdout, (folder / "tests/test_none.py").exists()) == (1, "", False)
    assert "a test of it would prove nothing" in " ".join(none.stderr.split())


def test_an_adopted_test_runs_by_the_printed_command_from_where_the_scenario_replays(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The site lies beside the scenario, the controller in the current folder, which is another one."""
    here = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    Path("own_logic.py").write_text("import asyncio\nasync def main(inventory, store):\n    await asyncio.sleep(1e6)\n")
    text = re.sub(r"site: .*", "site: site.yaml", (folder / "broken.scenario.yaml").read_text(), count=1)
    (folder / "kept.scenario.yaml").write_text(text + "controller: own_logic\n")
    assert cli("replay", folder / "kept.scenario.yaml").exit_code == 1
    printed = cli("adopt", folder / "kept.scenario.yaml").stdout.splitlines()[-1]
    command = shlex.split(printed.removeprefix("  run it:"))
    assert command == ["pytest", "tests/test_kept.py"]
    for words in (command, ["pytest", str(folder / "kept.scenario.yaml")]):
        scripts = Path(sys.executable).parent
        told = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.remove(''); import pytest; pytest.main({words[1:]!r})"],
            capture_output=True, text=True, timeout=120, env={**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"},
        )  # fmt: skip
        assert "row-1.supplied was false" in told.stdout, told.stdout + told.stderr
        assert "1 failed" in told.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("swallow", ["", "BaseException"])
def test_ctrl_c_ends_a_search_at_once(folder: Path, swallow: str, jobs: str) -> None:
    busy = "while True:\n        pass"
    if swallow:
        busy = "while True:\n        try:\n            while True:\n                pass\n        except BaseException:\n            pass"
    Path("busy.py").write_text(f"async def main(inventory, store):\n    print('busy', flush=True)\n    {busy}\n")
    command = [
        sys.executable,
        "-m",
        "twinfeed.harness.cli",
        "search",
        "site.yaml",
        "--controller",
        "busy",
        "--property",
        SUPPLIED,
    ]
    search = subprocess.Popen(
        [*command, "--watchdog", "0", "--jobs", jobs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert search.stdout is not None
        assert search.stdout.readline().startswith("busy")  # two processes may write at once
        search.send_signal(signal.SIGINT)
        output, errors = search.communicate(timeout=120)
    finally:
        search.kill()
    assert search.returncode == 130, errors
    assert (swallow and jobs == "1") or "nothing broke in 0 different scenarios" in output, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("search", "pilt"), "no site is called 'pilt'; did you mean pilot"),
        (("search", "nowhere.yaml"), "nowhere.yaml"),
        (("search", "site.yaml", "--controller", "no_such"), "no module is called 'no_such'"),
        (("search", "site.yaml", "--controller", "json:nothing"), "json has no 'nothing'"),
        (("search", "site.yaml", "--controller", "torn"), "controller 'torn'"),
        (("search", "site.yaml", "--property", "always racks.*.suplied"), "did you mean"),
        (("search", "site.yaml", "--property", "sometimes"), "column"),
        (("search", "site.yaml", "--only", "generater-*"), "--only generater-*: server-room can suffer nothing"),
        (("search", "site.yaml", "--duration", "soon"), "--duration: found 'soon'"),
        (("search", "site.yaml", "--duration", "0"), "--duration is 0"),
        (("search", "site.yaml", "--settle", "31 d"), "--settle is 31 d, expected a time from 0 s to 30 d"),
        (("replay", "wrong.scenario.yaml"), "wrong.scenario.yaml:3"),
        (("replay", "empty.scenario.yaml"), "it has no properties"),
        (("adopt", "empty.scenario.yaml"), "it has no properties"),
        (("replay", "elsewhere.scenario.yaml"), "nothing.yaml"),
        (("replay", "sound.scenario.yaml", "--controller", "no_such"), "no module is called 'no_such'"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(cli: Cli, folder: Path, arguments: tuple[str, ...], says: str) -> None:
    Path("torn.py").write_text("async def main(:\n")
    Path("wrong.scenario.yaml").write_text("site: site.yaml\nproperties: [always utility.live]\ninjections: 3\n")
    Path("empty.scenario.yaml").write_text("site: site.yaml\n")
    Path("elsewhere.scenario.yaml").write_text("site: nothing.yaml\nproperties: [always utility.live]\n")
    result = cli(*arguments)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert says in " ".join(result.stderr.split())
    assert result.stdout == ""
