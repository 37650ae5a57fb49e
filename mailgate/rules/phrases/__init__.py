"""The phrases that ask to escalate (rule 7.2), a language a table. A language is added in its file.

Laws: constant tables; nothing here looks at a text.
"""

from __future__ import annotations

from mailgate.rules.phrases.dutch import NL
from mailgate.rules.phrases.english import EN
from mailgate.rules.phrases.french import FR
from mailgate.rules.phrases.german import DE
from mailgate.rules.phrases.italian import IT
from mailgate.rules.phrases.portuguese import PT
from mailgate.rules.phrases.shape import Phrases
from mailgate.rules.phrases.spanish import ES

LANGUAGES: tuple[Phrases, ...] = (EN, FR, DE, ES, IT, PT, NL)
