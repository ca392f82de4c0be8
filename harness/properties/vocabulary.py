"""Check that a property fits the quantities of a site: its names, words, kinds and units.

    fits([never("ats-a.position == 'emergancy'")], site)      # BindingError: … one of normal, off, emergency

A comparison that is the same whatever the site does proves nothing: with a word that the quantity never takes, with a
number outside of what it can show, between a word and a number. So is a sum of volts and percent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.site import Site
from twinfeed.harness import quantities
from twinfeed.harness.properties import syntax
from twinfeed.harness.properties.binding import Binder, BindingError
from twinfeed.harness.properties.language import Property, parse
from twinfeed.harness.properties.syntax import Expression

_ANY = (-math.inf, math.inf)

Domains = Callable[[str], Domain | None]
"""The domain of a quantity, None where nothing is known of it."""


def fits(properties: Iterable[Property | str], site: Site) -> None:
    """
    Raises:
        UnknownQuantity: the site has nothing of a name; the message names near ones.
        BindingError: a word, kind, number or unit does not fit its quantity; the message has the possible ones.
        PropertySyntaxError: a text is no property.
    """
    domain = domains(site)
    for given in properties:
        property = parse(given) if isinstance(given, str) else given
        binder = Binder(lambda pattern: list(quantities.resolve(site, pattern)), Vocabulary(domain))
        for expression in (property.expression, property.until, property.after):
            if expression is not None:
                binder.truth(expression)


def domains(site: Site) -> Domains:
    """The domains of a site's quantities, each looked up once."""
    known: dict[str, Domain | None] = {}

    def domain(name: str) -> Domain | None:
        if name not in known:
            try:
                known[name] = quantities.domain(site, name)
            except quantities.UnknownQuantity:
                known[name] = None  # a test records quantities of its own
        return known[name]

    return domain


class Vocabulary:
    """Checks the parts of expressions whose patterns have been replaced by names."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains

    def state(self, name: str) -> None:
        """A name stands where something true or false is needed.

        Raises:
            BindingError: the quantity is a number or a word.
        """
        domain = self._domains(name)
        if domain is None:
            return
        if domain.kind == "word":
            raise BindingError(f"{name} is a word, one of {_listed(domain)}; compare it: {name} == '{domain.words[0]}'")
        if domain.kind != "truth":
            raise BindingError(f"{name} is {_kind(domain)}, expected something true or false such as {name} > 0")

    def comparison(self, comparison: syntax.Comparison, spread: syntax.Comparison) -> None:
        """Checks a comparison as it is written, and `spread`: with a name for each that a pattern means.

        Raises:
            BindingError: the two sides cannot be compared, or are the same whatever the site does.
        """
        left, right = comparison.left, comparison.right
        for side, other in ((left, right), (right, left)):
            if isinstance(side, syntax.Name) and isinstance(other, syntax.Literal):
                self._with_literal(comparison, side.pattern, other)
                return
        found = [self._domains(side.pattern) for side in (left, right) if isinstance(side, syntax.Name)]
        domains = [domain for domain in found if domain is not None]
        kinds = {domain.kind for domain in domains} | {"number" for side in (left, right) if _is_calculated(side)}
        if len(kinds) > 1:
            raise BindingError(f"{comparison}: a {' and a '.join(sorted(kinds))} are never the same")
        words = [domain.words for domain in domains if domain.kind == "word"]
        if len(words) == 2 and not {*words[0]} & {*words[1]}:
            first, second = (", ".join(each) for each in words)
            raise BindingError(f"{comparison}: they have no word in common: one of {first}, one of {second}")
        unit = self._same_unit(comparison, self.unit(spread.left), self.unit(spread.right))
        for side, full, other in ((left, spread.left, right), (right, spread.right, left)):
            if isinstance(other, syntax.Literal) and type(other.value) is float:
                low, high = self._range(full)
                if low < high and not low <= other.value <= high:
                    raise BindingError(
                        f"{comparison}: {side} is from {low:g} to {high:g} {unit}".rstrip()
                        + ", so that this is the same whatever the site does"
                    )

    def _with_literal(self, comparison: syntax.Comparison, name: str, literal: syntax.Literal) -> None:
        domain, value = self._domains(name), literal.value
        if domain is None:
            return
        if literal.unit and literal.unit != domain.unit:
            found = f"{name} is in {domain.unit}" if domain.unit else f"{name} has no unit"
            raise BindingError(f"{comparison}: {found}, not in {literal.unit}")
        if domain.kind in ("text", "octets") and isinstance(value, str):
            return
        if isinstance(value, str) and domain.kind == "word":
            if value not in domain.words:
                hint = did_you_mean(value, (f"'{word}'" for word in domain.words), most=1)
                raise BindingError(f"{name} is never '{value}', it is one of {_listed(domain)}{hint}")
            return
        sound = {"truth": isinstance(value, bool), "number": type(value) is float}.get(domain.kind, False)
        if not sound:
            raise BindingError(f"{comparison}: {name} is {_kind(domain)}")
        if domain.kind == "number" and not domain.least <= float(value) <= domain.most:
            raise BindingError(
                f"{comparison}: {name} is from {domain.least:g} to {domain.most:g} {domain.unit}".rstrip()
                + ", so that this is the same whatever the site does"
            )

    # -- units ---------------------------------------------------------------------------------------------------

    def unit(self, expression: Expression) -> str:
        """The unit of a number, '' where it has none or any.

        Raises:
            BindingError: it is made of numbers in different units, or of what is no number.
        """
        match expression:
            case syntax.Literal(unit=unit):
                return unit
            case syntax.Name(pattern):
                domain = self._domains(pattern)
                return "" if domain is None else domain.unit
            case syntax.Arithmetic("+" | "-", left, right):
                return self._same_unit(expression, self.unit(left), self.unit(right))
            case syntax.Arithmetic(_, left, right):
                units = self.unit(left), self.unit(right)
                return "" if all(units) else units[0] or units[1]
            case syntax.Call("abs", (argument,)):
                return self.unit(argument)
            case syntax.Call("max" | "min" | "sum", arguments):
                unit = ""
                for argument in arguments:
                    unit = self._same_unit(expression, unit, self.unit(argument))
                return unit
            case syntax.Window("change", inner):
                return self.unit(inner)
        return ""

    # -- ranges --------------------------------------------------------------------------------------------------

    def _range(self, expression: Expression) -> tuple[float, float]:
        """The least and the most that a number can be, infinite where nothing is known of it."""
        match expression:
            case syntax.Literal(float(value)):
                return value, value
            case syntax.Name(pattern):
                domain = self._domains(pattern)
                return (domain.least, domain.most) if domain is not None and domain.kind == "number" else _ANY
            case syntax.Arithmetic("+", left, right):
                (a, b), (c, d) = self._range(left), self._range(right)
                return a + c, b + d
            case syntax.Arithmetic("-", left, right):
                (a, b), (c, d) = self._range(left), self._range(right)
                return a - d, b - c
            case syntax.Call("abs", (argument,)):
                low, high = self._range(argument)
                return max(low, -high, 0.0), max(-low, high)
            case syntax.Call("count", arguments) if any(map(self._domains, syntax.patterns(expression))):
                return 0.0, float(len(arguments))
            case syntax.Call("max" | "min" as function, arguments):
                choose = max if function == "max" else min
                ranges = [self._range(argument) for argument in arguments]
                return choose(low for low, _ in ranges), choose(high for _, high in ranges)
            case syntax.Call("sum", arguments):
                ranges = [self._range(argument) for argument in arguments]
                return sum(low for low, _ in ranges), sum(high for _, high in ranges)
            case syntax.Window("change", inner):
                low, high = self._range(inner)
                return 0.0, high - low
        return _ANY

    def number(self, expression: Expression) -> None:
        """A name stands where a number is needed.

        Raises:
            BindingError: the quantity is none.
        """
        domain = self._domains(expression.pattern) if isinstance(expression, syntax.Name) else None
        if domain is not None and domain.kind != "number":
            raise BindingError(f"{expression} is {_kind(domain)}, expected a number")

    def _same_unit(self, whole: Expression, left: str, right: str) -> str:
        if left and right and left != right:
            raise BindingError(f"{whole}: {left} and {right} do not go together")
        return left or right


def _is_calculated(expression: Expression) -> bool:
    """True if it is a number whatever it is made of."""
    if isinstance(expression, syntax.Literal):
        return type(expression.value) is float
    return isinstance(expression, (syntax.Arithmetic, syntax.Window, syntax.Call))


def _listed(domain: Domain) -> str:
    return ", ".join(domain.words)


def _kind(domain: Domain) -> str:
    match domain.kind:
        case "number":
            return f"a number in {domain.unit}" if domain.unit else "a number"
        case "truth":
            return "true or false"
        case "word":
            return f"a word, one of {_listed(domain)}"
    return f"a {domain.kind}" if domain.kind == "text" else "octets"
