"""Any orders to the outlets of a PDU, at any time: each outlet follows its last order, after its own delays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from test_pdu_firmware import Rack

DELAYS_S = {"power_on_delay": 3.0, "power_off_delay": 4.0, "reboot_duration": 5.0}
ORDERS = ("on", "off", "reboot", "delayed-on", "delayed-off", "delayed-reboot", "cancel", "none")
STEPS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(ORDERS), st.sampled_from([0.0, 0.71, 1.33, 2.57, 6.11])),
    min_size=1,
    max_size=10,
)


class Outlet:
    """An outlet of a switched PDU, as user manuals describe it."""

    def __init__(self) -> None:
        self.on = True
        self.due: list[tuple[float, bool]] = []
        """When it will be switched, s, and to which state."""

    def order(self, order: str, now_s: float) -> None:
        if order == "none":
            return
        self.due = []
        if order != "cancel":
            begin_s = now_s
            if order.startswith("delayed"):
                begin_s += DELAYS_S["power_on_delay" if order == "delayed-on" else "power_off_delay"]
            self.due = [(begin_s, order.endswith("on"))]
            if order.endswith("reboot"):
                self.due = [(begin_s, False), (begin_s + DELAYS_S["reboot_duration"], True)]
        self.reach(now_s)

    def reach(self, now_s: float) -> None:
        while self.due and self.due[0][0] <= now_s + 1e-6:
            self.on = self.due.pop(0)[1]


@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_each_outlet_follows_its_last_order(steps: list[tuple[int, str, float]]) -> None:
    rack, outlets = Rack(racks=2), [Outlet() for _ in range(3)]
    for outlet in (1, 2, 3):
        for setting, delay_s in DELAYS_S.items():
            rack.write(f"outlet.{outlet}.{setting}", delay_s)
    for outlet, order, wait_s in steps:
        rack.write(f"outlet.{outlet}.control", order)
        outlets[outlet - 1].order(order, rack.plant.now)
        rack.run(wait_s)
        for number, expected in enumerate(outlets, 1):
            expected.reach(rack.plant.now)
            assert rack.read(f"outlet.{number}.state") == ("on" if expected.on else "off")
            assert rack.read(f"outlet.{number}.pending") is bool(expected.due)
    rack.run(20.0)
    assert rack.outlets()[:3] == "".join("1" if (o.due[-1][1] if o.due else o.on) else "0" for o in outlets)
