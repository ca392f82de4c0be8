"""The tests that are meant for a bench."""

from __future__ import annotations

import pytest

from twinfeed._phrases import Phrase
from twinfeed.emulators import sitefile
from twinfeed.harness.plugin.marks import site_mark
from twinfeed.harness.worlds.sites import beside
from twinfeed.harness.worlds.world import Cannot
from twinfeed.hil_rigs.rigfile import Rig


def fits(rig: Rig, item: pytest.Item) -> None:
    """Whether a test is for this bench: it names no site, or the one whose twin the bench is.

    Raises:
        Cannot: it is for another site.
        FileError: the site it names does not exist.
        WrongMarker: the marker `site` has arguments that it does not take.
    """
    if named := site_mark(item).name:
        meant = sitefile.read(beside(named, item.path)).head.site
        if meant != rig.site.name:
            raise Cannot(
                Phrase(
                    "this test is for site {meant}; bench {rig} is a twin of {site}",
                    meant=meant,
                    rig=rig.name,
                    site=rig.site.name,
                )
            )
