"""A record that shows when it was altered: JSON lines, each bound to the one before by its hash and signed.

    with Record.open(path, keys.own()) as record:
        record.write("operator", "confirmed", text="breaker Q3 is open", person="Awa Traoré")
    entries = read(path)              # raises Broken, naming the line, if anything was altered, removed or inserted

docs/explanation/records.md states how the hash and the signature of a line are made, for an auditor who checks them
without twinfeed. The package imports the standard library only; `keys` loads the library `cryptography` when a line is
signed or a signature is checked.
"""

from twinfeed.harness.record.lines import FIRST, Broken, Entry, digest, read, until_broken
from twinfeed.harness.record.person import Person, acting, acting_for, login_of
from twinfeed.harness.record.stamps import Stamp, Step, boot_id, in_order, steps
from twinfeed.harness.record.writing import BEGINS, GOES_ON, RESERVE_OCTETS, DiskFull, Head, Record

__all__ = [
    "BEGINS",
    "FIRST",
    "GOES_ON",
    "RESERVE_OCTETS",
    "Broken",
    "DiskFull",
    "Entry",
    "Head",
    "Person",
    "Record",
    "Stamp",
    "Step",
    "acting",
    "acting_for",
    "boot_id",
    "digest",
    "in_order",
    "login_of",
    "read",
    "steps",
    "until_broken",
]
