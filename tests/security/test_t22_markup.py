"""T22: a customer's words in the HTML that we send (FreeScout CVE-2026-32754, Zammad CVE-2018-1000154). The web view does not
exist yet: its part of this threat belongs to the work that builds it."""

from __future__ import annotations

from typing import Any

import pytest
from security.desk import BOB, Desk
from selectolax.lexbor import LexborHTMLParser

from mailgate.config import Config, resource
from mailgate.render import TEMPLATES, Renderer
from mailgate.render.check import samples

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe src=https://evil.example></iframe>',
    "'><body onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</td></tr></table><form action=https://evil.example><input name=password>",
    "<style>@import url(https://evil.example/x.css)</style>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<a href='javascript:alert(1)'>x</a>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<![CDATA[><script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\u003cscript>alert(1)\u003c/script>",
    "x\" style=\"background:url(https://evil.example)",
    "x' onmouseover='alert(1)",
    "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "<base href=https://evil.example/><link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<plaintext><xmp><textarea>",
)  # fmt: skip
HEAD = resource("templates/head.css").read_text("utf-8").strip()
CONTEXTS = [(t, name) for t in TEMPLATES for name in samples()[t]]


def put(value: Any, words: str) -> Any:
    """The same context with these words wherever a stranger's may stand."""
    if isinstance(value, str):
        return words
    if isinstance(value, dict):
        return {k: v if k in KEPT else put(v, words) for k, v in value.items()}
    return [put(inner, words) for inner in value] if isinstance(value, list) else value


KEPT = ("code", "state", "status", "severity", "audience", "at", "created", "trust", "leave_address")


def skeleton(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes, as a browser would build them."""
    tree = LexborHTMLParser(html)
    assert tree.root is not None
    return [
        (node.tag, tuple(sorted(node.attributes)))
        for node in tree.root.traverse(include_text=False)
        if node.tag != "br"
    ]


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Config())


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("template", "name"), CONTEXTS)
def test_no_word_becomes_markup(renderer: Renderer, template: str, name: str, language: str) -> None:
    """The tree with the payload in every field is the tree with a harmless word there."""
    context = samples()[template][name]
    plain = skeleton(renderer.render(template, language, put(context, "word")).html)
    for payload in PAYLOADS:
        made = renderer.render(template, language, put(context, payload)).html
        assert skeleton(made) == plain, payload


@pytest.mark.parametrize(("template", "name"), CONTEXTS)
def test_nothing_is_loaded_and_nothing_runs(renderer: Renderer, template: str, name: str) -> None:
    for payload in PAYLOADS:
        html = renderer.render(template, "en", put(samples()[template][name], payload)).html
        tree = LexborHTMLParser(html)
        assert (
            tree.css("script, img, iframe, object, embed, link, base, form, input, svg, math, video, audio")
            == []
        )
        assert [sheet.text().strip() for sheet in tree.css("style")] == [HEAD], "ours, and no other"
        for node in tree.css("*"):
            for attribute, value in node.attributes.items():
                assert not attribute.startswith("on")
                assert "javascript:" not in (value or "").lower()
                assert "url(" not in (value or "").lower()
                assert attribute not in ("src", "background", "srcset")


@pytest.mark.parametrize("payload", PAYLOADS[:12])
def test_nor_from_a_true_mail(desk: Desk, payload: str) -> None:
    """Name, subject, text and the name of a recipient, all the way into the team's and the sender's mail."""
    name = payload.replace('"', "'").replace("\\", "")
    desk.write(
        f'"{name}" <{BOB}>', payload, f"{payload}\n", cc=(f'"{name}" <pat@other.example>',), believed=True
    )
    out = desk.deliver()
    assert len(out) == 2
    for sent in out:
        tags = {tag for tag, _ in skeleton(sent.part("html"))}
        assert tags <= {
            "html",
            "head",
            "meta",
            "title",
            "body",
            "table",
            "tbody",
            "tr",
            "td",
            "p",
            "span",
            "div",
            "h1",
            "h2",
            "bdi",
            "style",
            "-comment",  # for Outlook
            "ul",
            "li",
            "a",
            "b",
        }
        names = {attribute for _, found in skeleton(sent.part("html")) for attribute in found}
        assert not {n for n in names if n.startswith("on")} | names & {"src", "background", "action"}
