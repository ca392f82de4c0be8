"""A manager that stays up while the site is stopped and started again: net-snmp's snmpd as a proxy for a UPS."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from benches import free_network
from external import background, free_port, program, run, until
from net_snmp import NetSnmp
from running import running

from twinfeed.emulators.site import Site

CHARGE = "1.3.6.1.2.1.33.1.2.4.0"

pytestmark = pytest.mark.interop

SITE = """\
site: restarted
snmp: {{users: [{{name: {name}, auth: {auth}, auth_password: auth-secret, priv: {priv}, priv_password: priv-secret}}]}}
power:
  utility-a: {{kind: utility}}
  ups-1: {{kind: ups, from: utility-a, kva: 10, device: {{profile: ups-rfc1628, address: {network}.11}}}}
"""


@pytest.mark.parametrize(("auth", "priv"), [("sha", "aes128"), ("sha256", "aes256"), ("md5", "des")])
def test_a_proxy_is_served_after_the_restart(tmp_path: Path, auth: str, priv: str) -> None:
    snmpd, snmpget = program("snmpd", "snmpd"), program("snmpget", "snmp")
    path = tmp_path / "restarted.yaml"
    path.write_text(SITE.format(name="manager", auth=auth, priv=priv, network=free_network()))
    port = free_port(socket.SOCK_DGRAM)
    names = {"sha": "SHA", "sha256": "SHA-256", "md5": "MD5", "aes128": "AES", "aes256": "AES-256", "des": "DES"}
    state = tmp_path / "state"
    with ExitStack() as stack:
        with running(Site.load(path), 60.0, state=state) as live:
            keys = f"-a {names[auth]} -A auth-secret -x {names[priv]} -X priv-secret"
            (tmp_path / "proxy.conf").write_text(
                f"rocommunity public\nproxy -v 3 -l authPriv -u manager {keys} -t 1 -r 1 {live.at('ups-1')} .1.3.6.1.2.1.33\n"
            )
            environment = NetSnmp(live, None, tmp_path).environment
            command = [snmpd, "-f", "-Lo", "-C", "-c", str(tmp_path / "proxy.conf"), f"udp:127.0.0.1:{port}"]
            ask = [snmpget, "-v2c", "-c", "public", "-t", "3", "-r", "1", "-Oqv", f"127.0.0.1:{port}", CHARGE]

            def charge() -> str:
                return run(ask, environment).strip()

            log = tmp_path / "snmpd.log"
            stack.enter_context(background(command, log, environment))
            until(lambda: "NET-SNMP version" in log.read_text(), log.read_text)
            until(lambda: charge() == "100", charge)
            live.advance(3600.0)
            assert charge() == "100"
        with running(Site.load(path), state=state) as again:
            engine = again.live.agents["ups-1"].engine
            assert engine is not None
            assert (again.do(engine.boots), again.do(engine.time_s) < 60) == (2, True)
            assert charge() == "100"
