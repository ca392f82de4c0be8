"""The account of a night as a page, as JSON and as JUnit XML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from xml.etree import ElementTree

from twinfeed.harness.campaign.nights.account import Account, Robustness

WIDTH, HEIGHT = 640, 160
"""Size of the curve of coverage, pixels."""

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .6rem;text-align:left}"
    ".bad{color:#a00}.good{color:#060}pre{overflow-x:auto;background:#f4f4f4;padding:.6rem}"
)

SHOWN = 200
"""Pairs that were never tried, as the page lists them; JSON has all."""


def html(told: Account) -> str:
    """One page that needs no other file."""
    failures = "".join(
        f"<h3 class=bad>{escape(str(f.kept.identity))}{' (new)' if f.new else ''}</h3>"
        f"<p>{escape(f.search)}<br>{escape(f.told)}"
        f"{'<br>It fails with ' + escape(f.kept.anyway) + ' as well.' if f.kept.anyway else ''}</p>"
        f"<pre>{escape(f.kept.what)}</pre>"
        for f in told.failures
    )
    kinds = Counter(kind for _, (_, kind) in told.untried)
    parts = [
        f"<h1>Campaign, night of {escape(told.night)}</h1>",
        f"<p>{told.scenarios} scenarios in this night, {told.known} known on these versions. "
        f"{len(told.failures)} distinct failures, {sum(f.new for f in told.failures)} of them new. "
        f"Night before: {escape(told.before) or 'none'}.</p>",
        "<h2>Failures</h2>",
        failures or "<p class=good>None.</p>",
        "<h2>Gone since the night before</h2>",
        _list(map(str, told.gone)),
        "<h2>Robustness of each property</h2>",
        _table(
            ("search", "property", "smallest margin", "put to the test", "verdict"),
            ((r.search, r.about, _margin(r), f"{r.tested} of {r.scenarios}", verdict(r)) for r in told.robustness),
        ),
        "<h2>Coverage over time</h2>",
        _curve(told.coverage),
        f"<h2>Never tried</h2><p>{len(told.untried)} pairs of fault and target.</p>",
        _table(("fault", "targets without it"), ((kind, str(count)) for kind, count in kinds.most_common())),
        _list(f"{search}: {target} {kind}" for search, (target, kind) in told.untried[:SHOWN]),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Campaign</title>"
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def verdict(robustness: Robustness) -> str:
    """`violated`, `held`, or `never put to the test`."""
    if robustness.violated:
        return "violated"
    return "held" if robustness.tested else "never put to the test"


def _margin(robustness: Robustness) -> str:
    return "–" if robustness.margin is None else f"{robustness.margin:.6g}"


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else "<p>None.</p>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _curve(points: Sequence[tuple[float, int]]) -> str:
    if not points:
        return "<p>No scenario.</p>"
    last_s, most = max(points[-1][0], 1e-9), max(points[-1][1], 1)
    line = " ".join(f"{WIDTH * at_s / last_s:.1f},{HEIGHT - HEIGHT * reached / most:.1f}" for at_s, reached in points)
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' width={WIDTH} role=img aria-label='events reached over time'>"
        f"<polyline points='{line}' fill=none stroke='#036' stroke-width=2 /></svg>"
        f"<p>{most} different events after {last_s:.0f} s of search.</p>"
    )


def as_json(told: Account) -> dict[str, Any]:
    """All of it as JSON values."""
    return {
        "night": told.night,
        "before": told.before,
        "searches": list(told.searches),
        "scenarios": told.scenarios,
        "known": told.known,
        "failures": [
            {
                "search": f.search,
                "property": f.kept.identity.about,
                "kind": f.kept.identity.kind,
                "place": f.kept.identity.place,
                "new": f.new,
                "fails_also_with": f.kept.anyway,
                "scenario": f.kept.scenario.to_dict(),
                "what": f.kept.what,
            }
            for f in told.failures
        ],
        "gone": [{"property": i.about, "kind": i.kind, "place": i.place} for i in told.gone],
        "untried": [{"search": search, "target": target, "fault": kind} for search, (target, kind) in told.untried],
        "robustness": [
            {
                "search": r.search,
                "property": r.about,
                "margin": r.margin,
                "tested": r.tested,
                "scenarios": r.scenarios,
                "verdict": verdict(r),
            }
            for r in told.robustness
        ],
        "coverage": [{"after_s": round(at_s, 1), "events": events} for at_s, events in told.coverage],
    }


def junit(told: Account) -> str:
    """One case for each property of each search; a property that was never put to the test is skipped, not passed.

    Failures that are no property's (the controller raised) are cases of their own.
    """
    cases: list[tuple[str, str, str, str]] = []
    for each in told.robustness:
        texts = [f.kept.what for f in told.failures if (f.search, f.kept.identity.about) == (each.search, each.about)]
        cases.append((each.search, each.about, "\n\n".join(texts), verdict(each)))
    stated = {(each.search, each.about) for each in told.robustness}
    for f in told.failures:
        if (f.search, f.kept.identity.about) not in stated:
            cases.append((f.search, str(f.kept.identity), f.kept.what, "violated"))
    suite = ElementTree.Element(
        "testsuite",
        name="twinfeed campaign",
        tests=str(len(cases)),
        failures=str(sum(word == "violated" for *_, word in cases)),
        skipped=str(sum(word == "never put to the test" for *_, word in cases)),
        errors="0",
        timestamp=told.night,
    )
    for search, name, what, word in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=_printable(search), name=_printable(name))
        if word == "violated":
            ElementTree.SubElement(case, "failure", message="violated").text = _printable(what)
        elif word != "held":
            ElementTree.SubElement(case, "skipped", message=word)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """The text without what XML 1.0 cannot hold, as the message of a controller may."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", text)
