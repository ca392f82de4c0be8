"""The requests that a console refuses: other hosts, other pages, no token, too long, too often."""

from __future__ import annotations

import logging

import pytest
from console_client import HOST, Browser, browser_of

from twinfeed.harness.console.access.guard import MAX_BODY, MOST_LOGGED, Bucket, Policy
from twinfeed.harness.console.access.tokens import new


@pytest.fixture(scope="module")
def bench() -> Browser:
    return browser_of("bench")


async def test_the_page_has_a_strict_policy_and_needs_no_token(bench: Browser) -> None:
    answer = await Browser(bench.console, bench.policy, role="").get("/")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"https://{HOST}"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Basic eDp5"}, 401),
        ({"authorization": ""}, 401),
        ({"origin": f"http://{HOST}", "sec_fetch_site": "same-origin"}, 200),
    ],
)
async def test_foreign_hosts_pages_and_tokens_are_refused(bench: Browser, headers: dict[str, str], status: int) -> None:
    answer = await bench.get("/api/v1/site", **headers)
    assert answer.status == status
    assert "access-control-allow-origin" not in answer.headers
    if status != 200:
        assert answer.json["error"] and answer.json["next"] and "set-cookie" not in answer.headers


async def test_a_client_that_tries_names_does_not_hide_other_refusals(caplog: pytest.LogCaptureFixture) -> None:
    console = browser_of("bench")
    for n in range(2 * MOST_LOGGED):
        await console.get("/api/v1/site", host=f"h{n}.example")
    assert len(caplog.records) == MOST_LOGGED
    await console.get("/api/v1/site", authorization="Bearer wrong")
    assert "token" in caplog.records[-1].getMessage() and len(caplog.records) == MOST_LOGGED + 1


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/api/v1/site", 403), ("/metrics", 403)])
async def test_a_link_of_another_page_opens_the_page_and_nothing_else(bench: Browser, path: str, status: int) -> None:
    """A link in a mail, or that of a branch on the page of a recording, which has another port."""
    answer = await bench.get(path, sec_fetch_site="same-site", sec_fetch_mode="navigate")
    assert answer.status == status


@pytest.mark.parametrize(
    "path", ["/page/../app.py", "/page/%2e%2e%2fapp.py", "/page/..%2f..%2fguard.py", "/page//etc/passwd", "/page/.", "/page/app.py"],
)  # fmt: skip
async def test_no_path_leads_out_of_the_page(bench: Browser, path: str) -> None:
    assert (await bench.get(path)).status == 404


async def test_a_file_that_has_not_changed_is_not_sent_again(bench: Browser) -> None:
    first = await bench.get("/page/index.html")
    again = await bench.get("/page/index.html", if_none_match=first.headers["etag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")


async def test_a_reading_link_reads_only(bench: Browser) -> None:
    reader = Browser(bench.console, bench.policy, role="read")
    assert (await reader.get("/api/v1/site")).json["can"]["write"] is False
    assert (await reader.post("/api/v1/clear", {})).status == 403


@pytest.mark.parametrize("length", [None, str(MAX_BODY + 1), "0", "-1", "9" * 5000, "ten"])
async def test_a_body_has_a_limit_whatever_its_length_says(bench: Browser, length: str | None) -> None:
    headers = {} if length is None else {"content_length": length}
    answer = await bench.post("/api/v1/clear", b"x" * (MAX_BODY + 1), **headers)
    assert answer.status in (404, 413)


def test_actions_have_a_rate() -> None:
    now = [0.0]
    bucket = Bucket(10.0, 3.0, lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] += 0.1
    assert bucket.take() and not bucket.take()


async def test_a_refusal_is_logged_once(bench: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            await bench.get("/api/v1/site", authorization="Bearer guessed")
            await bench.get("/", host="other.example")
    assert len([r for r in caplog.records if "other.example" in r.message]) == 1
    assert len([r for r in caplog.records if "(401)" in r.message]) <= 1


def test_the_tokens_are_not_printed_with_the_policy() -> None:
    policy = Policy.of_port(1, new())
    assert policy.tokens["write"] not in repr(policy)
    assert policy.tokens["write"] != policy.tokens["read"]
