"""Credentials that controllers and stations get to log in to the devices of a site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twinfeed.emulators.serving import Endpoint
from twinfeed.emulators.site import Site
from twinfeed.harness.worlds.inventory import Access, handles, inventory

SITE = """\
site: small
snmp:
  users: [{{name: admin, auth: sha256, auth_password: a-password, priv: aes256-c, priv_password: b-password, write: all}}]
  {communities}
power:
  utility-a: {{kind: utility}}
  ups-1: {{kind: ups, from: utility-a, kva: 10, device: {{profile: ups-rfc1628, address: 127.20.1.1}}}}
  ups-2:
    kind: ups
    from: utility-a
    kva: 10
    device: {{profile: ups-rfc1628, address: 127.20.1.2, snmp: {{users: [{{name: local, auth_password: c-password}}]}}}}
"""
ENDPOINTS = [Endpoint(f"ups-{n}", "snmp", f"127.20.1.{n}", 1161) for n in (1, 2)]


def site(tmp_path: Path, communities: str) -> Site:
    path = tmp_path / "small.yaml"
    path.write_text(SITE.format(communities=communities))
    return Site.load(path)


def test_every_device_is_listed_with_its_own_first_user(tmp_path: Path) -> None:
    small = site(tmp_path, "read: public")
    devices: Any = inventory(small, ENDPOINTS, Access.of(small.file.head.snmp))["devices"]
    assert devices["ups-1"]["snmp"] == {
        "address": "127.20.1.1",
        "port": 1161,
        "read": "public",
        "write": "private",
        "user": "admin",
        "auth": "sha256",
        "auth_password": "a-password",
        "priv": "aes256-c",
        "priv_password": "b-password",
    }
    assert devices["ups-2"]["snmp"]["user"] == "local"


@pytest.mark.parametrize(("communities", "scheme"), [("read: public", "snmp"), ("{read: '', write: ''}", "snmp+v3")])
def test_handles_use_v3_where_there_are_no_communities(tmp_path: Path, communities: str, scheme: str) -> None:
    text = communities.strip("{}").replace(", ", "\n  ")
    small = site(tmp_path, text)
    made = handles(ENDPOINTS, Site(small.file), lambda: 0.0)
    assert made["ups-1"].snmp is not None
    assert made["ups-1"].snmp.where == f"{scheme}://127.20.1.1:1161"
