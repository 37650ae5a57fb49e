"""Which language a text is in, by its letters and its commonest words (rule 6.2: only when sure).

Laws: "" when unsure; linear, at most `LIMIT` characters are looked at. Dependable from some ten words on.
"""

from __future__ import annotations

import re
from collections import Counter

LIMIT = 1_500  # characters
MIN_LETTERS = 12
MIN_SHARE = 0.12  # of all words must be common words of the language
LEAD = 1.5  # the best must be so much better than the next

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

# The commonest words, without those that are as common in a neighbour.
_WORDS = {
    "en": "the and of is you that it for are with this have not on be was we from your they my but what "
    "when which would there has can could please thank thanks been our "
    "will about if do does how get after since any were an by hello as at all out no it's i'm don't "
    "need working again still",
    "fr": "le la de en les des est et vous que une pour dans nous pas ne sur avec ce je qui au plus sont mais "
    "cette mon votre notre être ont par merci bonjour j'ai c'est du il "
    "aux tout très depuis peut ai nos vos cela fait été leur comme même quand où d'un d'une n'est "
    "qu'il l'on problème sans",
    "de": "der die das und ist nicht ich sie wir ein eine zu den mit von auf für im dem sich auch es wird "
    "bitte hallo haben werden sind aber bei nach noch wie oder kann als "
    "aus wenn keine einen zum zur über vom ihre unsere mir uns dass seit hat mein können danke "
    "vielen gibt mehr schon",
    "es": "el los de en las que y es una por con para no se del está son pero como más su mi hola gracias tiene "
    "puede este esta todo muy hay desde cuando nos sin ya fue lo "
    "tengo nuestro usted también porque ha han hemos estamos favor buenos días sobre hasta qué desde "
    "al si",
    "it": "il che di è non un una per con sono della del nel anche ma come più questo questa ho ha abbiamo "
    "ciao buongiorno grazie gli lo al alla dei delle si ci "
    "essere stato quando perché può dalla sul nostro mi vi dopo ancora tutto senza suo molto se "
    "prego i le",
    "pt": "o os de que não é uma um para com do da em no na se por mais está como foi você ao dos das mas "
    "obrigado obrigada olá bom dia tem são isso este esta muito "
    "nosso nossa quando também já pelo pela seu sua favor estou temos até desde ele à sem nos eu ser",
    "nl": "de het een en van is niet ik dat op te zijn voor met die er aan heb hebben wij we u je maar om "
    "ook als bij nog wel kan naar uit door over dit deze geen "
    "hallo bedankt graag mijn ons onze wordt worden heeft sinds kunnen wat al dan hoe meer",
    # These only keep their neighbours honest: a text in one of them is nobody's.
    "sv": "och att det som är på för inte med jag vi har till av den ett kan från men om hej tack när så "
    "också efter över vårt mitt eller när vara ska",
    "da": "og at det er på for ikke med jeg vi har til af den et kan fra men om hej tak når så også efter "
    "over vores mit eller være skal hvor blev",
    "pl": "i w nie na się z do jest że to jak o dla po ale od czy mam mamy proszę dziękuję nie są przez "
    "już przy będzie tylko oraz",
    "ro": "și în de la este nu cu pe pentru un o să am care din mai sunt dar ce mulțumesc după când avem "
    "fost prin",
    "ca": "i que de la el els les no és una per amb del al com més està són però gràcies bon dia tenim "
    "aquest aquesta quan també molt",
    "cs": "a v na se je že to s z do o k jako pro ale od po jsem jsme není by prosím děkuji při jen také "
    "už který má",
    "fi": "ja on ei se että en kun niin mutta jos voi ole oli kiitos hei myös kuin tai sen ovat meidän "
    "olen minun",
    "tr": "ve bir bu için ile de da çok ama var değil gibi daha olarak ne merhaba teşekkürler lütfen ben "
    "biz",
    "hu": "a az és nem hogy egy is van ez de már csak meg azt ha mint kérem köszönöm nincs után volt",
    "id": "yang dan di untuk dengan ini itu tidak dari pada ada saya kami akan ke bisa terima kasih sudah",
}  # fmt: skip
_KNOWN = frozenset({"en", "fr", "de", "es", "it", "pt", "nl"})
_TABLE = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_LETTERS = {
    "de": "ßäöü", "fr": "çèêëàùûîœ", "es": "ñ¿¡", "pt": "ãõ", "it": "ìò", "pl": "łąęśżź",
    "sv": "å", "da": "øæ", "cs": "ěřů", "ro": "ășțţş", "tr": "ğışİ", "hu": "őű",
}  # fmt: skip

_SCRIPTS = (
    ("latin", 0x0000, 0x024F), ("greek", 0x0370, 0x03FF), ("cyrillic", 0x0400, 0x04FF), ("hebrew", 0x0590, 0x05FF),
    ("arabic", 0x0600, 0x06FF), ("latin", 0x1E00, 0x1EFF), ("greek", 0x1F00, 0x1FFF), ("kana", 0x3040, 0x30FF),
    ("han", 0x3400, 0x9FFF), ("hangul", 0xAC00, 0xD7AF),
)  # fmt: skip


def guess(text: str) -> str:
    """One of en fr de es it pt nl ru uk el he ar zh ja ko, or "" when unsure."""
    text = text[:LIMIT]
    if "@" in text or "://" in text:
        text = " ".join(word for word in text.split() if "@" not in word and "://" not in word)
    scripts: Counter[str] = Counter()
    for c, times in Counter(text).items():
        if c.isalpha():
            scripts[_script(c)] += times
    letters = scripts.total()
    script, most = scripts.most_common(1)[0] if scripts else ("", 0)
    if script in ("han", "kana", "hangul"):
        return _east_asian(scripts, letters)
    if letters < MIN_LETTERS or most < letters * 0.6:
        return ""
    if script == "latin":
        return _latin(text.casefold())
    if script == "cyrillic":
        return _cyrillic(text.casefold())
    if script == "arabic":
        return "" if any(c in text for c in "پچژگکی") else "ar"
    return {"greek": "el", "hebrew": "he"}.get(script, "")


def _script(c: str) -> str:
    code = ord(c)
    for name, first, last in _SCRIPTS:
        if first <= code <= last:
            return name
    return "other"


def _east_asian(scripts: Counter[str], letters: int) -> str:
    """Kana is Japanese however much Han stands beside it."""
    asian = scripts["han"] + scripts["kana"] + scripts["hangul"]
    if asian < 4 or asian < letters * 0.5:
        return ""
    if scripts["kana"] * 8 >= asian:
        return "ja"
    if scripts["hangul"] * 2 >= asian:
        return "ko"
    return "zh" if scripts["kana"] == 0 else ""


def _cyrillic(text: str) -> str:
    """Letters that only one of the two has; other Cyrillic languages have letters that neither has."""
    if any(c in text for c in "ђћџјљњқғүұәөў"):
        return ""
    russian = sum(text.count(c) for c in "ыэёъ")
    ukrainian = sum(text.count(c) for c in "іїєґ")
    if russian > ukrainian:
        return "ru" if text.count("ъ") * 2 < russian else ""  # Bulgarian has ъ and none of the others
    return "uk" if ukrainian > russian else ""


def _latin(text: str) -> str:
    words = _WORD.findall(text.replace("’", "'"))
    if len(words) < 4:
        return ""
    counts = Counter(words)
    scores = {
        language: sum(counts[word] for word in table & counts.keys()) + _letters(language, text)
        for language, table in _TABLE.items()
    }
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    (best, score), (_, second) = ranked[0], ranked[1]
    sure = score >= 3 and score >= len(words) * MIN_SHARE and score >= second * LEAD
    return best if sure and best in _KNOWN else ""


def _letters(language: str, text: str) -> float:
    return min(sum(text.count(c) for c in _LETTERS.get(language, "")), 6) * 0.5
