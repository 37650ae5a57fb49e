"""What mail programs write around quotes in one language, by meaning (rule 3.2). Lower case; "…" stands for a few words."""

from __future__ import annotations

from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Locale:
    """The phrases of one language; each table names the programs that write them where that is not all of them."""

    code: str  # BCP 47, or "" for a file of leftovers
    wrote: Words = ()  # some form of "wrote" stands in nearly every attribution
    opens: Words = ()  # the prepositions by which an attribution begins, before its date
    days: Words = ()  # weekdays by which one begins; the long forms only where no preposition precedes them
    cites: Words = ()  # how an attribution without "wrote" begins, before a name
    prose: Words = ()  # in the place of a writer's name these make the line a sentence: pronouns, articles
    original: Words = ()  # "original message", between dashes
    forwarded: Words = ()  # a forward's first line, between dashes or with a colon
    above: Words = ()  # "reply above this line" of helpdesks
    sender: Words = ()  # labels of a header block inside a text
    sent: Words = ()  # labels of a date that only a mail has
    date: Words = ()  # other labels of a date
    to: Words = ()
    subject: Words = ()
    cc: Words = ()
    other: Words = ()
    devices: Words = ()  # "sent from …": counts with the name of a device or program, or as a paragraph of its own
    adverts: Words = ()  # what programs add in praise of themselves: sure by itself
    closings: Words = ()  # "kind regards", alone on its line; the sender's name and particulars follow
    thanks: Words = ()  # closings that are also said for themselves: they count above a name only
