"""Why a line was not done, in the reader's language (3.8). The rules give their causes as English sentences; here stand the same
sentences as msgids, with `{names}` where a value of the mail stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

REASONS = (
    "no such command", "no such command; perhaps {key} is meant", "the reason is needed; without the line nothing is escalated",
    "the sender could not be verified", "not allowed for this sender", "given more than once",
    "an e-mail address is needed", "the assignee must belong to the same account", "outage, degraded or question is needed",
    "one of these is needed: {categories}", "names of devices are needed, separated by commas", "a device needs a name",
    "{device} is not a device of this ticket", "a ticket has at most {limit} devices", "addresses are needed, separated by commas",
    "{address} is no e-mail address", "{address} is no recipient of this ticket", "a ticket has at most {limit} recipients",
    "the assignee gets every update already", "only the assignee or an agent confirms a held recipient", "mail to it bounced",
    "on or off is needed", "yes or no is needed", "a data centre is needed ({limit} characters at most), or none",
    "open, pending, resolved or closed is needed", "the customer side may say resolved or open", "one of our own addresses",
    "an agent's address", "a team's address", "the notify list", "a no-reply address", "it is with management already",
    "it is at level {level} already", "the next step opens at {at} (7.3)",
    "the comment is held: it asks to be private in a way that cannot be obeyed", "no reason given", "internal",
    "the sender looks like {known}: check the address", "no progress in time", "nobody answered in time",
)  # fmt: skip
_SECTION = re.compile(r" \(\d\.\d+\)\Z")  # the number of a rule, which says nothing to the reader
_NAME = re.compile(r"\\{(\w+)\\}")
_VALUED = [(r, re.compile(_NAME.sub(r"(?P<\1>.{1,500})", re.escape(r)))) for r in REASONS if "{" in r]


def reason(text: str, translate: Callable[[str], str], when: Callable[[str], str]) -> str:
    """The cause in words of the language; as it is where it is none of these. `when` tells a time."""
    known = translate(text) if text else ""
    if known != text:
        return known
    for sentence, pattern in _VALUED:
        found = pattern.fullmatch(text[:1000])
        if found:
            values = {key: when(value) if key == "at" else value for key, value in found.groupdict().items()}
            return _SECTION.sub("", translate(sentence).format_map(values))
    return text
