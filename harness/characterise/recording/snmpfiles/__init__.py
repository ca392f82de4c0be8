"""Files with the variables of one SNMP agent, as snmpsim, net-snmp and SimpleAgentPro write them.

    found = read(Path("ups.snmprec.bz2"))
    found.variables      # in the order of the file, the last one where an OID is repeated
    found.warnings       # "ups.snmprec.bz2:12: …": what was left out or is doubtful, one line each

A line whose structure is wrong makes the file unreadable: it is refused with file, line, found and expected. A line
whose value cannot be a value of its type is left out with a warning, so that one anonymised address does not cost the
other ten thousand variables. snmpsim too answers everything but that variable.
"""

from twinfeed.harness.characterise.recording.snmpfiles.reading import Found, read

__all__ = ["Found", "read"]
