"""A software twin of a data centre that answers real Modbus and SNMP, to test failover logic against.

The names in `__all__` are the public API, together with those that `twinfeed.emulators`, `twinfeed.harness` and
`twinfeed.hil_rigs` list in theirs; everything else may move. A name is imported when it is first used.
"""

from __future__ import annotations

from twinfeed._lazy import lazily

__getattr__, __dir__ = lazily(__name__, __file__)
