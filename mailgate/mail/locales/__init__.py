"""The phrases of mail programs in all languages, joined by meaning and folded (`str.casefold`). A language is added in its file.

Laws: constant tables; nothing here looks at a text.
"""

from __future__ import annotations

from mailgate.mail.locales.asian import FAR, JA, KO, VI, ZH
from mailgate.mail.locales.eastern import AR, EL, HE, HU, TR
from mailgate.mail.locales.germanic import DE, EN, NL
from mailgate.mail.locales.nordic import DA, FI, NB, SV
from mailgate.mail.locales.romance import ES, FR, IT, PT, RO
from mailgate.mail.locales.shape import Locale
from mailgate.mail.locales.slavic import CS, NEAR, PL, RU, SK, UK

LOCALES: tuple[Locale, ...] = (
    EN, FR, DE, ES, IT, PT, NL, PL, DA, SV, NB, FI, CS, SK, HU, RO, RU, UK, TR, EL, HE, AR, ZH, JA, KO, VI, NEAR, FAR,
)  # fmt: skip


def _joined(name: str) -> tuple[str, ...]:
    """The phrases of all languages under one name, the longest first, once each."""
    words = {word.casefold() for locale in LOCALES for word in getattr(locale, name)}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


WROTE = _joined("wrote")
OPENS = _joined("opens")
DAYS = _joined("days")
CITES = _joined("cites")
PROSE = frozenset(_joined("prose"))
ORIGINAL = _joined("original")
FORWARDED = _joined("forwarded")
ABOVE = _joined("above")
DEVICES = _joined("devices")
ADVERTS = _joined("adverts")
THANKS = frozenset(_joined("thanks"))
CLOSINGS = frozenset(_joined("closings")) - THANKS
# What a label of a header block says: from, sent, date, to, subject, cc, other. "a" is "to" in three languages, "de" is
# "from" in four; where languages disagree the earlier meaning of this order wins.
ROLES: dict[str, str] = {
    label: role
    for role, name in reversed(
        [("from", "sender"), ("sent", "sent"), ("to", "to"), ("date", "date"), ("subject", "subject"), ("cc", "cc"), ("other", "other")]
    )
    for label in _joined(name)
}  # fmt: skip
