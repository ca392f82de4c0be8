"""A site on the network: what answers, what is silent, and that nothing listens beyond loopback."""

from __future__ import annotations

import pytest
from workers.dialling import until_over

from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.serving import LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.transports import DeviceHandle, SnmpTransport
from twinfeed.harness.transports.errors import NoAnswer

pytestmark = pytest.mark.usefixtures("hanging_up")

SITE = """\
site: little
power:
  utility-a: {kind: utility}
network:
  core-1:
    kind: switch
    boot_s: 60
    from: {psu_a: utility-a}
    device: {profile: aruba-cx-8360, address: 127.21.7.1, boot_s: 90}
  network: {kind: network, station: "core-1:1"}
"""


def build(tmp_path, text=SITE) -> Site:
    path = tmp_path / "little.yaml"
    path.write_text(text)
    return Site(sitefile.read(path))


@pytest.fixture
async def live(tmp_path):
    served = LiveSite(build(tmp_path), speed=1.0, ports=21700)
    await served.start()
    yield served
    await served.stop()


def handle(live: LiveSite) -> DeviceHandle:
    place = live.endpoints[0]
    transport = SnmpTransport.v2c(place.address, place.port, timeout_s=0.3, retries=0)
    return until_over(DeviceHandle("core-1", library.get("aruba-cx-8360"), transport))


async def test_a_device_answers_its_name_over_the_wire(live):
    assert (await handle(live).read("system.name")).value == "core-1"


async def test_a_device_without_power_is_silent_and_starts_afresh_when_it_returns(live):
    live.site.advance(500.0)
    live.site.inject("utility-a", "outage", for_s=10.0)
    live.site.advance(1.0)
    with pytest.raises(NoAnswer):
        await handle(live).read("system.name")
    live.site.advance(9.0 + 90.0 + 60.0)
    assert (await handle(live).read("system.uptime")).value < 120.0


async def test_one_address_serves_every_device_on_a_run_of_ports(live):
    assert {(e.address, e.port) for e in live.endpoints} == {("127.0.0.1", 21700)}


async def test_a_taken_port_is_told_with_what_to_do(live, tmp_path):
    second = LiveSite(build(tmp_path), ports=21700)
    with pytest.raises(ServeError, match=r"core-1: SNMP cannot listen: [^\[]*Is the site already running"):
        await second.start()


def test_an_address_beyond_loopback_needs_a_word_of_consent_in_the_file(tmp_path):
    with pytest.raises(FileError, match=r"yaml:\d+: .*192\.0\.2\.1 is not a loopback .* write `beyond_loopback: true`"):
        build(tmp_path, SITE.replace("127.21.7.1", "192.0.2.1"))


async def test_even_with_consent_it_is_not_listened_on_with_credentials_that_ship(tmp_path):
    site = build(tmp_path, "beyond_loopback: true\n" + SITE.replace("127.21.7.1", "192.0.2.1"))
    with pytest.raises(ServeError, match=r"reached from other computers with the credentials that ship"):
        await LiveSite(site).start()


async def test_an_address_that_this_computer_does_not_have_is_told_with_what_to_do(tmp_path):
    own = "beyond_loopback: true\nsnmp: {read: r, write: w, users: [{name: u, auth_password: own-secret}]}\n"
    site = build(tmp_path, own + SITE.replace("127.21.7.1", "192.0.2.1"))
    with pytest.raises(ServeError, match=r"none of this computer's\. Add it .* --ports 20000"):
        await LiveSite(site).start()


def test_a_speed_that_is_none_is_refused(tmp_path):
    with pytest.raises(ServeError, match="expected more than 0"):
        LiveSite(build(tmp_path), speed=0.0)
