"""Danish, Swedish, Norwegian, Finnish."""

from __future__ import annotations

from mailgate.mail.locales.shape import Locale

DA = Locale(
    "da",
    wrote=("skrev", "skriver", "har skrevet"),
    opens=("den", "d.", "på"),
    days=(
        "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag", "man.", "tirs.", "ons.", "tors.",
        "fre.",
        "lør.", "søn.", "ma.", "ti.", "on.", "to.", "fr.", "lø.", "sø.",
    ),
    prose=(
        "jeg", "vi", "han", "hun", "det", "de", "man", "min", "mit", "vores", "jeres", "nogen", "at", "til", "en",
        "et", "du", "mig",
    ),
    original=(
        "oprindelig meddelelse", "original meddelelse", "oprindelig besked", "oprindelig mail", "oprindelig e-mail",
        "oprindelige meddelelse", "den oprindelige meddelelse",
    ),
    forwarded=(
        "videresendt besked", "videresendt meddelelse", "videresendt e-mail", "videresendt mail",
        "start på videresendt besked", "start på videresendt e-mail", "begyndelse på videresendt besked",
    ),
    above=("svar over denne linje", "skriv dit svar over denne linje"),
    sender=("fra", "afsender"),
    sent=("sendt", "sendt den"),
    date=("dato",),
    to=("til", "modtager"),
    subject=("emne", "vedr", "vedrørende"),
    cc=("kopi", "cc"),
    other=("svar til", "vedhæftede filer", "vedhæftet fil", "prioritet", "vigtighed"),
    devices=("sendt fra …", "sendt via …", "sendt med …"),
    adverts=("hent outlook til …", "få outlook til …", "hent outlook for …", "virusfri", "virusfri. …"),
    closings=(
        "med venlig hilsen", "venlig hilsen", "mange hilsner", "hilsen", "hilsner", "med venlige hilsner",
        "de bedste hilsner",
        "bedste hilsner", "de bedste hilsener", "med de bedste hilsner", "kærlig hilsen", "mvh", "mange hilsener",
        "venlige hilsner", "de venligste hilsner", "med hilsen", "på forhånd tak og venlig hilsen",
    ),
    thanks=("kh", "vh"),
)  # fmt: skip

SV = Locale(
    "sv",
    wrote=("skrev", "skriver", "har skrivit"),
    opens=("den", "på"),
    days=(
        "mån", "tis", "ons", "tors", "fre", "lör", "sön", "måndag", "tisdag", "onsdag", "torsdag", "fredag",
        "lördag", "söndag",
    ),
    cites=("citerar", "citerar från"),
    prose=(
        "jag", "vi", "han", "hon", "det", "de", "man", "min", "mitt", "vår", "vårt", "er", "ert", "någon", "att",
        "till", "en", "ett", "du", "mig",
    ),
    original=(
        "ursprungligt meddelande", "originalmeddelande", "ursprungsmeddelande", "ursprungligt mail",
        "ursprungligt e-postmeddelande",
        "ursprungligt mejl", "original meddelande",
    ),
    forwarded=(
        "vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mejl", "vidarebefordrat mail",
        "början på vidarebefordrat meddelande", "vidarebefordrat e-postmeddelande", "vidarebefordrade brevet",
    ),
    above=("svara ovanför denna rad", "skriv ditt svar ovanför denna rad", "svara ovanför den här raden"),
    sender=("från", "avsändare"),
    sent=("skickat", "skickades", "skickat den"),
    date=("datum",),
    to=("till", "mottagare"),
    subject=("ämne", "rubrik", "ang", "angående"),
    cc=("kopia", "kopia till", "cc"),
    other=("svar till", "svara till", "bifogade filer", "bilagor", "prioritet"),
    devices=("skickat från …", "skickades från …", "skickat via …", "skickat med …", "skickat av …"),
    adverts=("hämta outlook för …", "skaffa outlook för …", "ladda ner outlook för …", "virusfritt", "virusfritt. …"),
    closings=(
        "med vänlig hälsning", "med vänliga hälsningar", "vänliga hälsningar", "vänlig hälsning", "hälsningar",
        "hälsning", "mvh",
        "bästa hälsningar", "med bästa hälsningar", "varma hälsningar", "vänligen", "allt gott",
        "med vänlig hälsning/best regards",
        "vänligt", "hälsar", "tack och hälsningar", "tack på förhand och vänliga hälsningar",
    ),
)  # fmt: skip

NB = Locale(
    "nb",
    wrote=("skrev", "skreiv", "skriver", "har skrevet"),
    opens=("den", "på", "d."),
    days=(
        "man.", "tir.", "ons.", "tor.", "fre.", "lør.", "søn.", "mandag", "tirsdag", "onsdag", "torsdag", "fredag",
        "lørdag", "søndag",
    ),
    prose=(
        "jeg", "eg", "vi", "han", "hun", "det", "de", "man", "min", "mitt", "vår", "noen", "at", "til", "en", "et",
        "du", "meg",
    ),
    original=(
        "opprinnelig melding", "opprinnelig e-post", "opprinnelig meddelelse", "original melding",
        "opprinneleg melding",
        "originalmelding", "opprinnelig epost",
    ),
    forwarded=(
        "videresendt melding", "videresendt e-post", "videresend melding", "starten på den videresendte meldingen",
        "begynnelsen på videresendt melding", "start på videresendt melding",
    ),
    above=("svar over denne linjen", "skriv svaret ditt over denne linjen"),
    sender=("fra", "avsender", "frå"),
    sent=("sendt", "dato sendt"),
    date=("dato",),
    to=("til", "mottaker"),
    subject=("emne",),
    cc=("kopi", "kopi til"),
    other=("svar til", "vedlegg", "prioritet"),
    devices=("sendt fra …", "sendt frå …", "sendt via …", "sendt med …"),
    adverts=("last ned outlook for …", "få outlook for …", "skaff deg outlook for …", "virusfri", "virusfri. …"),
    closings=(
        "med vennlig hilsen", "vennlig hilsen", "med vennleg helsing", "vennleg helsing", "hilsen", "helsing", "mvh",
        "vh",
        "med vennlige hilsner", "beste hilsen", "beste hilsner", "med beste hilsen", "hilsen fra",
        "vennlige hilsener", "mange hilsener",
    ),
)  # fmt: skip

FI = Locale(
    "fi",
    wrote=("kirjoitti", "kirjoittaa", "on kirjoittanut"),
    days=(
        "ma", "ti", "ke", "to", "pe", "la", "su", "maanantai", "tiistai", "keskiviikko", "torstai", "perjantai",
        "lauantai", "sunnuntai",
    ),
    cites=("lainaus", "lainaan"),
    prose=("minä", "me", "hän", "se", "he", "joku", "että", "te", "minun", "meidän"),
    original=(
        "alkuperäinen viesti", "alkuperäinen sähköposti", "alkuperäinen sanoma", "alkuperäinen sähköpostiviesti",
    ),
    forwarded=(
        "välitetty viesti", "edelleenlähetetty viesti", "välitetty viesti alkaa", "edelleen lähetetty viesti",
        "välitetty sähköposti",
    ),
    above=("vastaa tämän rivin yläpuolelle", "kirjoita vastauksesi tämän rivin yläpuolelle"),
    sender=("lähettäjä",),
    sent=("lähetetty",),
    date=("päivämäärä", "päiväys", "pvm", "päivä"),
    to=("vastaanottaja", "saaja", "vastaanottajat"),
    subject=("aihe", "otsikko"),
    cc=("kopio",),
    other=("vastausosoite", "vastaus", "liitteet", "liite", "tärkeys"),
    devices=("lähetetty …", "lähetetty …sta", "… lähetetty"),
    adverts=("hanki outlook …", "lataa outlook …", "hae outlook …"),
    closings=(
        "ystävällisin terveisin", "terveisin", "parhain terveisin", "terv", "terveiset", "kiitos ja terveisin",
        "yst. terv", "kunnioittavasti", "ystävällisesti", "lämpimin terveisin", "parhaat terveiset", "terveisiä",
    ),
    thanks=("yt", "t.", "t"),
)  # fmt: skip
