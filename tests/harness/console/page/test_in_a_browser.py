"""The page in Debian's Chromium, on the pilot site: what a person clicks, and what they then see.

The strict policy of the page forbids `eval`, and so Playwright's `wait_for_function`: tests wait for locators.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness.console.access.guard import Role
from twinfeed.harness.console.playback.opening import played
from twinfeed.harness.console.playback.world import Playback
from twinfeed.harness.console.serving import ConsoleServer
from twinfeed.harness.console.world import Live
from twinfeed.harness.control import ControlServer
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.interop,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt install chromium"),
]

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is missing: pip install playwright")

PORTS = 23140
"""The devices of the pilot site answer at 127.0.0.1 from this port on."""


@dataclass
class Running:
    """The pilot site with its console. The site can be started again at the same port."""

    live: LiveSite
    console: ConsoleServer

    @classmethod
    async def started(cls, port: int = 0, tokens: dict[Role, str] | None = None) -> Running:
        live = LiveSite(Site.load("pilot"), ports=PORTS)
        await live.start()
        console = ConsoleServer(Live(ControlServer(live)), port, tokens)
        await console.start()
        return cls(live, console)

    async def stop(self) -> None:
        await self.console.stop()
        await self.live.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Running]:
    site = await Running.started()
    yield site
    await site.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[playwright_api.Browser]:
    async with playwright_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Playback:
    """The pilot site in an outage of a minute."""
    path = tmp_path_factory.mktemp("findings") / "outage.scenario.yaml"
    outage = Injection("utility-a", "outage", at_s=30.0, for_s=60.0)
    Scenario("pilot", duration_s=120.0, injections=(outage,), properties=("always board-a.live",)).save(path)
    return played(path)[0]


@asynccontextmanager
async def opened(browser: playwright_api.Browser, console: ConsoleServer) -> AsyncIterator[playwright_api.Page]:
    """A page of that console. Anything that it logs as an error, or fetches from elsewhere, fails the test."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
    context.set_default_timeout(20_000)
    page, wrong = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" and "ERR_CONNECTION" not in m.text else None)
    own = "http://127.0.0.1:"
    page.on(
        "request",
        lambda request: None if request.url.startswith((own, "data:", "blob:")) else wrong.append(request.url),
    )
    await page.goto(console.link)
    yield page
    await context.close()
    assert wrong == []


@pytest_asyncio.fixture(loop_scope="module")
async def page(running: Running, browser: playwright_api.Browser) -> AsyncIterator[playwright_api.Page]:
    """A page of the console of the running site, which is put in order afterwards."""
    async with opened(browser, running.console) as page:
        yield page
    running.live.site.clear()
    running.live.speed = 1.0


def box(page: playwright_api.Page, name: str) -> playwright_api.Locator:
    return page.locator(f'[data-id="{name}"]')


async def test_a_feed_is_cut_by_clicking_and_the_transfer_to_battery_and_its_alarm_are_seen(
    page: playwright_api.Page,
) -> None:
    await box(page, "utility-a").click()
    form = page.locator("form.fault")
    await form.locator("select").select_option("outage")
    await form.get_by_role("button").click()
    await page.locator('[data-id="utility-a"].is-dead').wait_for()
    await page.locator('[data-id="board-a"].is-dead').wait_for()
    await page.locator('[data-id="ups-a"].is-warning').wait_for()
    await page.locator("#alarms", has_text="on_battery").wait_for()
    await page.set_viewport_size({"width": 600, "height": 768})  # the list of alarms scrolls, and is not squeezed
    assert min(await page.locator("#alarms li").evaluate_all("items => items.map(item => item.offsetHeight)")) > 15
    await page.set_viewport_size({"width": 1366, "height": 768})
    # A wire has the colour of the supply at its own end: the UPS lives, the wire to it does not.
    await page.locator('[data-wire="ups-a.input"].dead').wait_for(state="attached")
    assert await page.locator('[data-wire="ups-board-a.module"].dead').count() == 0
    assert await page.locator('[data-id="row-1"].is-ok').count() == 1
    await page.locator(".active button").click()
    await page.locator('[data-id="board-a"].is-ok').wait_for()


async def test_a_parameter_out_of_its_range_is_not_sent_and_a_refusal_is_shown(page: playwright_api.Page) -> None:
    await box(page, "utility-a").click()
    form = page.locator("form.fault")
    await form.locator("select").select_option("swell")
    height = form.locator('input[name="height"]')
    await height.fill("100000")
    await form.get_by_role("button").click()
    assert await height.evaluate("input => input.validity.rangeOverflow")
    assert await page.locator("#alarms li.fault").count() == 0


async def test_a_person_does_a_deed_that_takes_a_number(page: playwright_api.Page, running: Running) -> None:
    """The field begins with the default of the deed, and is sent as a number."""
    await page.evaluate("location.hash = '#/power/pdu-1-a'")
    await page.get_by_text("Actions of a person").click()
    deed = page.locator("form.deed", has_text="switch-off")
    assert await deed.get_by_label("outlet").input_value() == "1"
    await deed.get_by_label("outlet").fill("2")
    await deed.get_by_role("button").click()
    await page.locator("#panel .done").wait_for()
    line = running.live.site.plant.journal[-1]
    assert (line.what, line.data["parameters"]) == ("do", {"outlet": 2})


async def test_a_ups_is_isolated_and_returned_step_by_step(page: playwright_api.Page, running: Running) -> None:
    await box(page, "ups-a").click()
    steps = page.locator('[data-part="procedure"]')
    count = await steps.locator("li").count()
    for n in range(count):
        await steps.locator(f'li[value="{n + 1}"].due button').first.click()
        if n + 1 < count:
            await steps.locator(f'li[value="{n + 1}"].step-done').wait_for()
        if n + 1 == await steps.locator('li[data-way="out"]').count():
            assert not running.live.site.components["ups-a"].quantity("live")
            assert running.live.site.components["row-1"].quantity("supplied")
    running.live.speed = 60.0  # the rectifier walks in for some seconds
    await page.locator('[data-id="ups-a"].is-ok').wait_for()
    assert running.live.site.components["ups-a"].quantity("mode") == "online"


async def test_time_is_paused_stepped_and_goes_on(page: playwright_api.Page, running: Running) -> None:
    await page.get_by_label("Your name").fill("Awa")
    await page.get_by_role("button", name="Pause").click()
    resume = page.get_by_role("button", name="Resume")
    await resume.wait_for()
    assert ("Awa (console)", "pause") in [(line.who, line.what) for line in running.live.site.plant.journal]
    await page.get_by_role("button", name="Step").click()
    await resume.click()
    await page.get_by_role("button", name="Pause").wait_for()


async def test_time_runs_until_a_condition_and_a_trend_and_the_timeline_show_it(
    page: playwright_api.Page, running: Running
) -> None:
    running.live.site.inject("utility-a", "outage")
    await page.get_by_role("tab", name="Time").click()
    await page.locator(".timeline .event.fault").first.wait_for(state="attached")
    await page.get_by_role("textbox", name="Point").fill("ups-a.charge_percent")
    await page.get_by_role("button", name="Add a trend").click()
    await page.get_by_label("or until a condition holds").fill("ups-a.charge_percent < 99.5")
    await page.get_by_role("button", name="Run", exact=True).click()
    await page.get_by_role("button", name="Resume").wait_for()
    assert running.live.site.components["ups-a"].quantity("charge_percent") <= 99.5
    await page.get_by_role("button", name="Resume").click()
    await page.locator('.chart .trend[d*="L"]').wait_for(state="attached")


async def test_a_scenario_is_dragged_on_its_timeline_and_run(page: playwright_api.Page, running: Running) -> None:
    await page.get_by_role("tab", name="Scenarios").click()
    await page.get_by_role("combobox", name="Component").fill("utility-b")
    await page.get_by_role("combobox", name="Component").blur()
    await page.get_by_role("combobox", name="Fault").select_option("outage")
    await page.get_by_role("button", name="Add the fault").click()
    bar = page.get_by_role("slider", name="utility-b outage")
    assert await bar.get_attribute("aria-valuenow") == "180"
    place = await bar.bounding_box()
    assert place is not None
    await page.mouse.move(place["x"] + 20, place["y"] + 8)
    await page.mouse.down()
    await page.mouse.move(place["x"] - 400, place["y"] + 8)
    await page.mouse.up()
    await page.locator('.board .event[aria-valuenow="0"]').wait_for()
    await page.get_by_role("button", name="Run on this site").click()
    await page.locator("#alarms li.fault", has_text="utility-b").wait_for()
    assert ("utility-b", "outage", {}) in running.live.site.active_faults()


async def test_a_recording_has_a_slider_and_its_verdicts_and_goes_on_from_a_moment(
    recorded: Playback, browser: playwright_api.Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    console = ConsoleServer(recorded, 0)
    await console.start()
    async with opened(browser, console) as page:
        slider = page.get_by_role("slider", name="Clock of the site")
        await page.locator('[data-id="utility-a"].is-ok').wait_for()
        await slider.fill("60")
        await page.locator('[data-id="utility-a"].is-dead').wait_for()
        await box(page, "ups-a").click()
        await page.locator('[data-part="values"]', has_text="battery").wait_for()
        await page.locator("#branch").click()
        link = await page.locator("#bar a").get_attribute("href")
        await slider.fill("10")
        await page.locator('[data-id="utility-a"].is-ok').wait_for()
        await page.get_by_role("tab", name="Playback").click()
        await page.locator(".timeline .event.fault").first.wait_for(state="attached")
        await page.locator(".verdict.violated", has_text="always board-a.live").wait_for()
        assert await page.locator(".robustness").count() == 1
        assert await page.get_by_role("tab", name="Scenarios").count() == 0
        assert link is not None
        await page.goto(link)
        await page.get_by_role("button", name="Pause").wait_for()
        await page.locator('[data-id="utility-a"].is-dead').wait_for()
    await recorded.close()
    await console.stop()


async def test_french_is_french_everywhere_and_is_remembered(page: playwright_api.Page) -> None:
    await box(page, "ups-a").click()
    await page.get_by_role("button", name="Français").click()
    await page.get_by_role("tab", name="Énergie").wait_for()
    await page.locator("#panel", has_text="Consignation, pas à pas").wait_for()
    await page.reload()
    await page.get_by_role("tab", name="Réseau").wait_for()


async def test_two_browsers_see_the_same(page: playwright_api.Page, running: Running) -> None:
    assert page.context.browser is not None
    other = await (await page.context.browser.new_context()).new_page()
    await other.goto(running.console.link)
    await other.locator('[data-id="utility-b"].is-ok').wait_for()
    running.live.site.inject("utility-b", "outage")
    for seen_by in (page, other):
        await seen_by.locator('[data-id="utility-b"].is-dead').wait_for()
        await seen_by.locator("#alarms li.fault", has_text="utility-b").wait_for()
    await other.context.close()


async def test_a_hidden_tab_has_no_stream_and_a_shown_one_has_it_again(
    page: playwright_api.Page, running: Running
) -> None:
    await page.locator('[data-id="utility-b"].is-ok').wait_for()
    await page.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.away, configurable: true})")
    async with page.expect_event("requestfailed", lambda request: request.url.endswith("/stream")):
        await page.evaluate("window.away = true; document.dispatchEvent(new Event('visibilitychange'))")
    running.live.site.inject("utility-b", "outage")
    async with page.expect_request("**/api/v1/stream"):
        await page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    await page.locator('[data-id="utility-b"].is-dead').wait_for()


async def test_every_box_is_reached_by_keyboard(page: playwright_api.Page) -> None:
    await box(page, "utility-a").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.locator("#panel h2", has_text="transformer-a").wait_for()
    await page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(page: playwright_api.Page, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="pip install axe-playwright-python")
    await page.emulate_media(color_scheme=scheme)
    await box(page, "ups-a").click()
    await page.locator('[data-part="values"]').wait_for()
    # The policy keeps scripts of others out of the page; the debugger's own world is not bound by it.
    await page.evaluate(Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run()")
    serious = [
        (violation["id"], [node["target"] for node in violation["nodes"]][:3])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert {"button-name", "color-contrast"} <= {rule["id"] for rule in found["passes"]}


async def test_a_restart_of_the_site_is_survived_and_two_runs_are_not_mixed(
    page: playwright_api.Page, running: Running
) -> None:
    running.live.site.inject("utility-a", "outage")
    await page.locator('[data-id="utility-a"].is-dead').wait_for()
    port, tokens = running.console.port, running.console.policy.tokens
    await running.stop()
    await page.locator("body.lost").wait_for()
    await page.locator("#notice.lost", has_text="Connection lost").wait_for()
    again = await Running.started(port, tokens)
    running.live, running.console = again.live, again.console
    await page.locator("#notice.back", has_text="nothing of the earlier run").wait_for()
    await page.locator('[data-id="utility-a"].is-ok').wait_for()
    assert await page.locator("#alarms li.fault").count() == 0
