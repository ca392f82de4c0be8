"""Cards for the isolation of components of a running site, worked through step by step."""

from __future__ import annotations

from typing import Any

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.people.isolation import Isolation, Procedure
from twinfeed.emulators.site import Site
from twinfeed.harness.tier3.isolation_procedures import card


class Isolations:
    """The isolations that are under way, by component."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._under_way: dict[str, Isolation] = {}

    def of(self, target: str) -> Isolation | str:
        """The isolation under way, or a new one; a text if the component has no card.

        Raises:
            PlantError: no component is called that.
        """
        if target not in self._site.components:
            self._site.faults(target)
            raise PlantError(f"{target} is no component of the plant")
        if target in self._under_way:
            return self._under_way[target]
        found = card(self._site, target)
        return Isolation(self._site.plant, found, "") if isinstance(found, Procedure) else found

    def step(self, target: str, person: str, force: bool) -> dict[str, Any]:
        """Do the step of the card that is due.

        Raises:
            PlantError: the component has no card, or the step is refused.
        """
        isolation = self.of(target)
        if isinstance(isolation, str):
            raise PlantError(f"{target} is not isolated: {isolation}")
        isolation.person = person
        step = isolation.do(force=force)
        self._under_way[target] = isolation
        if isolation.next is None:
            del self._under_way[target]
        return {"target": target, "done": str(step), "next": self.next_of(isolation), "isolated": isolation.isolated}

    def next_of(self, isolation: Isolation) -> str | None:
        return None if isolation.next is None else str(isolation.steps[isolation.next])

    def described(self, target: str) -> dict[str, Any]:
        """The card with its state: which steps are done, which is due, and what stands against each now.

        Raises:
            PlantError: no component is called that.
        """
        isolation = self.of(target)
        if isinstance(isolation, str):
            return {"refused": isolation}
        outward = len(isolation.procedure.out)
        return {
            "name": isolation.procedure.name,
            "isolates": list(isolation.procedure.isolates),
            "isolated": isolation.isolated,
            "steps": [
                {
                    "text": str(step),
                    "way": "out" if number < outward else "back",
                    "done": number in isolation.done,
                    "due": number == isolation.next,
                    "unmet": [why for need in step.requires if (why := need.unmet(self._site.plant))],
                }
                for number, step in enumerate(isolation.steps)
            ],
        }
