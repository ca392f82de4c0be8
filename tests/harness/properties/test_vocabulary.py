"""A property whose words, kinds or units do not fit its quantities is refused with what would."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.site import Site
from twinfeed.fixtures.hunts import EVERY_DUTY, HUNTED
from twinfeed.harness import quantities
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.properties import BindingError, PropertySyntaxError, always, parse
from twinfeed.harness.properties.vocabulary import fits
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.report import Measure
from twinfeed.harness.search import trial
from twinfeed.harness.tier3.properties import normal, tier3


@cache
def pilot() -> Site:
    """Read once, and not before a test needs it."""
    return Site.load("pilot")


REFUSED = [
    ("never ats-a.position == 'emergancy'", r"is never 'emergancy', it is one of normal, off, emergency; did you mean 'em"),
    ("never 'emergancy' == ats-a.position", r"one of normal, off, emergency"),
    ("never ats-*.position != 'Normal'", r"ats-a\.position is never 'Normal'"),
    ("always ats-a.position", r"is a word, one of normal, off, emergency; compare it: ats-a\.position == 'normal'"),
    ("always ats-a.position < 3", r"ats-a\.position is a word"),
    ("always hall-1.inlet_c", r"is a number in °C, expected something true or false"),
    ("always hall-1.inlet_c == 'hot'", r"hall-1\.inlet_c is a number in °C"),
    ("always utility-a.live == 1", r"utility-a\.live is true or false"),
    ("always utility-a.live == 'yes'", r"utility-a\.live is true or false"),
    ("always utility-a.live + 1 > 2", r"utility-a\.live is true or false, expected a number"),
    ("always count(hall-1.inlet_c) > 1", r"expected something true or false"),
    ("never change(ats-a.position, 1 min) > 1", r"ats-a\.position is a word, one of"),
    ("always ats-a.position == generator-1.mode", r"have no word in common"),
    ("always ats-a.position == utility-a.live", r"a truth and a word are never the same"),
    ("always ats-a.position == hall-1.inlet_c + 1", r"a number and a word are never the same"),
    ("always hall-1.inlet_c < 300", r"is from -60 to 250 °C, so that this is the same whatever the site does"),
    ("always ups-a.charge_percent > -1", r"from 0 to 100 %"),
    ("always hall-1.inlet_c < 80 °F", r"hall-1\.inlet_c is in °C, not in °F"),
    ("always hall-1.inlet_c < ups-a.charge_percent", r"°C and % do not go together"),
    ("always hall-1.inlet_c + ups-a.charge_percent > 3", r"°C and % do not go together"),
    ("always max(hall-1.inlet_c, ups-a.charge_percent) > 3", r"do not go together"),
    ("always change(hall-1.inlet_c, 1 min) < ups-a.charge_percent", r"°C and % do not go together"),
    ("never max(ups-*.charge_percent) > 128", r"max\(ups-\*\.charge_percent\) is from 0 to 100 %, so that this is the"),
    ("never min(ups-a.charge_percent, ups-b.charge_percent) < -1", r"is from 0 to 100 %, so that this is the same"),
    ("always max(ups-*.charge_percent) < 27 V", r"% and V do not go together"),
    ("always sum(ups-a.charge_percent, ups-b.charge_percent) <= 201", r"is from 0 to 200 %"),
    ("always count(ups-a.on_battery, ups-b.on_battery) < 3", r"is from 0 to 2, so that this is the same"),
    ("always abs(ups-a.charge_percent) >= -1 %", r"is from 0 to 100 %"),
    ("always ups-a.charge_percent - ups-b.charge_percent < 101", r"is from -100 to 100 %"),
    ("always change(ups-a.charge_percent, 1 min) < 200", r"is from 0 to 100 %"),
    ("within 1 s of ats-a.position == 'of': utility-a.live", r"is never 'of'"),
    ("utility-a.live until ats-a.position == 'x'", r"is never 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=lambda value: value)
def test_what_does_not_fit_is_refused(text, message):
    with pytest.raises(BindingError, match=message):
        fits([text], pilot())


@pytest.mark.parametrize(
    "text", ["always ats-a.positoin == 'normal'", "always hall-9.inlet_c < 27", "never nothing.here"]
)
def test_what_the_site_does_not_have_is_refused(text):
    with pytest.raises(UnknownQuantity):
        fits([text], pilot())


@pytest.mark.parametrize(
    "text",
    [
        "always ats-a.position == ats-b.position",
        "always hall-1.inlet_c < 27 °C hysteresis 0.5",
        "always 18 <= hall-1.inlet_c <= 27 °C",
        "always ups-a.charge_percent >= 0 %",
        "always utility-a.live == true",
        "always max(ups-*.charge_percent) - min(ups-*.charge_percent) < 20 %",
        "never rate(hall-1.inlet_c, 1 h) > 20",
        *EVERY_DUTY,
        *(demand for hunted in HUNTED for demand in hunted.demands),
    ],
)
def test_what_fits_is_taken(text):
    fits([text], pilot())


def test_what_is_normal_on_a_site_fits_it():
    fits([f"eventually {normal(pilot())}"], pilot())


@pytest.mark.parametrize("site", ["bench", "pilot", "bamako"])
def test_the_tier_iii_pack_fits_every_site(site):
    model = Site.load(site)
    fits(tier3(model), model)


def test_a_unit_is_part_of_the_text():
    assert str(parse("always hall-1.inlet_c < 27 °C and ups-a.charge_percent>50%")) == (
        "always hall-1.inlet_c < 27 °C and ups-a.charge_percent > 50 %"
    )
    with pytest.raises(PropertySyntaxError):
        parse("always hall-1.inlet_c °C < 27")


@cache
def of_kind(kind: str) -> list[str]:
    """The names of the site's quantities that are numbers, or words."""
    return [
        f"{name}.{quantity}"
        for name, component in pilot().components.items()
        for quantity in component.QUANTITIES
        if quantities.domain(pilot(), f"{name}.{quantity}").kind == kind
    ]


NUMBERS = st.deferred(lambda: st.sampled_from(of_kind("number")))
WORDS = st.deferred(lambda: st.sampled_from(of_kind("word")))


@given(WORDS, st.text("abcdefghijklmnop_-", min_size=1, max_size=12))
@settings(max_examples=examples(60), deadline=None)
def test_of_words_exactly_those_are_taken_that_the_quantity_can_be(name, word):
    domain = quantities.domain(pilot(), name)
    for known in domain.words:
        fits([f"never {name} == '{known}'"], pilot())
    if word not in domain.words:
        with pytest.raises(BindingError, match="it is one of"):
            fits([f"never {name} == '{word}'"], pilot())


@given(NUMBERS, st.floats(-1e9, 1e9))
@settings(max_examples=examples(60), deadline=None)
def test_of_numbers_those_that_the_quantity_can_show(name, limit):
    domain = quantities.domain(pilot(), name)
    text = f"always {name} < {limit!r}"
    if domain.least <= float(repr(limit)) <= domain.most:
        fits([text], pilot())
    else:
        with pytest.raises(BindingError):
            fits([text], pilot())


# -- wherever a condition is taken ---------------------------------------------------------------------------------------


def test_a_search_refuses_it_before_it_runs_anything():
    with pytest.raises(BindingError, match="one of normal, off, emergency"):
        trial(Scenario("pilot", properties=("never ats-a.position == 'emergancy'",), duration_s=60.0))


def test_so_does_the_condition_of_a_fault():
    fault = Injection("utility-a", "outage", until="ats-a.position == 'emergancy'")
    with pytest.raises(BindingError, match="one of normal, off, emergency"):
        trial(Scenario("pilot", injections=(fault,), properties=("always utility-a.live",), duration_s=60.0))


@pytest.mark.site("pilot")
async def test_so_does_a_test(site):
    await site.run("1 s")
    with pytest.raises(BindingError, match="one of normal, off, emergency"):
        site.check(always("ats-a.position != 'emergancy'"))
    with pytest.raises(BindingError, match="°F"):
        site.check(always("hall-1.inlet_c < 80 °F"))
    with pytest.raises(BindingError, match="one of normal, off, emergency"):
        await site.inject("utility-a", "outage", until="ats-a.position == 'emergancy'")


@pytest.mark.site("pilot")
async def test_so_does_a_measurement(site, journal):
    await site.run("1 s")
    measure = Measure()
    with pytest.raises(BindingError, match="one of normal, off, emergency"):
        measure.transfer_time(journal, "ats-a.position != 'emergancy'", at_most="20 ms")
    journal.trace.add(site.now, "lamp.colour", "green")  # a quantity of the test's own
    site.check(always("lamp.colour == 'green'"))


RIG = """
bench: b
may_arm: [Awa]
wiring:
  power:
    utility-a: {kind: utility}
    ups-1: {kind: ups, from: {input: utility-a}, kva: 3, kw: 2.7, phases: 1, device: {profile: ups-rfc1628, address: 127.44.0.11}}
devices: {ups-1: {snmp: {address: 127.44.0.11}}}
"""


@pytest.mark.parametrize(
    ("limit", "field", "message"),
    [
        (
            "quantity: ups-1.battery.charge, above: 400",
            "above",
            "ups-1.battery.charge is never above 400: it is from 0 to 100 %",
        ),
        ("quantity: ups-1.battery.charge, is: full", "is", "cannot be that"),
        ("quantity: ups-1.output.source, is: batery", "is", "expected one of "),
        ("quantity: ups-1.output.source, below: 3", "below", "is no number, it is one of"),
    ],
)
def test_so_does_an_interlock_of_a_bench(tmp_path: Path, limit: str, field: str, message: str):
    from twinfeed.emulators.yamlfile import FileError
    from twinfeed.hil_rigs import rigfile

    path = tmp_path / "rig.yaml"
    path.write_text(f"{RIG}interlocks:\n  battery:\n    {{{limit}}}\n", encoding="utf-8")
    with pytest.raises(FileError) as caught:
        rigfile.read(path)
    assert f"rig.yaml:11: interlocks.battery.{field}" in str(caught.value)
    assert message in str(caught.value)
