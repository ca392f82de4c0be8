"""`twinfeed rig stop` and `rig status`: the request goes to the keeper before the rest of twinfeed is loaded."""

from __future__ import annotations

from twinfeed.hil_rigs.emergency.first import login, place_of, send


def main(words: list[str]) -> int | None:
    """`twinfeed rig stop` and `rig status`: the exit code; None leaves the words to the whole command line."""
    if words[:1] != ["rig"] or words[1:2] not in (["stop"], ["status"]):
        return None
    stops, as_json, lang, given = words[1] == "stop", False, "", list[str]()
    rest = iter(words[2:])
    for word in rest:
        if word == "--lang":
            lang = next(rest, "")
        elif word.startswith("--lang="):
            lang = word[len("--lang=") :]
        elif word == "--json":
            as_json = True
        elif word.startswith("-"):
            return None
        else:
            given.append(word)
    if not given or len(given) > 1 + stops:
        return None
    bench, why = given[0], given[1] if len(given) > 1 else ""
    place = place_of(bench)
    try:
        line = send(place, "emergency", login(), why=why) if stops else send(place, "status", login())
    except OSError:
        line = None
    from twinfeed.hil_rigs.emergency import quick  # a module that is loaded now delays nobody

    if stops:
        return quick.stop(bench, why, place, line, lang, as_json=as_json)
    return quick.status(bench, place, line, as_json, lang)
