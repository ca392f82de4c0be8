"""Actuators without motion: whether each could move, its position, and the agreement of its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs import actuators
from twinfeed.hil_rigs.actuators import ActuatorFailed
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.findings import Finding, Level
from twinfeed.hil_rigs.checking.measuring import device_of, measured, shown
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.instruments import NoReading
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Actuator, Proof


async def tried(rig: Rig, asked: Mapping[str, Asked]) -> list[Finding]:
    """The findings on each actuator. Nothing moves."""
    found = []
    for name, section in rig.bench.actuators.items():
        found.append(await _one(rig, name, section, asked))
        if section.proof is not None and (wrong := await _proof(rig, name, section, section.proof, asked)) is not None:
            found.append(wrong)
    return found


async def _one(rig: Rig, name: str, section: Actuator, asked: Mapping[str, Asked]) -> Finding:
    devices = {full.partition(".")[0] for full in (section.written, section.state) if full is not None}
    unread = ", ".join(sorted(devices - asked.keys()))
    if unread:
        return _failed(name, Phrase("{device} was not read: see there", device=unread))
    alone = replace(rig, bench=rig.bench.model_copy(update={"actuators": {name: section}}))
    try:
        actuator = actuators.make(alone, {each: one.handle for each, one in asked.items()}, Unattended())[name]
    except ValueError as error:
        return _failed(name, str(error))
    try:
        said = await actuator.try_dry()
        stands = await actuator.position()
    except ActuatorFailed as error:
        return _failed(name, str(error))
    finally:
        await actuator.close()
    if stands is not None and stands != section.normal:
        return Finding(
            name,
            "actuator",
            Level.PROBLEM,
            Phrase("stands at {position}", position=stands),
            Phrase("{position}, as in normal operation", position=section.normal),
            Phrase("bring it there: twinfeed rig reset, or by hand; or correct `normal`"),
        )
    return Finding(name, "actuator", Level.FINE, said)


def _failed(name: str, why: str) -> Finding:
    return Finding(
        name,
        "actuator",
        Level.PROBLEM,
        Phrase("could not move: {why}", why=why),
        None,
        Phrase("put it right: the faults that it causes cannot be tested"),
    )


async def _proof(rig: Rig, name: str, section: Actuator, proof: Proof, asked: Mapping[str, Asked]) -> Finding | None:
    """The trouble of the proof of an unmoved actuator: the proof must be known, and must not hold."""
    instrument, device = rig.instrument_for(proof.quantity), device_of(rig, proof.quantity)
    if instrument is None or instrument.operator is not None or (device and device not in asked):
        return None
    try:
        value = await measured(rig, proof.quantity, asked)
    except NoReading as error:
        silent = Phrase("what proves its moves does not answer: {why}", why=error)
        must = str(proof)
        return Finding(name, "actuator", Level.PROBLEM, silent, must, Phrase("put the instrument right"))
    if not proof.holds(value):
        return None
    return Finding(
        name,
        "actuator",
        Level.PROBLEM,
        Phrase(
            "{quantity} is {value}, as if it were away from {normal}",
            quantity=proof.quantity,
            value=shown(value),
            normal=section.normal,
        ),
        Phrase("not {proof}", proof=proof),
        Phrase("bring the bench back to normal operation, or correct the proof"),
    )
