"""The effect of faults on the messages between clients and one device: bytes in, bytes out, seeded. No I/O, no clock.

    client  -> request ->  Tamper  -> request ->  device  -> notification ->  Tamper  -> station
            <- answer  <-          <- answer  <-

Without a fault nothing is decoded and everything passes as it came.
"""

from __future__ import annotations

from twinfeed.harness.faults.frames.active import ActiveFaults
from twinfeed.harness.faults.frames.added import Speaks
from twinfeed.harness.virtual.links.tampering import Answer, Conversation, Late


class Tamper(ActiveFaults):
    """The faults of one device's messages, and what becomes of those messages.

    `speaks` is what the device speaks: modbus-tcp (also over UDP), modbus-rtu (serial, or over TCP) or snmp.
    """

    def __init__(self, seed: int = 0, speaks: Speaks = "modbus-tcp") -> None:
        super().__init__(seed, speaks)
        self._own: Conversation | None = None

    @property
    def notifies(self) -> bool:
        """True if the device also sends traps and informs."""
        return self.speaks == "snmp"

    @property
    def answers_elsewhere(self) -> bool:
        """True if answers come from another port than the requests went to."""
        return "snmp-other-port" in self.active

    def conversation(self) -> Conversation:
        """A new client's exchange with the device."""
        # Imported here: what only wants to know the faults needs no decoders.
        if self.speaks == "snmp":
            from twinfeed.harness.faults.frames.snmp import SnmpConversation

            return SnmpConversation(self)
        from twinfeed.harness.faults.frames.modbus import ModbusConversation

        return ModbusConversation(self)

    def request(self, data: bytes) -> list[bytes | Answer]:
        """`Conversation.request` where there is one client only."""
        return self._only().request(data)

    def answer(self, data: bytes) -> list[bytes]:
        """`Conversation.answer` where there is one client only."""
        return self._only().answer(data)

    def notification(self, datagram: bytes) -> list[bytes | Late]:
        """The messages for the station when the device sends a trap or an inform."""
        active = self.active
        if not active or self.happens("traps-lost"):
            return [] if active else [datagram]
        copies = 2 if self.happens("traps-duplicated") else 1
        late = active.get("traps-late")
        return [Late(datagram, late["delay_s"]) if late is not None else datagram] * copies

    def _only(self) -> Conversation:
        if self._own is None:
            self._own = self.conversation()
        return self._own
