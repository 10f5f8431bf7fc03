"""What one sees of a page's speed. In: a side and a browser. Out: figures, each of one round; the processor of the page is slowed.

Times are taken in the page, by its own clock; nothing of this program is in them.
"""

import json
import random
import statistics
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from page_sides import Side
from page_text import LAST
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

SLOWED = 4.0
VIEWPORT = {"width": 1280, "height": 800}
SPEED, DISTANCE = 2000, 16_000  # of scrolling: px/s, px
KEYS = 80
WARM = 24  # blocks of the answer before anything is measured: what sets formulas and colours has loaded by then
LIMIT = 60_000  # ms, of anything that is waited for

# When the box is there and takes a letter. The letter is put in as typing does, and must still be there two frames later.
USABLE = """
(() => {
  const look = () => {
    const box = document.querySelector(%(box)s);
    if (!box || box.disabled || box.getBoundingClientRect().height === 0) return requestAnimationFrame(look);
    box.focus();
    document.execCommand("insertText", false, "a");
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const text = document.querySelector(%(box)s);
      if ((text?.value ?? text?.textContent ?? "").includes("a")) globalThis.__usable = performance.now();
      else requestAnimationFrame(look);
    }));
  };
  requestAnimationFrame(look);
})();
"""
# From the click to the second frame after the last message stands in the window.
OPENED = """
(last) => {
  addEventListener("click", (event) => {
    const look = () => {
      const path = `//p[contains(., ${JSON.stringify(last)})]`;
      const found = document.evaluate(path, document.body, null, XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue;
      const box = found?.getBoundingClientRect();
      if (!box || box.height === 0 || box.top < 0 || box.bottom > innerHeight) return requestAnimationFrame(look);
      requestAnimationFrame(() => requestAnimationFrame(() => { globalThis.__opened = performance.now() - event.timeStamp; }));
    };
    requestAnimationFrame(look);
  }, { capture: true, once: true });
}
"""
KEYED = """
() => {
  globalThis.__keys = [];
  addEventListener("keydown", ({ timeStamp }) =>
    requestAnimationFrame(() => requestAnimationFrame(() => __keys.push(performance.now() - timeStamp))), { capture: true });
}
"""
# Changes in blocks that two others followed already when the page last changed: the last is being written, the one before it ends.
CHANGED = """
(blocks) => {
  globalThis.__changed = { before: 0, all: 0 };
  const answer = [...document.querySelectorAll(blocks)].at(-1);
  let ended = new Set();
  new MutationObserver((records) => {
    for (const { target } of records) {
      let at = target;
      while (at && at.parentElement !== answer) at = at.parentElement;
      __changed.all++;
      if (ended.has(at)) __changed.before++;
    }
    ended = new Set([...answer.children].slice(0, -2));
  }).observe(answer, { subtree: true, childList: true, characterData: true });
}
"""


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


@contextmanager
def visit(browser: Browser, side: Side) -> Iterator[tuple[BrowserContext, Page, CDPSession]]:
    """A new browser of a person who is signed in: nothing of the page is kept in it. Its processor is slowed."""
    context = browser.new_context(viewport=VIEWPORT, locale="en-GB")  # pyright: ignore
    context.set_default_timeout(LIMIT)
    try:
        side.enter(context)
        context.storage_state()
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        yield context, page, devtools
    finally:
        context.close()


def awaited(page: Page, expression: str) -> float:
    """Its value, once it has one. (Playwright's own waiting is refused by the page's Content-Security-Policy.)"""
    deadline = time.monotonic() + LIMIT / 1000
    while time.monotonic() < deadline:
        if value := page.evaluate(expression):
            return value
        time.sleep(0.1)
    raise TimeoutError(f"{expression} was never there.")


def first_load(browser: Browser, side: Side) -> dict[str, float]:
    """From the navigation to the letter in the box, and what was loaded until then, compressed as it came over the line."""
    with visit(browser, side) as (_, page, devtools):
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        kinds: dict[str, str] = {}
        sizes: dict[str, float] = {}
        devtools.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["response"]["mimeType"]}))
        devtools.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
        page.add_init_script(USABLE % {"box": json.dumps(side.box)})
        page.goto(side.url, wait_until="commit")
        usable = awaited(page, "globalThis.__usable")
        scripts = sum(size for id, size in sizes.items() if "javascript" in kinds.get(id, ""))
        return {
            "JavaScript of the first load, KB": round(scripts / 1000, 1),
            "all of the first load, KB": round(sum(sizes.values()) / 1000, 1),
            "navigation to usable, ms": round(usable),
        }


def conversation(browser: Browser, side: Side) -> dict[str, float]:
    """1,000 messages: from the click in the list to the last of them, then up through them."""
    with visit(browser, side) as (_, page, devtools):
        page.goto(side.url)
        page.wait_for_selector(side.box)
        page.wait_for_selector(side.link)
        page.wait_for_timeout(1500)  # a person looks for it first
        page.evaluate(OPENED, LAST)
        page.click(side.link)
        opened = awaited(page, "globalThis.__opened")
        page.wait_for_timeout(1000)
        frames = scrolled(browser, page, devtools, side)
    return {
        "1,000 messages open, ms": round(opened),
        "work a frame while scrolling, ms, median": round(statistics.median(frames), 1),
        "work a frame while scrolling, ms, p95": round(p95(frames), 1),
        "work a frame while scrolling, ms, most": round(max(frames), 1),
    }


def scrolled(browser: Browser, page: Page, devtools: CDPSession, side: Side) -> list[float]:
    """Milliseconds of the main thread's processor time from each frame to the next, while a wheel scrolls up."""
    # Tasks and frames, and no more: what the browser does to record is time of the page's thread, too.
    hidden = "disabled-by-default-devtools.timeline"
    browser.start_tracing(page=page, categories=[hidden, f"{hidden}.frame", "blink.user_timing"])
    box = page.locator(side.scroller).first.bounding_box()
    assert box is not None
    page.evaluate("performance.mark('scroll begins')")
    gesture = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "yDistance": DISTANCE, "speed": SPEED}
    devtools.send("Input.synthesizeScrollGesture", {**gesture, "gestureSourceType": "mouse", "preventFling": True})
    page.evaluate("performance.mark('scroll ends')")
    return frames_of(json.loads(browser.stop_tracing())["traceEvents"])


def frames_of(events: list[dict[str, Any]]) -> list[float]:
    """Of a trace: processor time of the thread that scrolled, from each frame of it to the next.

    A frame begins with the task that makes it, whatever that did before it said so: a slowed one takes milliseconds for that.
    """
    marks = {event["name"]: event for event in events if event["name"] in ("scroll begins", "scroll ends")}
    begin, end = marks["scroll begins"], marks["scroll ends"]
    place = (begin["pid"], begin["tid"])
    mine = [event for event in events if (event["pid"], event["tid"]) == place and begin["ts"] <= event.get("ts", 0) <= end["ts"]]
    said = sorted(event["ts"] for event in mine if event["name"] == "BeginMainThreadFrame")
    tasks = sorted((event["ts"], event.get("dur", 0), event.get("tdur", 0)) for event in mine if event["name"] == "RunTask")
    frames: list[float] = []
    for start, took, worked in tasks:
        if bisect_left(said, start) < bisect_left(said, start + took):
            frames.append(0.0)
        if frames:
            frames[-1] += worked / 1000
    if len(frames) < 2:
        raise RuntimeError("The trace holds no frame of the main thread.")
    return frames[:-1]  # the last one has no next


def streaming(browser: Browser, side: Side) -> dict[str, float]:
    """Typing while an answer of 200 tokens a second is written."""
    chance = random.Random(1)
    with visit(browser, side) as (_, page, _):
        page.goto(side.url)
        page.wait_for_selector(side.box)
        page.click(side.box)
        page.keyboard.type("Go on for long")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"{side.answer} > :nth-child({WARM})")
        page.evaluate(KEYED)
        page.evaluate(CHANGED, side.answer)
        page.click(side.box)
        before = page.evaluate("(one) => [...document.querySelectorAll(one)].at(-1).textContent.length", side.answer)
        begun = page.evaluate("performance.now()")
        for _ in range(KEYS):
            page.keyboard.press(chance.choice("abcdefghij"))
            page.wait_for_timeout(chance.uniform(80, 240))
        page.wait_for_timeout(500)
        keys = page.evaluate("__keys")
        changed = page.evaluate("__changed")
        seconds = (page.evaluate("performance.now()") - begun) / 1000
        length = page.evaluate("(one) => [...document.querySelectorAll(one)].at(-1).textContent.length", side.answer) - before
    return {
        "key to second frame, ms, median": round(statistics.median(keys), 1),
        "key to second frame, ms, p95": round(p95(keys), 1),
        "changes in blocks that had ended, %": round(100 * changed["before"] / max(1, changed["all"]), 2),
        "characters shown a second": round(length / seconds),
    }
