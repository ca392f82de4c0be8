"""net-snmp's command line tools, asked with the vendors' MIB modules: a wrong OID cannot hide behind our profile."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from external import program, run
from running import Running

COMMUNITY = {"v1": ["-v1", "-c"], "v2c": ["-v2c", "-c"]}
AS_USER = ["-v3", "-l", "authPriv", "-u", "twinfeed", "-a", "SHA", "-A", "twinfeed-auth"]
AS_USER += ["-x", "AES", "-X", "twinfeed-priv"]
VERSIONS = ("v1", "v2c", "v3")

_LINE = re.compile(r"^(\S+) = (?:([A-Za-z0-9 -]+): ?)?(.*)$")


class NetSnmp:
    """The tools, with the MIB modules in `mibs` and everything they write in `folder`."""

    def __init__(self, live: Running, mibs: Path | None, folder: Path) -> None:
        self.live = live
        self._mibs = mibs
        self._folder = folder
        (folder / "cert_indexes").mkdir(exist_ok=True)  # net-snmp would make it, and log so

    @property
    def environment(self) -> dict[str, str]:
        """One in which net-snmp reads and writes nothing of this machine's."""
        return {**os.environ, "SNMPCONFPATH": str(self._folder), "SNMP_PERSISTENT_DIR": str(self._folder), "MIBS": ""}

    def run(
        self,
        tool: str,
        device: str,
        *arguments: str,
        version: str = "v2c",
        community: str = "public",
        module: str = "",
    ) -> str:
        """The output of the tool. `module` is the MIB module that the names in `arguments` are of."""
        access = AS_USER if version == "v3" else [*COMMUNITY[version], community]
        names = ["-M", str(self._mibs), "-m", module] if module else []
        command = [program(tool, "snmp"), *access, "-t", "3", "-r", "1", *names, "-OqtU" if module else "-Ont"]
        return run([*command, self.live.at(device), *arguments], self.environment)

    def walk(self, tool: str, device: str, version: str = "v2c", under: str = ".1") -> list[tuple[str, str]]:
        """(OID, type) of every variable; everything else the tool prints fails the test."""
        lines = self.run(tool, device, under, version=version).splitlines()
        found: list[tuple[str, str]] = []
        continued = False
        for line in lines:
            match = _LINE.match(line)
            if match and line.startswith("."):
                if "No more variables" in line or "No more variables" in match[3]:
                    continue
                found.append((match[1], match[2] or ""))
                continued = (match[3].startswith('"') and not match[3].endswith('"')) or "Hex-STRING" in line
            elif line.strip() in ("End of MIB", ""):
                continue
            else:
                assert continued, f"{tool} -{version} {device} says: {line}"
        return found

    def get(self, device: str, module: str, names: Sequence[str], version: str = "v2c") -> list[str]:
        """The values of those objects of one MIB module, the names of the module for enumerations."""
        printed = self.run("snmpget", device, *(f"{module}::{n}" for n in names), version=version, module=module)
        lines = [line for line in printed.splitlines() if line.startswith(f"{module}::")]
        assert len(lines) == len(names), printed
        return [line.partition(" ")[2].strip('"') for line in lines]

    def translate(self, module: str, name: str) -> str:
        """The numbers of that object: with them a tool does not check the value before it is sent."""
        translator = program("snmptranslate", "snmp")
        printed = run([translator, "-M", str(self._mibs), "-m", module, "-On", f"{module}::{name}"], self.environment)
        return printed.splitlines()[-1].lstrip(".")
