"""format=flowed: lines that a mail program broke become the paragraphs that were typed (RFC 3676 §4).

Laws: linear; no word is lost; a line that only looks quoted once its stuffing is off keeps a blank before it.
"""

from __future__ import annotations

SIGNATURE = "-- "


def unflow(text: str, delete_space: bool) -> str:
    """The text with soft line breaks undone; `delete_space` is DelSp=yes: the blank before a break is no part of it.

    A blank line always ends a paragraph, as mailers mean it, though §4.2 would join it.
    """
    out: list[str] = []
    paragraph: list[str] = []  # its last piece ends in a soft break
    marks = ""
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if paragraph and (depth != marks.count(">") or content == SIGNATURE or not content):
            out.append(marks + "".join(paragraph).rstrip(" "))
            paragraph.clear()
        soft = content.endswith(" ") and content != SIGNATURE
        if not paragraph:
            # what is written is kept where nothing is joined to it
            marks = line[: len(line) - len(content)] if depth or content.startswith(">") else ""
        paragraph.append(content[:-1] if soft and delete_space else content)
        if not soft:
            out.append(marks + "".join(paragraph))
            paragraph.clear()
    if paragraph:
        out.append(marks + "".join(paragraph))
    return "\n".join(out)
