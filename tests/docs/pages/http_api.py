"""The page of the HTTP API: every path with its parameters or fields, and the reasons of refusals."""

from __future__ import annotations

from typing import Any

from twinfeed.harness.console.openapi import REFUSALS, document


def page() -> str:
    lines = [
        "# The HTTP API of the console",
        "",
        "A site that runs with its [console](../how-to/console.md) has this as OpenAPI 3.1 at `/api/v1/openapi.json`.",
        "Every path below begins with `/api/v1`, and every request carries the header `Authorization: Bearer TOKEN`.",
        "",
    ]
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            lines += [f"## {method.upper()} {path}", "", operation["summary"], ""]
            rows = [(p["name"], p["schema"], p["required"], p["description"]) for p in operation.get("parameters", ())]
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                rows = [
                    (name, of, name in schema["required"], of.get("description", ""))
                    for name, of in schema["properties"].items()
                ]
            if rows:
                lines += ["| field | type | required | meaning |", "|---|---|---|---|"]
                lines += [f"| `{n}` | {_type(of)} | {'yes' if need else ''} | {doc} |" for n, of, need, doc in rows]
                lines.append("")
            statuses = [s for s in operation["responses"] if s != "200"]
            lines += [f"Refused with {', '.join(statuses)}.", ""]
    lines += ["## Refusals", "", "| status | reason |", "|---|---|"]
    lines += [f"| {status} | {why} |" for status, why in REFUSALS.items()]
    return "\n".join(lines) + "\n"


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return ", ".join(dict.fromkeys(_type(of) for of in schema["anyOf"] if of.get("type") != "null"))
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    return str(schema.get("type", ""))
