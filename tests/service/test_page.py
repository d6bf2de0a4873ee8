"""The playground in a browser, Debian's Chromium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tagger.formats.brackets import bracketed
from tagger.runtime.results import Entity
from tagger.service import Settings, create_app
from tests.helpers.services import ask, serving

PLAYWRIGHT = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("needs Debian's Chromium", allow_module_level=True)

pytestmark = pytest.mark.slow

TEXT = "Dear Ms Okafor, your appointment with Dr Lindqvist is on Monday at the clinic in Leeds."


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with PLAYWRIGHT.sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, service: str) -> Iterator[Any]:
    """The page with `TEXT`, and without any error on its console."""
    with opened(browser, service) as page:
        page.fill("#text", TEXT)
        page.wait_for_selector("#result:not(.stale):has-text('Okafor')")
        yield page


class opened:  # noqa: N801 - used as a function
    """Open a page; at the end nothing may have gone wrong in it."""

    def __init__(self, browser: Any, url: str, *, may_fail: bool = False) -> None:
        self._context = browser.new_context(accept_downloads=True)
        self._page = self._context.new_page()
        self._page.set_default_timeout(15_000)
        self._errors: list[str] = []
        self._may_fail = may_fail
        self._page.on("pageerror", lambda error: self._errors.append(str(error)))
        self._page.on("console", self._noted)
        self._page.goto(url)

    def _noted(self, message: Any) -> None:
        if message.type == "error" and not self._may_fail:
            self._errors.append(message.text)

    def __enter__(self) -> Any:
        return self._page

    def __exit__(self, *error: object) -> None:
        self._context.close()
        assert self._errors == []


def entities(page: Any) -> list[str]:
    """What a screen reader says of each entity, without the probability."""
    names = [one.get_attribute("aria-label") for one in page.locator(".entity").all()]
    return [name.rpartition(",")[0].replace(": ", " ") for name in names]


def choose(page: Any, first: str, last: str) -> None:
    """Drag over the words from one to another."""
    begin, end = (
        page.locator(".token", has_text=word).first.bounding_box() for word in (first, last)
    )
    page.mouse.move(begin["x"] + 1, begin["y"] + begin["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] - 1, end["y"] + end["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_selector("#picker:visible")


def downloaded(page: Any, button: str) -> str:
    with page.expect_download() as waiting:
        page.click(button)
    return waiting.value.path().read_text("utf-8")


def test_entities_appear_as_one_types(page: Any) -> None:
    page.fill("#text", "")
    page.type("#text", "Mary moved to Cardiff")
    page.wait_for_selector(".entity:has-text('Cardiff')")
    assert entities(page) == ["Mary PER", "Cardiff LOC"]
    assert page.locator(".entity").first.get_attribute("role") == "button"
    assert "PER" in page.locator(".entity").first.get_attribute("aria-label")
    assert "words/s" in page.inner_text("#status")


def test_the_threshold_filters_at_once(page: Any) -> None:
    assert entities(page) == ["Okafor PER", "Lindqvist PER", "Leeds LOC"]
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    counts = []
    for value in ("0.05", "0.3", "0.95", "1"):
        page.locator("#threshold").fill(value)
        counts.append(len(entities(page)))
    assert counts[0] >= 3
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0
    page.locator("#threshold").fill("0.05")
    assert requests == []
    assert page.inner_text("#threshold-value") == "5 %"


def test_an_entity_is_explained(page: Any) -> None:
    page.fill("#text", TEXT.replace("in Leeds", "of Leeds United"))
    page.wait_for_selector("#result:not(.stale):has-text('United')")
    page.click(".entity:has-text('Leeds')")
    page.wait_for_selector("#details:visible")
    assert page.inner_text("#details-label").startswith("Leeds United: ORG, ")
    body = page.inner_text("#details-body")
    for part in ("What else it may be", "LOC", "left alone", "right alone", "both", "clinic"):
        assert part in body
    page.fill("#text", "Mary Jones moved to Cardiff.")
    page.locator(".entity:has-text('Mary Jones')").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#details-label:has-text('Mary Jones')")
    page.click("#details-body button:has-text('Jones')")
    page.wait_for_selector("h3:has-text('“Jones”')")


def test_parts_of_speech_on_demand(page: Any) -> None:
    assert page.locator(".tag").count() == 0
    page.check("#tags")
    assert "PROPN" in page.locator(".tag").all_inner_texts()


def test_a_correction_becomes_training_data(page: Any) -> None:
    choose(page, "Ms", "Okafor")
    page.click("#picker button:has-text('PER')")
    page.click(".entity:has-text('Leeds')")
    page.wait_for_selector("#picker:visible")
    page.click("#picker button:has-text('ORG')")
    assert entities(page) == ["Ms Okafor PER", "Lindqvist PER", "Leeds ORG"]
    expected = TEXT
    for name, label in (("Ms Okafor", "PER"), ("Lindqvist", "PER"), ("Leeds", "ORG")):
        expected = expected.replace(name, f"[{name}]({label})")
    assert downloaded(page, "#save-brackets") == f"{expected}\n"
    record = json.loads(downloaded(page, "#save-jsonl"))
    assert record["text"] == TEXT
    assert [TEXT[start:end] for start, end, _ in record["label"]] == [
        "Ms Okafor", "Lindqvist", "Leeds"
    ]  # fmt: skip
    assert page.locator("#text").get_attribute("readonly") is not None
    page.click("#undo")
    assert entities(page) == ["Okafor PER", "Lindqvist PER", "Leeds LOC"]


def test_a_correction_by_keyboard(page: Any) -> None:
    page.locator("#result").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowLeft", "Enter", "Enter"):
        page.keyboard.press(key)
    assert entities(page)[0] == "Ms Okafor LOC"  # the first label
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert page.is_hidden("#picker")


def test_training_data_of_odd_texts(page: Any) -> None:
    text = "😀 a [b](c) \\[d\nMary \\ left C:\\"
    page.fill("#text", text)
    page.wait_for_selector(".token:has-text('Mary')")
    choose(page, "Mary", "Mary")
    page.click("#picker button:has-text('MISC')")
    start = text.index("Mary")
    shown = entities(page)
    record = json.loads(downloaded(page, "#save-jsonl"))
    assert [start, start + 4, "MISC"] in record["label"]
    spans = [Entity(text[a:b], label, a, b, 0, 0) for a, b, label in record["label"]]
    assert len(spans) == len(shown)
    assert downloaded(page, "#save-brackets") == bracketed(text, spans).replace("\n", " ") + "\n"


def test_nothing_in_a_text_is_markup(page: Any) -> None:
    page.evaluate("window.hacked = false")
    attack = "<script>window.hacked = true</script><img src=x onerror=window.hacked=true> in Leeds"
    page.fill("#text", attack)
    page.wait_for_selector("#result:not(.stale):has-text('onerror')")
    page.click(".entity:has-text('Leeds')")
    page.wait_for_selector("#details:visible")
    assert page.evaluate("window.hacked") is False
    assert page.locator("#result script, #result img, #details script, #details img").count() == 0


def test_nothing_in_a_label_is_markup(browser: Any, service: str) -> None:
    label = "<script>window.hacked = true</script>"
    with opened(browser, "about:blank") as page:

        def renamed(route: Any) -> None:
            answer = route.fetch()
            body = answer.text().replace('"LOC"', json.dumps(label)).replace("B-LOC", f"B-{label}")
            route.fulfill(response=answer, body=body)

        page.route("**/v1/*", renamed)
        page.route("**/info", renamed)
        page.goto(service)
        page.fill("#text", TEXT)
        page.wait_for_selector("#result:not(.stale):has-text('Okafor')")
        page.click(".entity:has-text('Leeds')")
        page.wait_for_selector("#details:visible")
        assert label in page.inner_text("#details-body")
        assert label in page.inner_text("#picker")
        assert page.evaluate("window.hacked") is None


def test_the_policy_lets_nothing_else_run(browser: Any, service: str) -> None:
    policy = ask(service, "/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    attack = """() => {
        const script = document.createElement("script");
        script.textContent = "window.hacked = true";
        const blocked = new Promise((done) =>
            document.addEventListener("securitypolicyviolation", () => done(!window.hacked)));
        document.body.append(script);
        return blocked;
    }"""
    with opened(browser, service, may_fail=True) as page:
        assert page.evaluate(attack) is True


def test_the_state_is_in_the_address(browser: Any, page: Any) -> None:
    page.locator("#threshold").fill("0.95")
    page.locator("#threshold").dispatch_event("change")
    page.check("#tags")
    address = page.url
    with opened(browser, address) as other:
        other.wait_for_selector(".entity")
        assert other.input_value("#text") == TEXT
        assert entities(other) == entities(page)
        assert other.is_checked("#tags")


def test_copies_for_other_languages(browser: Any, service: str) -> None:
    with opened(browser, service) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service)
        page.fill("#text", "It's O'Neill in Cardiff")
        page.wait_for_selector("#result:not(.stale) .entity:has-text('Cardiff')")
        page.click("#copy-python")
        code = page.evaluate("navigator.clipboard.readText()")
        page.click("#copy-curl")
        curl = page.evaluate("navigator.clipboard.readText()")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[Cardiff](LOC)" in run.stdout
    if shutil.which("curl"):
        run = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True)
        assert json.loads(run.stdout)["text"] == "It's O'Neill in Cardiff"


def test_a_service_that_goes_away_and_comes_back(browser: Any, service: str) -> None:
    with opened(browser, service, may_fail=True) as page:
        page.wait_for_selector(".entity")
        page.route("**/v1/*", lambda route: route.abort("connectionrefused"))
        page.fill("#text", "Mary left Leeds")
        page.wait_for_selector("#status.wrong")
        assert "trying again" in page.inner_text("#status")
        time.sleep(0.5)
        page.unroute("**/v1/*")
        page.wait_for_selector("#result:not(.stale) .entity:has-text('Leeds')")
        assert "words/s" in page.inner_text("#status")


def test_a_key_is_asked_for(browser: Any) -> None:
    application = create_app(settings=Settings(api_keys=("secret",)))
    with serving(application) as url, opened(browser, url, may_fail=True) as page:
        page.wait_for_selector("#key-field:visible")
        page.fill("#key", "secret")
        page.keyboard.press("Enter")
        page.wait_for_selector(".entity")
        assert "secret" not in page.url


def test_it_fits_a_phone(browser: Any, service: str) -> None:
    with opened(browser, service) as page:
        page.set_viewport_size({"width": 360, "height": 700})
        page.check("#tags")
        page.click(".entity >> nth=0")
        page.wait_for_selector("#details:visible")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
