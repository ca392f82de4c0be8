"""A quantity that one component or device has as a property is one on all of them: a method in its place is always true."""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from functools import cached_property
from types import FunctionType

from twinfeed.emulators.devices.catalogue import KINDS as DEVICES
from twinfeed.emulators.plant.catalogue import KINDS as COMPONENTS
from twinfeed.emulators.plant.kernel.actor import Actor

assert DEVICES, COMPONENTS


def _bare(method: object) -> bool:
    """A method without arguments: only that could be meant as a property."""
    return isinstance(method, FunctionType) and list(inspect.signature(method).parameters) == ["self"]


def test_no_quantity_is_a_property_here_and_a_method_there() -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("twinfeed.emulators.")]
    actors = {c for m in modules for c in vars(m).values() if inspect.isclass(c) and issubclass(c, Actor)}
    properties, methods = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for actor in actors:
        for name, own in vars(actor).items():
            if isinstance(own, property | cached_property):
                properties[name].add(actor.__qualname__)
            elif _bare(own):
                methods[name].add(actor.__qualname__)
    assert len(properties) > 200
    assert {name: (properties[name], methods[name]) for name in properties.keys() & methods.keys()} == {}
