"""Requirements of the controller. `pytest` runs these tests in a simulated world, in seconds.

`pytest --world live --speed 10` runs the same tests over real sockets.
"""

import pytest

from twinfeed import always, within

pytestmark = [pytest.mark.site("SITE"), pytest.mark.controller("controller")]


async def test_the_racks_ride_through_an_outage(site, controller):
    await site.inject("utility", "outage", at="1 min", for_="6 min")
    await site.run("8 min")
    site.check(always("racks.*.supplied"), within("15 s", "generator-1.running", after="utility.live falls"))


async def test_the_load_returns_to_the_mains(site, controller):
    await site.inject("utility", "outage", at="1 min", for_="1 min")
    await site.run("5 min")
    site.check(within("3 min", "ats-*.on_normal", after="utility.live rises"))
    reading = await site["ats-a"].read("source.1.connected")
    assert reading.value is True
