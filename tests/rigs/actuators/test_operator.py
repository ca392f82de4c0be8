"""An operator's reading and answers: ordered, confirmed, refused, not there, and nonsense asked again."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from rich.console import Console

from twinfeed.emulators.yamlfile import FileError
from twinfeed.hil_rigs import actuators, instruments, rigfile
from twinfeed.hil_rigs.actuators import Actuator, ActuatorFailed
from twinfeed.hil_rigs.cli import operating
from twinfeed.hil_rigs.dialogue import Answer, Dialogue, NobodyThere, Question, Unattended
from twinfeed.hil_rigs.instruments import Instrument, NoReading
from twinfeed.hil_rigs.instruments.operator import reading
from twinfeed.hil_rigs.schema import Language
from twinfeed.hil_rigs.terminal import TerminalDialogue

PLUG = """
actuators:
  plug:
    operator:
      do:
        "on": {en: Plug the UPS in., fr: Branchez l'onduleur.}
        "off": {en: Pull the UPS's plug., fr: Débranchez l'onduleur.}
      picture: plug.png
      timeout: 90s
"""
GAUGE = """
instruments:
  tank-1.level_percent:
    operator: {ask: {en: Read the gauge., fr: Lisez la jauge.}, unit: "%", timeout: 90s}
"""

Write = Callable[[str], Path]


class Plays(Dialogue):
    """A technician who answers this, one after the other, and then falls silent."""

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[Question] = []
        self._answers = list(answers)

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question)
        if not self._answers:
            await asyncio.Event().wait()
        return self._answers.pop(0)


def plug(rig_file: Write, dialogue: Dialogue, language: Language = "en", timeout: str = "90s") -> Actuator:
    path = rig_file(PLUG.replace("90s", timeout))
    (path.parent / "plug.png").touch()
    rig = rigfile.read(path)
    return actuators.make(rig, {}, dialogue, language)["plug"]


def gauge(rig_file: Write, dialogue: Dialogue, language: Language = "en", timeout: str = "90s") -> Instrument:
    rig = rigfile.read(rig_file(GAUGE.replace("90s", timeout)))
    return instruments.make(rig, {}, dialogue, language)["tank-1.level_percent"]


class TestDoing:
    async def test_they_are_told_in_their_language_with_the_picture(self, rig_file: Write) -> None:
        awa = Plays(Answer(True, person="Awa Traoré"))
        it = plug(rig_file, awa, "fr")
        await it.move("off")
        picture = rig_file("").parent / "plug.png"
        assert awa.asked == [Question("plug", "Débranchez l'onduleur.", 90.0, picture)]
        assert await it.position() == "off"

    async def test_nothing_tells_where_it_stands_before_they_have_said_so(self, rig_file: Write) -> None:
        assert await plug(rig_file, Plays()).position() is None

    async def test_an_absent_operator_is_a_failure_that_says_who_was_asked_what_and_how_long(
        self, rig_file: Write
    ) -> None:
        it = plug(rig_file, Plays(Answer(True)), timeout="10ms")
        await it.move("on")
        with pytest.raises(
            ActuatorFailed,
            match=r"^plug: the operator was asked “Pull the UPS's plug\.” and did not confirm in 0\.01 s$",
        ):
            await it.move("off")
        assert await it.position() is None

    async def test_a_refusal_says_who_and_why(self, rig_file: Write) -> None:
        it = plug(rig_file, Plays(Answer(False, "the cabinet is locked", "Awa Traoré")))
        with pytest.raises(
            ActuatorFailed, match=r"^plug: Awa Traoré was asked “.*” and refused: the cabinet is locked$"
        ):
            await it.move("off")

    async def test_an_unattended_bench_fails_at_once(self, rig_file: Write) -> None:
        with pytest.raises(
            ActuatorFailed, match=r"plug: nobody could be asked “Pull the UPS's plug\.”: nobody attends the bench"
        ):
            await plug(rig_file, Unattended()).move("off")

    async def test_tried_dry_it_asks_nobody(self, rig_file: Write) -> None:
        awa = Plays()
        assert await plug(rig_file, awa).try_dry() == (
            "the operator is asked, for 90 s at most: on: Plug the UPS in.; off: Pull the UPS's plug."
        )
        assert awa.asked == []

    def test_a_picture_that_is_not_there_is_named(self, rig_file: Write) -> None:
        with pytest.raises(
            FileError, match=r"rig\.yaml:\d+: actuators\.plug\.operator\.picture: there is no file .*plug\.png"
        ):
            rigfile.read(rig_file(PLUG))

    def test_every_position_of_the_rig_file_has_its_instruction(self, rig_file: Write) -> None:
        with pytest.raises(FileError, match=r"rig\.yaml:20: actuators\.plug\.safe: found 'away'; there are: off, on"):
            rigfile.read(rig_file(PLUG + "    safe: away\n"))


class TestReading:
    @pytest.mark.parametrize(("text", "value"), [("42", 42.0), (" 42,5 % ", 42.5), ("42.5%", 42.5), ("1e1", 10.0)])
    async def test_a_number_with_or_without_its_unit(self, rig_file: Write, text: str, value: float) -> None:
        assert await gauge(rig_file, Plays(Answer(True, text))).read() == value

    async def test_nonsense_is_asked_again_and_told_what_was_wrong(self, rig_file: Write) -> None:
        awa = Plays(Answer(True, "half full"), Answer(True, "60 l"), Answer(True, "55"))
        assert await gauge(rig_file, awa).read() == 55.0
        assert [question.wrong for question in awa.asked] == [
            "", "found 'half full', expected a number (%) such as 12.5", "found the unit 'l', expected %",
        ]  # fmt: skip

    async def test_nonsense_is_told_in_their_language(self, rig_file: Write) -> None:
        awa = Plays(Answer(True, "à moitié"), Answer(True, "55"))
        await gauge(rig_file, awa, "fr").read()
        assert [question.text for question in awa.asked] == ["Lisez la jauge."] * 2
        assert awa.asked[1].wrong == "trouvé 'à moitié', attendu un nombre (%) tel que 12,5"

    async def test_nothing_but_nonsense_is_no_reading(self, rig_file: Write) -> None:
        with pytest.raises(
            NoReading, match=r"asked “Read the gauge\.” 5 times, Awa gave no reading: found 'x', expected a number"
        ):
            await gauge(rig_file, Plays(*[Answer(True, "x", "Awa")] * 5)).read()

    async def test_an_absent_reader_gives_no_reading(self, rig_file: Write) -> None:
        with pytest.raises(NoReading, match=r"the operator was asked “Read the gauge\.” and did not answer in 0\.01 s"):
            await gauge(rig_file, Plays(), timeout="10ms").read()

    @pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "1.2.3", "12 kW 3", "0x10", "--1"])
    def test_what_is_no_finite_number_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="found"):
            reading(text, "%")


class Terminal:
    """A dialogue at a terminal whose keyboard is a pipe."""

    def __init__(self, language: Language = "en") -> None:
        source, self._keyboard = os.pipe()
        self._hung_up = False
        self._source = os.fdopen(source, encoding="utf-8")
        self.screen = io.StringIO()
        console = Console(file=self.screen, width=200, highlight=False)
        self.dialogue = TerminalDialogue(language, "Awa Traoré", self._source, console)

    def types(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def hangs_up(self) -> None:
        if not self._hung_up:
            self._hung_up = True
            os.close(self._keyboard)

    async def ends(self) -> None:
        """Hang up, and close the terminal when its reader has seen the end."""
        self.hangs_up()
        if self.dialogue._reader is not None:
            await asyncio.to_thread(self.dialogue._reader.join, 10)
        self._source.close()


@pytest.fixture
async def terminal(language: Language) -> AsyncIterator[Terminal]:
    made = Terminal(language)
    yield made
    await made.ends()


@pytest.fixture
def language() -> Language:
    return "en"


class TestAtATerminal:
    async def test_an_empty_line_confirms(self, terminal: Terminal) -> None:
        asked = asyncio.ensure_future(terminal.dialogue.ask(Question("plug", "Pull the plug.", 90.0, Path("plug.png"))))
        await asyncio.sleep(0)
        terminal.types("\n")
        assert await asked == Answer(True, "", "Awa Traoré")
        assert "plug (within 90 s)" in terminal.screen.getvalue()
        assert "picture: plug.png" in terminal.screen.getvalue()

    @pytest.mark.parametrize("language", ["fr"])
    async def test_any_other_line_is_why_not(self, terminal: Terminal) -> None:
        asked = asyncio.ensure_future(terminal.dialogue.ask(Question("plug", "Débranchez.", 90.0)))
        await asyncio.sleep(0)
        terminal.types("c'est fermé à clé\n")
        assert await asked == Answer(False, "c'est fermé à clé", "Awa Traoré")
        assert "Entrée quand c'est fait" in terminal.screen.getvalue()

    async def test_a_reading_is_what_is_typed(self, terminal: Terminal) -> None:
        asked = asyncio.ensure_future(
            terminal.dialogue.ask(Question("tank", "Read.", 90.0, unit="%", wrong="found 'x'"))
        )
        await asyncio.sleep(0)
        terminal.types("42 %\n")
        assert await asked == Answer(True, "42 %", "Awa Traoré")
        assert "found 'x'" in terminal.screen.getvalue()

    async def test_a_line_that_comes_too_late_answers_no_later_question(self, terminal: Terminal) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await terminal.dialogue.ask(Question("plug", "Pull the plug.", 0.01))
        terminal.types("\n")
        while terminal.dialogue._lines.empty():
            await asyncio.sleep(0.01)
        asked = asyncio.ensure_future(terminal.dialogue.ask(Question("tank", "Read.", 90.0, unit="%")))
        await asyncio.sleep(0)
        terminal.types("42\n")
        assert (await asked).text == "42"

    async def test_a_closed_terminal_has_nobody_at_it(self, terminal: Terminal) -> None:
        terminal.hangs_up()
        for _ in range(2):
            with pytest.raises(NobodyThere, match="the terminal"):
                await terminal.dialogue.ask(Question("plug", "Pull the plug.", 90.0))


@pytest.mark.parametrize(("unit", "prompt"), [(None, "done? [y/n]"), ("V", "value [V]:"), ("", "value, as it stands:")])
def test_the_prompt_of_rig_operate_has_the_unit_of_a_reading(unit: str | None, prompt: str) -> None:
    assert str(operating._wanted(unit)) == prompt
