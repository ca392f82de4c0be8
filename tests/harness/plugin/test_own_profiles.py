"""A test's site may use profiles of one's own: beside its file, or in a folder that pytest is given."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

PROFILE = """profile: my-meter
vendor: Maker
product: M1
kind: meter
modbus:
  registers:
    - {table: holding, address: 0, type: f32, byte_order: little, point: line_voltage.1, source: list}
"""

SITE = """site: room
power:
  utility: {kind: utility}
  panel: {kind: board, from: utility}
devices:
  meter-1: {profile: my-meter, of: panel, address: 127.0.0.9}
"""

TEST = """
import pytest

@pytest.mark.site("room.yaml")
async def test_it_is_read_through_the_profile(site):
    assert 380 < (await site["meter-1"].read("line_voltage.1")).value < 420
"""


@pytest.mark.parametrize("folder", ["", "mine"])
def test_a_site_with_a_profile_of_ones_own(pytester: pytest.Pytester, folder: str) -> None:
    (pytester.path / folder).mkdir(exist_ok=True)
    (pytester.path / folder / "my-meter.yaml").write_text(PROFILE)
    (pytester.path / "room.yaml").write_text(SITE)
    pytester.makepyfile(TEST)
    more = ["--profiles", folder] if folder else []
    result = pytester.runpytest("-p", "no:randomly", "--evidence", str(pytester.path / "evidence"), *more)
    result.assert_outcomes(passed=1)


def test_a_folder_that_is_not_there_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    result = pytester.runpytest("--profiles", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--profiles: nowhere: there is no such folder of profiles"])
