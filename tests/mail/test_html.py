"""Rule 3.3: HTML becomes readable text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.mail.html import cids_of, to_text

CASES = {
    "paragraphs": ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    "divs and breaks": ("<div>One<br>Two</div><div>Three</div>", "One\nTwo\nThree"),
    "white space": ("a \n\t <b>b</b>&nbsp;c<span> d</span>", "a b c d"),
    "inline markup joins": ("un<b>break</b>able", "unbreakable"),
    "link with other words": ('<a href="https://x.example/a">the log</a>.', "the log <https://x.example/a>."),
    "link that says itself": ('<a href="https://x.example/">x.example</a>', "x.example"),
    "mail link": ('<a href="mailto:bob@x.example?subject=a">Bob</a>', "Bob <bob@x.example>"),
    "mail link that says itself": ('<a href="mailto:bob@x.example">bob@x.example</a>', "bob@x.example"),
    "other schemes": ('<a href="javascript:alert(1)">x</a><a href="#top">y</a>', "xy"),
    "bullets": ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "- a\n- b\n  - c\nd"),
    "numbers": ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
    "data table": (
        "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td><p>2</p></td></tr></table>",
        "A | B\n1 | 2",
    ),
    "layout table": ("<table><tr><td><div>a</div><div>b</div></td><td>c</td></tr></table>", "a\nb\nc"),
    "blockquote": ("<blockquote>a<br>b</blockquote>c", "> a\n> b\nc"),
    "nested blockquotes": ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n> > b"),
    "Gmail's indentation bears the class of its quotes": (
        '<blockquote class="gmail_quote" style="margin:0 0 0 40px;border:none;padding:0px">a</blockquote>',
        "a",
    ),
    "indentation is no quote": (
        '<blockquote style="margin:0 0 0 40px;border:none;padding:0">a</blockquote>',
        "a",
    ),
    "pre": ("<pre>  a\n    b</pre>", "  a\n    b"),
    "rule": ("a<hr>b", "a\n________________________________\nb"),
    "entities": ("&lt;b&gt; &amp;amp; &euro; &#8364;", "<b> &amp; € €"),
    "head, style, script, comment": (
        "<title>t</title><style>a{}</style><script>if(a<b)c()</script><!-- <p>x</p> -->y<!--[if "
        "mso]>z<![endif]-->",
        "y",
    ),
    "hidden": (
        '<div style="display: none">a</div><p hidden>b</p><span style="visibility:hidden">c</span>d',
        "d",
    ),
    "no font size": ('<div style="font-size:0px">a<div style="font-size:13px">b</div></div>c', "b\nc"),
    "small but seen": ('<p style="font-size:0.9em">a</p>', "a"),
    "preheader": ('<div style="max-height:0;overflow:hidden">a</div>b', "b"),
    "picture": ('<img src="https://x/a.png" alt="a  chart">', "[a chart]"),
    "tracking pixel": ('<img src="https://x/a.gif" width="1" height="1" alt="p">b', "b"),
    "numbers within numbers": ("<ol><li>a<ol><li>b<li>c</ol><li>d</ol>", "1. a\n   1. b\n   2. c\n2. d"),
    "number of its own": ('<ol><li value="5">a<li>b</ol>', "5. a\n6. b"),
    "word bullet": ('<p><span style="mso-list: Ignore">·<span>&nbsp; </span></span>a</p>', "- a"),
    "word number": ('<p><span style="mso-list:Ignore">iv)<span>&nbsp;</span></span>a</p>', "iv) a"),
    "telephone": (
        '<a href="tel:+15550100">call</a> <a href="tel:+1-555-0100">+1 555 0100</a>',
        "call <+15550100> +1 555 0100",
    ),
    "file share": ('<a href="file:///s/plan.doc">plan</a>', "plan <file:///s/plan.doc>"),
    "blank in a link": ('<a href=" https://x.example/a b\n">x</a>', "x <https://x.example/a%20b>"),
    "link around blocks": (
        '<a href="https://x.example/1"><p>a</p><p>b</p></a>',
        "a\n\nb <https://x.example/1>",
    ),
    "link around a picture without words": ('<a href="https://x.example/1"><img src="x"></a>a', "a"),
    "cells of several lines": ("<table><tr><td>a<br>b<td>c<tr><td>d<td>e</table>", "a b | c\nd | e"),
    "picture beside lines": ("<table><tr><td><img src=x><td>a<br>b<br>c</table>", "a\nb\nc"),
    "one row": ("<table><tr><td>key<td>value</table>", "key | value"),
    "long cells": (
        f"<table>{'<tr><td>a<td>' + 'word ' * 80}{'<tr><td>b<td>c'}</table>",
        f"a\n{('word ' * 80).strip()}\nb\nc",
    ),
    "caption": ("<table><caption>Hosts</caption><tr><td>a<td>b<tr><td>c<td>d</table>", "Hosts\na | b\nc | d"),
    "no height": ('<div style="height:0;overflow:hidden">a</div><div style="height:0">b</div>', "b"),
    "white on white": (
        '<p style="color:#FFF;background:white">a</p><p style="color:#fff">b</p><p style="background:#fff;background-color:white">c</p>',
        "b\n\nc",
    ),
    "fillers": ("a\u200b&#847;&zwnj; b&nbsp;\u200c\ufeffc", "a b c"),
    "joiners inside words": ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"),
    "iframe, template, xml": ("<iframe>a</iframe><template>b</template><xml><o:x>c</o:x></xml>d", "d"),
    "emoji": ('<img alt="😀"><img alt=":-)">', "😀:-)"),
    "names of pictures that are none": ('<img alt="cid:a@x"><img alt="https://x.example/a.png">a', "a"),
    "white space that a style keeps": (
        '<p style="white-space: pre-wrap">a  b\n c</p><p style="white-space:normal">d  e</p>',
        "a  b\n c\n\nd e",
    ),
    "blanks between kept paragraphs": (
        '<div style="white-space:pre">\n<p>a</p>\n\n<p>b</p>\n</div>',
        "a\n\nb",
    ),
    "boxes": ("<input type=checkbox checked>a<br><input type=CHECKBOX>b<input value=c>", "[x] a\n[ ] b"),
    "summary": ("<details><summary>a</summary>b</details>", "a\nb"),
    "unclosed and stray tags": ("<p>a<b>b</p></i>c < d", "ab\n\nc < d"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("html", "text"), CASES.values(), ids=CASES.keys())
def test_readable(html: str, text: str) -> None:
    assert to_text(html) == text


QUOTES = {
    "gmail": (
        '<div>new</div><div class="gmail_quote"><div class="gmail_attr">Am Mo. schrieb X:<br></div>'
        '<blockquote class="gmail_quote" style="border-left:1px solid">old</blockquote></div>',
        "new\n> Am Mo. schrieb X:\n> old",
    ),
    "gmail forward stays plain": (
        '<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: X</div>old</div>',
        "---------- Forwarded message ---------\nFrom: X\nold",
    ),
    "outlook": (
        'new<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm"><b>From:</b> a@x<br><b>Sent:</b> b</div>',
        "new\n________________________________\nFrom: a@x\nSent: b",
    ),
    "outlook web": (
        'new<div id="divRplyFwdMsg"><b>De :</b> a@x</div>',
        "new\n________________________________\nDe : a@x",
    ),
    "thunderbird": (
        'new<div class="moz-cite-prefix">On 1/1 X wrote:</div><blockquote type="cite">old</blockquote>',
        "new\n> On 1/1 X wrote:\n> old",
    ),
    "yahoo": (
        'new<div class="yahoo_quoted">On 1/1 X wrote:<div>old</div></div>',
        "new\n> On 1/1 X wrote:\n> old",
    ),
    "signature at the end": ('new<div class="gmail_signature">Joe</div>', "new\n--\nJoe"),
    "signature above a quote": (
        'new<div id="Signature">Joe</div><blockquote>old</blockquote>',
        "new\n--\nJoe\n> old",
    ),
    "words below a signature": ('new<div class="gmail_signature">Joe</div><p>more</p>', "new\nJoe\n\nmore"),
}


@pytest.mark.parametrize(("html", "text"), QUOTES.values(), ids=QUOTES.keys())
def test_marks_of_mail_programs(html: str, text: str) -> None:
    assert to_text(html) == text


def test_pictures_inside_are_collected() -> None:
    html = (
        '<img src="cid:a%40x" width="1"><table><tr><td background="CID:b"></td></tr></table>'
        "<div style=\"background:url( 'cid:c' )\">x</div>"
        '<div style="display:none;background:url(cid:d)"></div>cid:not-this'
    )
    assert cids_of(html) == {"a@x", "b", "c", "d"}
    assert cids_of('<!--[if gte vml 1]><v:imagedata src="cid:e&amp;f@x"/><![endif]-->') == {"e&f@x"}
    assert cids_of("<p>nothing cid: here</p>") == frozenset()


HOSTILE = {
    "nested divs": "<div>" * 50_000,
    "nested tables": "<table><tr><td>" * 60_000,
    "nested quotes": "<blockquote>" * 60_000,
    "formatting reopened in each block": "".join(f"<b {i}>" for i in range(300)) + "<div>x</div>" * 60_000,
    "50k attributes": "<p " + " ".join(f"a{i}=1" for i in range(50_000)) + ">x",
    "a tag that never ends": "<b " * 200_000,
    "less-than signs": "<" * 1_000_000,
    "comments that never end": "<!--" * 250_000,
    "unclosed quotes": '<a "' * 250_000,
    "breaks": "<br>" * 250_000,
    "paragraphs": "<p>" * 300_000,
    "lists": "<ul><li>" * 100_000,
    "links": '<p><a href="https://x.example">l' * 30_000,
    "scripts": "<script>" * 100_000,
    "spaces": " " * 1_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_linear(html: str, linear: Any) -> None:
    linear(lambda n: to_text(html[:n]), len(html))


def test_words_survive_the_limit_on_depth_and_tags() -> None:
    assert "deep words" in to_text("<div>" * 5_000 + "deep words")
    assert "late words" in to_text("<i>x</i>" * 40_000 + "<div>late words</div>")


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [
                "<div>",
                "</div>",
                "<table>",
                "<tr>",
                "<td>",
                "</table>",
                "<ul>",
                "<li>",
                "</ul>",
                "<blockquote>",
                "</blockquote>",
                "<a href='http://x'>",
                "</a>",
                "<pre>",
                "</pre>",
                "word",
                " ",
                "\n",
                "<br>",
                "<",
                ">",
                "&amp;",
                "<p style='font-size:0'>",
                "</p>",
                "<hr>",
                "<img alt=x>",
                "<!--",
                "-->",
            ]
        ),
        max_size=40,
    )
)
def test_never_raises(pieces: list[str]) -> None:
    result = to_text("".join(pieces))
    assert "\r" not in result
    assert not result.startswith("\n")
