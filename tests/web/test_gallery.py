"""Every part of the page in every state, in both themes, on a phone, a tablet and a desk: laid out, readable, and as it was.

`ALIZE_LOOKS=write` keeps what is seen as how it shall look (tests/web/looks); look at the sheets before committing them.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.web.conftest import Faults
from tests.web.gallery import ROOT, SCENES, opened
from tests.web.looks import THEMES, WIDTHS, Shot, differences, keep, sheet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

SOURCES = {
    found[1]: found[0]
    for file in sorted(SCENES.glob("*.tsx"))
    for found in re.finditer(r'\{\s*id: "([\w-]+)",\s*title:.*?(?=\{\s*id: "|\Z)', file.read_text(), re.DOTALL)
}
"""What is said of each scene: the tests of all of them are known before a browser is there."""
SPOKEN = [
    *("drawer", "away", "account-menu", "conversation-menu", "models", "palette", "shortcuts", "toast", "search"),
    *(
        "sign-in-refused",
        "setup",
        "invitation",
        "profile",
        "password",
        "sessions",
        "keys",
        "key-dialog",
        "key-revoke",
        "people",
        "server-models",
    ),
    *("thread-new", "thread-endings", "thread-running", "thread-not-sent", "thread-long", "thread-settings", "thread-temporary"),
    *("thread-files", "thread-branched", "thread-drop", "thread-jump", "markdown-link"),
]
"""Those that say something, in French and Japanese, too: words there are longer, or break elsewhere."""
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
LOOKS = Path(__file__).parent / "looks"
GEOMETRY = (Path(__file__).parent / "geometry.js").read_text()
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WHERE = {"exclude": [["[role=tooltip]"]]}  # a tooltip is part of no landmark
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"

OWN_LETTERS = "[lang=ja]:not(html)"
"""Covered in pictures: Japanese among other languages, such as its own name in a menu, is in letters of the system, which differ."""


@pytest.fixture(scope="module")
def stage(browser: "Browser") -> Iterator["Page"]:
    """One tab for all scenes, at one moment, with nothing kept from scene to scene."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC", bypass_csp=False)
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    yield page
    context.close()


def test_the_list_names_every_scene(gallery: str, page: "Page") -> None:
    page.goto(f"{gallery}/gallery.html")
    page.locator("[data-scene]").first.wait_for()
    listed = page.locator("[data-scene]").evaluate_all("links => links.map((link) => link.dataset.scene)")
    assert sorted(listed) == sorted(SOURCES)
    assert len(set(listed)) == len(listed)


@pytest.fixture(scope="module")
def stages(browser: "Browser") -> Iterator[Callable[[str], "Page"]]:
    """The same in other languages, one tab each."""
    tabs: dict[str, Page] = {}

    def stage_in(language: str) -> "Page":
        if language not in tabs:
            tabs[language] = browser.new_context(locale=language, timezone_id="UTC").new_page()
            tabs[language].clock.set_fixed_time(NOW)
        return tabs[language]

    yield stage_in
    for tab in tabs.values():
        tab.context.close()


@pytest.mark.parametrize("scene", list(SOURCES))
def test_scene(scene: str, gallery: str, stage: "Page", faults: Faults, tmp_path: Path) -> None:
    watched(scene, gallery, stage, faults, tmp_path)


@pytest.mark.parametrize("language", ["fr", "ja"])
@pytest.mark.parametrize("scene", SPOKEN)
def test_scene_in_another_language(
    scene: str, language: str, gallery: str, stages: Callable[[str], "Page"], faults: Faults, tmp_path: Path
) -> None:
    watched(scene, gallery, stages(language), faults, tmp_path, language)


def watched(scene: str, gallery: str, stage: "Page", faults: Faults, tmp_path: Path, language: str = "en") -> None:
    """One scene, looked at by rules and compared with how it was. In Japanese letters are the system's: rules alone."""
    source = SOURCES[scene]
    foreign, each = "foreign: true" in source or language == "ja", "each: true" in source
    tall = int((re.search(r"tall: (\d+)", source) or ["", "900"])[1])
    faults.watch(stage)
    faults.wanted.append("This account may not see that.")  # logged by the router where a scene's server refuses everything
    wrong: list[str] = []
    shots: dict[Shot, bytes] = {}
    for width in WIDTHS:
        if width == WIDTHS[0] or each:
            opened(stage, f"{gallery}/gallery.html?scene={scene}", width, tall)
        stage.set_viewport_size({"width": width, "height": tall})
        for theme in THEMES:
            stage.emulate_media(color_scheme=theme, reduced_motion="reduce")
            stage.evaluate(SETTLED)
            here = f"{theme}, {width} px"
            if theme == "light":
                wrong += [f"{here}: {fault}" for fault in stage.evaluate(GEOMETRY)]
            if width != WIDTHS[1]:  # between them neither roles nor colours are others
                wrong += [f"{here}: {fault}" for fault in violations(stage, colours_only=theme == "dark")]
            if not foreign:
                hidden = [stage.locator(OWN_LETTERS)]
                shots[Shot(theme, width)] = stage.screenshot(animations="disabled", type="jpeg", quality=92, mask=hidden)
    if shots:
        wrong += changed(sheet(shots), LOOKS / ("" if language == "en" else language) / f"{scene}.webp", tmp_path / "now.png")
    assert not wrong, "\n".join(wrong)


def changed(now: Image.Image, kept: Path, shown: Path) -> list[str]:
    """What is no longer as it was; `shown`: where to look at it."""
    if os.environ.get("ALIZE_LOOKS") == "write":
        kept.parent.mkdir(exist_ok=True, parents=True)
        keep(now, kept)
    now.save(shown)
    if not kept.exists():
        return [f"{kept} is missing: ALIZE_LOOKS=write"]
    found = differences(now, Image.open(kept).convert("RGB"))
    return [f"Kept in {kept}, and now {shown}", *found] if found else []


def violations(page: "Page", colours_only: bool) -> list[str]:
    """What axe finds against WCAG 2.2 AA and good practice: rule and element."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text())  # not as a script element, which the policy would refuse
    only = {"type": "rule", "values": ["color-contrast"]} if colours_only else {"type": "tag", "values": TAGS}
    options: dict[str, Any] = {
        "runOnly": only,
        "resultTypes": ["violations"],
    }
    if not colours_only:
        # A menu is placed at the end of the page, in no landmark; that is good practice for menus.
        landmarks = page.locator("[role=menu]").count() == 0
        options["rules"] = {"target-size": {"enabled": True}, "region": {"enabled": landmarks}}
    found = page.evaluate(f"axe.run({json.dumps(WHERE)}, {json.dumps(options)}).then(({{ violations }}) => violations)")
    return [f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for rule in found for node in rule["nodes"]]
