"""Requirements of the controller. `pytest` runs these tests in a simulated world, in seconds.

`pytest --world live --speed 10` runs the same tests over real sockets.
"""

import pytest

from twinfeed import always

pytestmark = [pytest.mark.site("SITE"), pytest.mark.controller("controller")]

DISTURBED = ["DISTURBANCES"]


async def test_nothing_happens_while_nothing_is_wrong(site, controller):
    await site.run("5 min")
    site.check(always("SUPPLIED"))


async def test_the_load_rides_through_an_outage(site, controller):
    for source in DISTURBED:
        await site.inject(source, "outage", at="1 min", for_="20 min")
    await site.run("30 min")
    site.check(always("SUPPLIED"))
