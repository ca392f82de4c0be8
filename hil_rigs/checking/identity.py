"""The check of the device at an address: is it the one of the file, and the product of its profile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.profiles.values import word
from twinfeed.harness.transports import NoAnswer, NotAdmitted, NotShown, Refused, TransportError, WrongAnswer
from twinfeed.harness.transports.places import entries
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.findings import Finding, Level
from twinfeed.hil_rigs.schema import Identity

SYS_DESCR, SYS_OBJECT_ID = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"
"""RFC 3418."""

ENTERPRISES = "1.3.6.1.4.1."
"""Below it every maker has a number of its own (RFC 2578 §4)."""

VENDOR, PRODUCT, REVISION = 0, 1, 2
"""Objects of function 43/14 (Modbus Application Protocol Specification V1.1b3, section 6.21)."""

UNIT_BEHIND_GATEWAY = (10, 11)
"""Exceptions of a gateway whose unit cannot be reached (the same, section 7)."""

SERIALS = ("system.serial", "controller.serial_number")
"""Points that hold a device's own serial number; switches give theirs in the entity table."""

PART_SERIAL = re.compile(r"entity\..*\.serial")
"""The serial number of a part in that table."""


@dataclass
class Card:
    """The identification of a device."""

    object_id: str = ""
    description: str = ""
    """sysDescr."""
    objects: dict[int, str] = field(default_factory=dict)
    """Of function 43/14."""
    model: str = ""
    serial: str = ""
    firmware: str = ""

    @property
    def product(self) -> str:
        return self.objects.get(PRODUCT) or self.model or self.description

    @property
    def texts(self) -> list[str]:
        """The whole identification."""
        return [text for text in (*self.objects.values(), self.model, self.description, self.serial) if text]

    def learn(self, values: Mapping[str, Value]) -> None:
        """Take model, serial number and firmware from its points, else from its earlier identification."""
        self.model = _text(values.get("system.model"))
        own = [name for name in SERIALS if name in values]
        parts = [name for name in values if PART_SERIAL.fullmatch(name)]
        self.serial = next((text for name in (*own, *parts) if (text := _text(values[name]))), "")
        self.firmware = _text(values.get("system.firmware")) or self.objects.get(REVISION, "")


async def introduced(asked: Asked) -> Card:
    """The identification of the device over each of its protocols.

    Raises:
        TransportError: it does not answer, or not to us.
    """
    card = Card()
    snmp, modbus = asked.handle.snmp, asked.handle.modbus
    if snmp is not None:
        for oid in (SYS_DESCR, SYS_OBJECT_ID):
            try:
                value = (await asked.ask(lambda oid=oid: snmp.get([oid])))[oid]  # type: ignore[misc]
            except NotAdmitted:
                raise
            except Refused:
                continue
            if oid == SYS_OBJECT_ID:
                card.object_id = str(value)
            else:
                card.description = _text(value.decode(errors="replace") if isinstance(value, bytes) else str(value))
    if modbus is not None:
        try:
            objects = await asked.ask(modbus.identification)
            card.objects = {id: _text(octets.decode(errors="replace")) for id, octets in objects.items()}
        except Refused as error:
            if error.code in UNIT_BEHIND_GATEWAY:  # the gateway's word for silence
                await _asks_otherwise(asked)
        except NoAnswer:
            await _asks_otherwise(asked)
    asked.took_s.clear()  # connections were made meanwhile, and engines discovered
    return card


async def verified(asked: Asked, says: Identity) -> tuple[Card, list[Finding]]:
    """The device's own identification, and the reason if it is not, or is not known to be, the one that the file means.

    It is asked no more than that takes: for its own word, and for its plate.
    """
    name, profile, card = asked.name, asked.handle.profile, Card()
    try:
        card = await introduced(asked)
        found = _problems(of_profile(name, card, profile, says))
        if found:
            return card, found  # its points would mean something else
        card.learn(await _plate_points(asked, says))
    except TransportError as error:
        return card, [unreachable(asked, error)]
    return card, _problems([*of_file(name, card, says), *plate(name, card, says)])


async def _plate_points(asked: Asked, says: Identity) -> dict[str, Value]:
    """The points that a plate's texts stand in, as far as the device shows them."""
    names = ["system.model", "system.firmware", *SERIALS]
    in_table = any((entry.point or "").startswith("entity.") for entry in entries(asked.handle.profile))
    if says.serial is not None and in_table:
        names += [name for name in await asked.ask(asked.handle.points) if PART_SERIAL.fullmatch(name)]
    values: dict[str, Value] = {}
    for name in names:
        try:
            values[name] = (await asked.ask(lambda name=name: asked.handle.read(name))).value  # type: ignore[misc]
        except (NotShown, WrongAnswer):
            continue
    return values


def _problems(found: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.level >= Level.PROBLEM]


async def _asks_otherwise(asked: Asked) -> None:
    """There are units that stay silent when asked for what they do not know: ask for what the profile has."""
    modbus, profile = asked.handle.modbus, asked.handle.profile
    assert modbus is not None and profile.modbus is not None
    try:
        if profile.modbus.registers:
            first = profile.modbus.registers[0]
            await asked.ask(lambda: modbus.read_registers(first.table, first.address, first.words))
        else:
            bit = profile.modbus.bits[0]
            await asked.ask(lambda: modbus.read_bits(bit.table, bit.address, 1))
    except Refused as error:
        if error.code in UNIT_BEHIND_GATEWAY:
            raise


def unreachable(asked: Asked, error: TransportError) -> Finding:
    """The reason why the device could not be identified, and what to check."""
    access, what = asked.access, error.what
    if isinstance(error, NotAdmitted):
        assert access.snmp is not None
        given = [
            f"{name} {text}"
            for name, text in (
                ("auth_password", access.snmp.auth_password),
                ("priv_password", access.snmp.priv_password),
            )
            if text
        ]
        return Finding(
            asked.name,
            "credentials",
            Level.PROBLEM,
            Phrase(
                "{where} refuses the SNMPv3 user {user}: {what}", where=asked.where, user=access.snmp.user, what=what
            ),
            Phrase("a user that the device admits"),
            Phrase(
                "have the password renewed on the device, or correct what {given} leads to",
                given=" and ".join(given) or "user",
            ),
        )
    if isinstance(error, Refused) and error.code in UNIT_BEHIND_GATEWAY:
        return Finding(
            asked.name,
            "reach",
            Level.UNREACHABLE,
            Phrase("the gateway answers: {what}", what=what),
            Phrase("an answer of {where}", where=asked.where),
            Phrase("check the unit number, and the line behind the gateway: A and B, baud rate, termination, power"),
        )
    if access.modbus is not None and access.modbus.serial is not None:
        do = Phrase(
            "check A and B, baud rate and parity ({baud} {parity}{stop_bits}), the unit number, and the device's power",
            baud=access.modbus.baud,
            parity=access.modbus.parity,
            stop_bits=access.modbus.stop_bits,
        )
    elif access.snmp is not None and access.snmp.version != "v3":
        do = Phrase("check power, cable and address; an agent is silent about a wrong community, too: see `read`")
    else:
        do = Phrase("check power, cable, address and port; then that no other program holds its only connection")
    return Finding(asked.name, "reach", Level.UNREACHABLE, what, Phrase("an answer of {where}", where=asked.where), do)


def of_profile(name: str, card: Card, profile: Profile, identity: Identity) -> Iterator[Finding]:
    """The finding whether the device is the product of its profile."""
    yield from _object_id(name, card, profile, identity)
    templates = profile.modbus.identification if profile.modbus is not None else {}
    told = [id for id in (VENDOR, PRODUCT) if id in card.objects and id in templates]
    if any(not _fits(templates[id], card.objects[id]) for id in told):
        expected = " ".join(_shown(templates[id]) for id in told)
        yield _another(
            name, _calls_itself(" ".join(card.objects[id] for id in told)), f"{expected!r} ({profile.profile})"
        )


def of_file(name: str, card: Card, identity: Identity) -> Iterator[Finding]:
    """True if it is the product that the file names."""
    if identity.product is not None and not any(identity.product in text for text in card.texts):
        yield _another(name, _calls_itself(card.product), repr(identity.product))


def _object_id(name: str, card: Card, profile: Profile, identity: Identity) -> Iterator[Finding]:
    known = profile.snmp.sys_object_id if profile.snmp is not None else ""
    if identity.object_id is not None:
        if not _begins(card.object_id, identity.object_id):
            yield _another(name, Phrase("sysObjectID {object_id}", object_id=card.object_id or "-"), identity.object_id)
        return
    if not card.object_id or not known.startswith(ENTERPRISES) or card.object_id == known:
        return
    if card.object_id.startswith(ENTERPRISES) and _maker(card.object_id) == _maker(known):
        yield Finding(
            name,
            "identity",
            Level.NOTICE,
            Phrase("sysObjectID {found}: another model of the same maker", found=card.object_id),
            Phrase("{known} ({profile})", known=known, profile=profile.profile),
            Phrase("if it is the right device, say so: identity: {{object_id: {found}}}", found=card.object_id),
        )
    else:
        yield _another(
            name, Phrase("sysObjectID {object_id}", object_id=card.object_id), f"{known} ({profile.profile})"
        )


def _calls_itself(text: str) -> Phrase:
    return Phrase("it calls itself {text}", text=repr(text)) if text else Phrase("it does not say what it is")


def _another(name: str, found: object, expected: str) -> Finding:
    return Finding(
        name,
        "identity",
        Level.PROBLEM,
        Phrase("{found}: another device", found=found),
        expected,
        Phrase("check address and cabling; nothing is armed with a wrong device in the bench"),
    )


def plate(name: str, card: Card, identity: Identity) -> Iterator[Finding]:
    """Serial number and firmware, against the file."""
    if identity.serial is not None and card.serial != identity.serial and not _says(card, identity.serial):
        if card.serial:
            yield Finding(
                name,
                "identity",
                Level.PROBLEM,
                Phrase("serial number {found}: another device", found=card.serial),
                identity.serial,
                Phrase("check address and cabling; if it was exchanged, correct identity.serial"),
            )
        else:
            yield Finding(
                name,
                "identity",
                Level.NOTICE,
                Phrase("the device shows no serial number"),
                identity.serial,
                Phrase("compare with the plate on the device"),
            )
    if identity.firmware is None:
        if card.firmware:
            yield Finding(
                name,
                "firmware",
                Level.NOTICE,
                Phrase("firmware {found}, not in the file", found=card.firmware),
                None,
                Phrase("enter it: identity: {{firmware: {entry}}}", entry=f'"{card.firmware}"'),
            )
    elif card.firmware != identity.firmware and not _says(card, identity.firmware):
        yield Finding(
            name,
            "firmware",
            Level.PROBLEM,
            Phrase("firmware {found}", found=card.firmware)
            if card.firmware
            else Phrase("the device shows no firmware version"),
            identity.firmware,
            Phrase("after an update compare the device with its twin again, then correct identity.firmware"),
        )


def _says(card: Card, text: str) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said) for said in card.texts)


def _fits(template: str, text: str) -> bool:
    pattern = "".join(".*" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", template))
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def _shown(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "…", template)


def _begins(oid: str, prefix: str) -> bool:
    return oid == prefix or oid.startswith(prefix + ".")


def _maker(oid: str) -> str:
    return oid.removeprefix(ENTERPRISES).partition(".")[0]


def _text(value: Value | None) -> str:
    """A value as people read it, fill characters of registers left out."""
    if value is None or value != value:
        return ""
    return word(value).strip("\x00\xff ").strip()
