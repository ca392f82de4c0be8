"""A first test for a practice bench: one fault that the bench can cause, and the way back."""

from __future__ import annotations

import re
from pathlib import Path

from twinfeed._phrases import Phrase
from twinfeed.harness.language import said
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Actuator

NAME = "test_practice.py"

TEXT = '''\
"""A first test on the bench {bench}. It runs on the twin as well: pytest --site {file}"""


async def test_{name}(site):
    """{doc}"""
    await site.inject("{target}", "{kind}", for_="{for_s:g} s")
    await site.run("{run_s:g} s")
'''

FOR_S = 15.0
"""The shortest time of the fault, s."""


def written(folder: Path, rig: Rig) -> Path | None:
    """The test file, made in that folder; None where no actuator of the bench causes a fault without hands.

    A test file that is there already stays as it is.
    """
    path = folder / NAME
    if path.exists():
        return path
    chosen = _chosen(rig)
    if chosen is None:
        return None
    actuator, fault, settings = chosen
    target, _, kind = fault.partition(" ")
    within_s = 0.0 if settings.proof is None else settings.proof.within
    for_s = max(FOR_S, within_s + settings.settle, settings.rest)
    causes = {"actuator": actuator, "fault": fault, "for_s": for_s}
    if settings.proof is None:
        doc = said(Phrase("{actuator} causes {fault}; after {for_s:g} s everything is back.", **causes))
    else:
        doc = said(
            Phrase(
                "{actuator} causes {fault}, and {quantity} proves it; after {for_s:g} s everything is back.",
                **causes,
                quantity=settings.proof.quantity,
            )
        )
    text = TEXT.format(
        bench=rig.name,
        file=rig.path.name,
        name=re.sub(r"\W+", "_", fault).lower(),
        target=target,
        kind=kind,
        doc=doc,
        for_s=for_s,
        run_s=2.0 * for_s,
    )
    path.write_text(text, encoding="utf-8")
    return path


def _chosen(rig: Rig) -> tuple[str, str, Actuator] | None:
    """An actuator that needs no hands, and its first fault: one with a proof if there is any, the quickest to rest."""
    able = [
        (name, next(iter(one.causes)), one)
        for name, one in rig.bench.actuators.items()
        if one.causes and one.operator is None
    ]
    return min(able, key=lambda choice: (choice[2].proof is None, choice[2].rest), default=None)
