"""The API answers as its OpenAPI document promises, whatever the requests are."""

from __future__ import annotations

import asyncio
import json
from functools import cache

import pytest
import schemathesis
from console_client import Browser, browser_of
from hypothesis import HealthCheck, settings
from pydantic import BaseModel
from requests import Request

from twinfeed.harness.console.access.guard import Bucket
from twinfeed.harness.console.openapi import GETS, document


@cache
def bench() -> Browser:
    return browser_of("bench", Bucket(1e9, 1e9))


SCHEMA = schemathesis.openapi.from_dict(document()).exclude(path="/stream")
"""The stream has no end; `test_looking` reads it."""


@SCHEMA.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_request_has_a_documented_answer(case: schemathesis.Case) -> None:
    client = bench()
    sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8140/api/v1")
    kept = {name: sent[name] for name in ("params", "json", "data") if name in sent}
    prepared = Request(sent["method"], sent["url"], **kept).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    answer = asyncio.run(client.send(case.method, prepared.path_url, body, {}))
    documented = document()["paths"][case.operation.path]
    expected = documented[case.method.lower()]["responses"] if case.method.lower() in documented else {"404", "405"}
    assert str(answer.status) in expected, (case, answer.body)
    if answer.status != 200:
        assert answer.json.keys() == {"error", "next"} and "Traceback" not in answer.json["error"]
    client.console.world.site_at(None).clear()


@pytest.mark.parametrize("path", sorted(set(GETS) - {"/timeline"}))  # test_playback has a recording
async def test_answers_are_those_of_their_models(path: str) -> None:
    model: type[BaseModel] = GETS[path][0]
    for name in ("ups-1", "utility-a", "sensor-1") if "{name}" in path else ("power",):
        answer = await bench().get("/api/v1" + path.format(which=name, name=name))
        model.model_validate_json(answer.body)


async def test_every_path_of_the_api_is_documented() -> None:
    routes = {
        route.path.removeprefix("/api/v1") for route in bench().console._routes() if route.path.startswith("/api/v1")
    }
    assert routes - {"/openapi.json"} == set(document()["paths"])
    assert json.loads((await bench().get("/api/v1/openapi.json")).body) == document()
