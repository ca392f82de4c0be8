"""A text of twinfeed is translated wherever it is shown, also where it is no `Phrase` any more."""

from __future__ import annotations

from string import Formatter

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from twinfeed._phrases import Phrase
from twinfeed.harness.language.words import AROUND, Template, Words, _catalogue

FRENCH = Words("fr")


def made(text: str, name: str, figure: float) -> Phrase:
    """A phrase of that template: figures where it formats figures, names elsewhere."""
    values: dict[str, object] = {}
    for _, field, spec, _ in Formatter().parse(text):
        if field is not None:
            values[field] = name if not spec else int(figure) if spec[-1:] in ("x", ",") else figure
    return Phrase(text, **values)


@pytest.mark.parametrize(
    ("name", "figure"),
    [("ups-1", 2.5), ("rack-1.supplied", 40.0), ("Awa Traoré", 0.125), ("/var/tmp/banc/record.jsonl", 1200.0)],
)
def test_the_text_of_every_template_is_translated_as_the_phrase_is(name: str, figure: float) -> None:
    """Records, sockets and exceptions hold the text alone."""
    able = [Template(text, "") for text in _catalogue("fr") if "%H" not in text and "%(" not in text]
    phrases = [made(each.text, name, figure) for each in able if each.names and each.letters > 2]
    assert len(phrases) > 400
    assert {FRENCH(str(phrase)).strip(AROUND) for phrase in phrases} == {
        FRENCH(phrase).strip(AROUND) for phrase in phrases
    }


@pytest.mark.parametrize(
    ("text", "french"),
    [
        (
            "the bench has tripped (interlock charge: ups-1.battery.charge is 39, expected ups-1.battery.charge above 40); "
            "reset it first: twinfeed rig reset",
            "le banc s'est arrêté (verrouillage charge : ups-1.battery.charge vaut 39, attendu ups-1.battery.charge "
            "au-dessus de 40) ; ramenez-le d'abord : twinfeed rig reset",
        ),
        (
            "NOT SAFE: load: not there within 2 s; contactor-k1: should be off, stands at on",
            "PAS EN SÉCURITÉ : load : pas arrivé en 2 s ; contactor-k1 : devrait être sur off, est sur on",
        ),
        (
            "ups-1 battery.charge at snmp+v3://192.0.2.11: no answer in 2 tries of 1.5 s",
            "ups-1 battery.charge à snmp+v3://192.0.2.11 : aucune réponse en 2 essais de 1.5 s",
        ),
    ],
)
def test_texts_within_texts_are_translated_to_the_innermost(text: str, french: str) -> None:
    assert FRENCH(text) == french


PROSE = ["the pump is not here", "nothing that has a name", "reading of the card"]
"""English that no template of twinfeed makes."""


@given(st.sampled_from(sorted(_catalogue("fr"))), st.sampled_from(PROSE))
@example("found the tag {tag}, expected none", "the pump is not here")
@settings(max_examples=30)
def test_a_text_is_translated_as_a_whole_or_not_at_all(text: str, prose: str) -> None:
    """Around English that cannot be translated, a template stays English too: no line has two languages."""
    template = Template(text, "")
    assume(template.names and template.letters > 2 and "%" not in text and "!r" not in text)
    values = dict.fromkeys(template.names, "ups-1") | {sorted(template.names)[0]: prose}
    try:
        english = str(Phrase(text, **values)).strip(AROUND)
    except (ValueError, TypeError):
        assume(False)  # it formats a figure
    assert FRENCH(english) == english


@pytest.mark.parametrize(
    "text", ["module UPS-MIB is missing", "nothing is missing", "reading failed: Connection refused"]
)
def test_a_template_does_not_take_a_sentence_for_a_name(text: str) -> None:
    assert FRENCH(text) == text


@pytest.mark.parametrize("name", ["out", "before", "rack", "running"])
def test_a_folder_is_not_translated_though_its_name_is_a_text_as_well(name: str) -> None:
    phrase = Phrase("recorded in {folder}; the report: {command}", folder=name, command=f"twinfeed report {name}")
    assert FRENCH(phrase) == FRENCH(str(phrase)) == f"enregistré dans {name} ; le rapport : twinfeed report {name}"


def test_names_with_or_between_them_are_translated() -> None:
    assert FRENCH("unit: found 'W', expected kW or A") == "unit : trouvé 'W', attendu kW ou A"


@pytest.mark.parametrize(
    "text",
    ["la pompe fume", "the pump is hot and loud", "ups-1: 230 V (phase 1); 231 V", "Smart-UPS 1500, Rev. 2", "{half"],
)
def test_what_is_no_text_of_twinfeed_stays_as_it_is(text: str) -> None:
    """Names, figures, answers of devices, and what a person has typed."""
    assert FRENCH(text) == text


def test_english_stays_english() -> None:
    assert Words("en")("the bench is armed") == "the bench is armed"


def test_figures_are_formatted_as_the_template_asks() -> None:
    assert FRENCH(Phrase("not there within {step_s:g} s", step_s=2.0)) == "pas arrivé en 2 s"


def test_a_phrase_is_its_english_text() -> None:
    phrase = Phrase("the bench is {state}", state="armed")
    assert (phrase, str(phrase), f"{phrase}!") == ("the bench is armed", "the bench is armed", "the bench is armed!")


def test_every_catalogue_is_read() -> None:
    assert {"is missing", "no answer {tries}", "armed by {person}"} <= _catalogue("fr").keys()
