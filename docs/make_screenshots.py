"""Write the pictures of the playground, ``docs/images/playground-*.png``.

python docs/make_screenshots.py http://127.0.0.1:8000 (a service that runs; Chromium is needed)
"""

from __future__ import annotations

import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).with_name("images")
TEXT = (
    "Dear Ms Okafor, your appointment with Dr Lindqvist is on Monday at the clinic in Leeds. "
    "Mary Walsh of the European Commission will call you from Brussels."
)
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 900, "height": 1010}},
    "dark": {"viewport": {"width": 900, "height": 1010}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}


def main(url: str) -> None:
    """Write the pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, view in VIEWS.items():
            page = browser.new_context(**view).new_page()
            page.goto(url)
            page.wait_for_selector(".entity")
            if name != "light":
                page.check("#tags")
            page.fill("#text", TEXT)
            page.wait_for_selector("#result:not(.stale) .entity:has-text('Brussels')")
            page.click(".entity:has-text('Leeds')")
            page.wait_for_selector("#details:visible")
            page.evaluate("scrollTo(0, 0)")
            page.wait_for_timeout(500)  # colours fade in
            picture = Image.open(BytesIO(page.screenshot()))
            picture.quantize(256).save(IMAGES / f"playground-{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
