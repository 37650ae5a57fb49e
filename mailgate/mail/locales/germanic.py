"""English, German, Dutch."""

from __future__ import annotations

from mailgate.mail.locales.shape import Locale

EN = Locale(
    "en",
    wrote=("wrote", "writes", "has written"),  # writes: Gnus
    opens=("on", "at"),  # at: Wanderlust, Spark
    days=(
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed",
        "thu",
        "thur", "thurs", "fri", "sat", "sun",
    ),
    cites=("quoting", "citing"),  # Horde
    prose=(
        "i", "we", "i've", "have", "he", "she", "it", "they", "you", "the", "a", "an", "my", "our", "your", "his",
        "her", "their", "this", "that",
        "which", "who", "someone", "somebody", "to", "me", "us", "in", "and", "but", "one", "these", "some", "its",
        "about", "as",
    ),
    original=(
        "original message",  # Outlook, Yahoo, Samsung, Proton, K-9
        "original email", "original mail", "original appointment", "original", "reply message",
        "begin original message", "message from", "replied message",  # replied message: NetEase
    ),
    forwarded=(
        "forwarded message",  # Gmail, Thunderbird, Yahoo, Zoho, Proton
        "begin forwarded message",  # Apple Mail
        "forwarded by", "start of forwarded message", "forwarded email", "forwarded mail", "forward message",  # Notes, Opera
        "begin forward message", "forwarding mail information",  # NetEase
    ),
    above=(
        "reply above this line", "type your reply above this line", "write above this line", "reply above the line",
    ),
    sender=("from", "sender"),
    sent=("sent", "sent at", "sent on"),
    date=("date", "received"),
    to=("to", "recipient", "recipients"),
    subject=("subject", "subj"),
    cc=("cc", "bcc", "copy", "copies"),
    other=(
        "reply-to", "reply to", "attachments", "attachment", "importance", "priority", "organization", "message-id",
        "mailing list",
        "when", "where", "sent by", "resent-from", "list-id", "on behalf of", "mailed-by", "signed-by",
        "sensitivity", "categories",
    ),
    devices=(
        "sent from …", "sent via …", "sent with …", "sent using …", "sent by …", "sent on the go from …",
        "… sent from …",
    ),
    adverts=(
        "get outlook for …", "sent with … secure email", "get bluemail for …", "get the … app for …",
        "download … for …",
        "this email was sent from …", "this message was sent from …", "please excuse my brevity", "virus-free",
        "virus-free. …", "yahoo mail: search, organize, conquer", "sent from yahoo mail on …", "sent from outlook …",
    ),
    closings=(
        "regards", "best regards", "kind regards", "warm regards", "warmest regards", "with best regards",
        "with kind regards",
        "with regards", "best wishes", "with best wishes", "many thanks and best regards",
        "many thanks and kind regards",
        "thanks and regards", "thanks & regards", "thank you and best regards", "thanks and best regards",
        "thanks and kind regards", "thank you and kind regards", "thanks with regards", "kindest regards",
        "sincere regards",
        "sincerely", "yours sincerely", "sincerely yours", "yours faithfully", "yours truly", "respectfully", "yours",
        "respectfully yours", "cordially", "cheers", "all the best", "rgds", "kind rgds",
        "warmly", "with gratitude", "with appreciation", "take care", "greetings",
    ),
    thanks=("best", "br", "kr", "bests"),
)  # fmt: skip

DE = Locale(
    "de",
    wrote=("schrieb", "geschrieben", "schreibt"),
    opens=("am", "vom", "um"),
    days=(
        "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonnabend", "sonntag", "mo.", "di.",
        "mi.",
        "do.", "fr.", "sa.", "so.", "mo", "di", "mi", "do", "fr", "sa", "so",
    ),
    cites=("zitat von", "zitiere"),  # Horde
    prose=(
        "ich", "wir", "habe", "haben", "er", "sie", "es", "man", "ihr", "der", "die", "das", "mein", "unser",
        "unsere", "ihre", "mir", "uns", "jemand",
        "an", "dass", "ein", "eine", "wer", "folgendes",
    ),
    original=(
        "ursprüngliche nachricht", "ursprungliche nachricht", "ursprüngl. nachricht", "urspr. nachricht",  # Outlook, Samsung
        "originalnachricht", "original-nachricht", "original nachricht",  # eM Client, T-Online
        "originalmail", "ursprüngliche mail", "original e-mail",  # Zimbra
        "ursprüngliche e-mail", "ursprünglicher termin", "nachricht aus dem original",
    ),
    forwarded=(
        "weitergeleitete nachricht", "weitergeleitete message", "weitergeleitete mail",  # Gmail, Thunderbird
        "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail",  # Apple Mail
        "beginn der weitergeleiteten nachricht", "weitergeleitet von", "weitergeleitete e-mail",
    ),
    above=(
        "bitte antworten sie oberhalb dieser linie", "oberhalb dieser zeile", "über dieser linie",
        "oberhalb dieser linie",
    ),
    sender=("von", "absender"),
    sent=("gesendet", "gesendet am", "versendet", "verschickt", "gesendet um"),
    date=("datum", "empfangen"),
    to=("an", "empfänger"),
    subject=("betreff", "betr", "betrifft", "thema"),
    cc=("kopie", "kopie (cc)", "kopie an", "blindkopie"),
    other=(
        "antwort an", "antworten an", "anlagen", "anhang", "anhänge", "wichtigkeit", "priorität", "im auftrag von",
        "organisation",
    ),
    devices=(
        "von meinem … gesendet", "von meiner … gesendet", "von … gesendet", "gesendet von …", "gesendet mit …",
        "gesendet über …",
        "gesendet aus …", "gesendet via …", "diese nachricht wurde von meinem … gesendet", "mit … gesendet",
        "via … gesendet",
    ),
    adverts=(
        "outlook für … herunterladen", "holen sie sich outlook für …", "outlook für … beziehen", "virenfrei",
        "virenfrei. …",
        "diese e-mail wurde von … gesendet", "bitte entschuldigen sie die kürze",
        "diese nachricht wurde mit … gesendet",
    ),
    closings=(
        "mit freundlichen grüßen", "mit freundlichem gruß", "freundliche grüße", "freundlichen gruß", "viele grüße",
        "vielen gruß",
        "beste grüße", "liebe grüße", "lieben gruß", "herzliche grüße", "schöne grüße", "sonnige grüße",
        "mit besten grüßen",
        "mit herzlichen grüßen", "mit lieben grüßen", "mit vielen grüßen", "gruß", "grüße", "mfg",
        "hochachtungsvoll", "mit bestem gruß", "freundlicher gruß", "herzlichst", "besten gruß",
        "besten dank und viele grüße",
        "vielen dank und viele grüße", "vielen dank und freundliche grüße", "danke und gruß", "danke und viele grüße",
            ),
    thanks=("vg", "lg", "bg", "ihr", "ihre"),
)  # fmt: skip

NL = Locale(
    "nl",
    wrote=("schreef", "geschreven", "schrijft"),
    opens=("op",),
    days=(
        "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "ma", "di", "wo", "do", "vr",
        "za",
        "zo",
    ),
    cites=("citeren van", "bericht van"),
    prose=(
        "ik", "heb", "hebben", "wij", "we", "hij", "zij", "ze", "het", "de", "men", "mijn", "ons", "onze", "uw",
        "jullie", "iemand", "aan", "dat", "een",
        "mij", "wie",
    ),
    original=(
        "oorspronkelijk bericht", "oorspronkelijke bericht", "origineel bericht", "originele bericht",
        "oorspronkelijke e-mail", "oorspronkelijke mail",
    ),
    forwarded=(
        "doorgestuurd bericht", "doorgezonden bericht", "begin doorgestuurd bericht",
        "begin van doorgestuurd bericht",
        "begin van het doorgestuurde bericht", "doorgestuurd door", "doorgestuurde bericht",
    ),
    above=("reageer boven deze lijn", "antwoord boven deze lijn", "typ uw antwoord boven deze lijn"),
    sender=("van", "afzender"),
    sent=("verzonden", "verstuurd", "verzonden op"),
    date=("datum",),
    to=("aan", "ontvanger"),
    subject=("onderwerp", "betreft"),
    cc=("kopie", "cc"),
    other=("antwoord aan", "beantwoorden", "bijlagen", "bijlage", "urgentie", "prioriteit"),
    devices=(
        "verzonden vanaf …", "verzonden met …", "verzonden vanuit …", "verzonden via …", "verstuurd vanaf …",
        "verstuurd met …",
        "verstuurd via …", "verstuurd vanuit …", "verzonden door …",
    ),
    adverts=(
        "outlook voor … downloaden", "download outlook voor …", "outlook voor … ophalen", "virusvrij",
        "virusvrij. …",
    ),
    closings=(
        "met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "vriendelijke groeten",
        "hartelijke groet",
        "hartelijke groeten", "met hartelijke groet", "groet", "groeten", "groetjes", "mvg", "hoogachtend", "vr. gr",
        "vr.gr",
        "met groet", "met groeten", "beste groet", "beste groeten", "fijne dag", "alvast bedankt en groet",
    ),
)  # fmt: skip
