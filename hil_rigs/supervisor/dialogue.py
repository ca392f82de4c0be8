"""Asking people through the supervisor's socket: `twinfeed rig operate`, or a test that plays the technician."""

from __future__ import annotations

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.dialogue import Answer, Dialogue, NobodyThere, Question
from twinfeed.hil_rigs.supervisor.server import Server

ANSWERED = 0.95
"""Of the time that whoever asks waits: what is left is for telling that, and whether anybody was there."""


class AskedOverSocket(Dialogue):
    """Whoever is connected to the supervisor may answer; the first answer counts."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def ask(self, question: Question) -> Answer:
        asked = {
            "about": question.about,
            "text": question.text,
            "timeout_s": question.timeout_s,
            "picture": None if question.picture is None else str(question.picture),
            "unit": question.unit,
            "wrong": question.wrong,
        }
        answer = await self._server.ask_people(asked, ANSWERED * question.timeout_s)
        if answer is None:
            if self._server.attended:  # who has seen the question may have begun with what it asks for
                raise TimeoutError
            raise NobodyThere(
                Phrase(
                    "nobody answered within {timeout_s:g} s; open `twinfeed rig operate` at the bench",
                    timeout_s=question.timeout_s,
                )
            )
        return Answer(bool(answer.get("done")), str(answer.get("text") or ""), str(answer.get("person") or ""))
