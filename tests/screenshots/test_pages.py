"""The HTML parts in a real browser: nothing is wider than a phone, and every word can be read, in light and dark (6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from screenshots.browser import Browser
from screenshots.scenes import PICTURES

from mailgate.config import Config
from mailgate.model import LANGUAGES
from mailgate.render import TEMPLATES, Renderer
from mailgate.render.check import samples

pytestmark = pytest.mark.slow

RENDERER = Renderer(Config())
SAMPLES = samples()
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
URL = "https://portal.example/a/very/long/path?" + "&".join(f"key{n}=value{n}" for n in range(40))
HEBREW = "המדפסת בקומה השלישית מדפיסה דפים ריקים מאז הבוקר"

# The ratio of WCAG 2.2 §1.4.3 for each run of text that is shown, with what stands behind it.
CONTRAST = """(() => {
  const parts = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = parts(c).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                       return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                        if (parts(c).length < 4 || parts(c)[3] > 0) return c } return 'rgb(255, 255, 255)' };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walker.nextNode();) {
    const e = n.parentElement, s = getComputedStyle(e);
    if (!n.data.replace(/\\u00a0/g, ' ').trim() || !e.getClientRects().length) continue;
    const a = light(s.color), b = light(behind(e));
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), n.data.trim().slice(0, 40), s.color, behind(e)]);
  }
  return found;
})()"""
WIDTH = "[innerWidth, Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)]"
CUT = """[...document.querySelectorAll('td')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map(e => e.innerText)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as found:
        yield found


def filled(value: Any, words: str) -> Any:
    """The context with other words where people's words stand."""
    if isinstance(value, dict):
        closed = {
            "code",
            "at",
            "state",
            "status",
            "severity",
            "audience",
            "created",
            "what",
            "params",
            "trust",
            "since",
        }
        return {k: v if k in closed else filled(v, words) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, words) for v in value]
    return words if isinstance(value, str) and value else value


@pytest.mark.parametrize("width", [320, 360, 600])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_mail_is_wider_than_the_screen(browser: Browser, language: str, width: int) -> None:
    for template in TEMPLATES:
        for name, context in SAMPLES[template].items():
            browser.show(RENDERER.render(template, language, context).html, width)
            shown, wide = browser.value(WIDTH)
            assert (shown, wide) == (width, width), (template, name)
            assert browser.value(CUT) == [], (template, name)


@pytest.mark.parametrize(
    "words",
    [LONG, URL, HEBREW, "W" * 400, f"{LONG} <{LONG}@example.com>"],
    ids=["word", "url", "hebrew", "letter", "address"],
)
@pytest.mark.parametrize("template", TEMPLATES)
def test_long_words_break(browser: Browser, template: str, words: str) -> None:
    for width in (360, 600):
        browser.show(RENDERER.render(template, "de", filled(SAMPLES[template]["full"], words)).html, width)
        assert browser.value(WIDTH) == [width, width]
        assert browser.value(CUT) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_word_can_be_read(browser: Browser, template: str, scheme: str) -> None:
    for context in SAMPLES[template].values():
        for severity in ("outage", "degraded", "question"):
            shown = {**context, "ticket": {**(context.get("ticket") or {}), "severity": severity}}
            browser.show(RENDERER.render(template, "en", shown).html, 600, scheme == "dark")
            found = browser.value(CONTRAST)
            assert len(found) > 5
            assert [each for each in found if each[0] < 4.5] == []


def test_the_two_schemes_differ(browser: Browser) -> None:
    """Else the test above would prove nothing of the dark one."""
    html = RENDERER.render("update", "en", SAMPLES["update"]["full"]).html
    seen = []
    for dark in (False, True):
        browser.show(html, 600, dark)
        seen.append(browser.value("getComputedStyle(document.querySelector('.card')).backgroundColor"))
    assert seen == ["rgb(255, 255, 255)", "rgb(28, 35, 41)"]


def test_without_its_head_a_mail_looks_the_same(browser: Browser) -> None:
    """Gmail drops the style sheet of some mails, and every class: what is inlined is enough in light."""
    html = RENDERER.render("escalation", "en", SAMPLES["escalation"]["full"]).html
    browser.show(html, 600)
    whole = browser.picture(600)
    begin, end = html.index("<style>\n"), html.rindex("</style>")
    browser.show(html[:begin] + html[end + 8 :], 600)
    assert browser.value("document.querySelectorAll('style').length") == 0
    assert browser.picture(600) == whole


def test_words_from_right_to_left_keep_to_themselves(browser: Browser) -> None:
    """A Hebrew comment reads from the right; the sentence around a Hebrew name does not turn."""
    context = filled(SAMPLES["update"]["full"], HEBREW)
    browser.show(RENDERER.render("update", "en", context).html, 600)
    sides = "['.quote', '.title', '.lead', '.who'].map(s => getComputedStyle(document.querySelector(s)).direction)"
    assert browser.value(sides) == ["rtl", "rtl", "ltr", "ltr"]


def test_what_the_inbox_shows_first_is_hidden_in_the_mail(browser: Browser) -> None:
    browser.show(RENDERER.render("update", "en", SAMPLES["update"]["full"]).html, 600)
    seen = "(e => [e.textContent.trim().slice(0, 13), e.getClientRects().length])(document.querySelector('.preview'))"
    assert browser.value(seen) == ["Good morning,", 0]


def test_headings_form_an_outline(browser: Browser) -> None:
    for template in TEMPLATES:
        for name, context in SAMPLES[template].items():
            browser.show(RENDERER.render(template, "en", context).html, 600)
            levels = browser.value("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => e.tagName)")
            assert levels[0] == "H1", (template, name)
            assert set(levels[1:]) == {"H2"}, (template, name)
            assert browser.value("document.querySelectorAll('table:not([role=presentation])').length") == 0
            assert browser.value("document.documentElement.lang") == "en"


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_of_the_docs_can_be_made(browser: Browser, name: str) -> None:
    template, language, width, dark, context = PICTURES[name]
    browser.show(RENDERER.render(template, language, context).html, width, dark)
    assert browser.value(WIDTH) == [width, width]
    assert browser.picture(width).startswith(b"\x89PNG")
