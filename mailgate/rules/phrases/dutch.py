"""Dutch: how one asks to escalate, and what is no request."""

from __future__ import annotations

from mailgate.rules.phrases.shape import START, TOLD, Phrases

_WORDS = {
    "stop": (
        "niet|nooit|geen|zonder|onnodig|hoe|wie|waarom|wanneer|waar|welke?|wat|of|als|indien|tenzij|voordat|nadat|zodra|tot"
        "|nog|escaleer|escaleren|mits"
    ),
    "boss": (
        "(?:(?:uw|je|jullie|een|de|het|hoger|hogere|direct|directe|verantwoordelijke) ){0,3}(?:manager|managers|management"
        "|leidinggevende|leidinggevenden|teamleider|teamlead|chef|supervisor|baas|directie|hoger niveau|afdelingshoofd)"
    ),
    "up": (
        "(?:naar|aan|bij|met) (?:<boss>|(?:het |de )?(?:volgende|hogere?|tweede|2e) (?:niveau|lijn|lijns?)|niveau [23]|level "
        "?[23]|l[23])|hogerop"
    ),
    "thing": "ticket|tickets|zaak|melding|probleem|incident|kwestie|verzoek|aanvraag|storing|issue|case|klacht|dossier|punt|situatie",
    "it": "(?:dit|deze|dat|het|de|die|ons|onze|mijn|bovenstaande|genoemde|urgente|openstaande|nummer|nr|#?\\d+|<thing>) ",
    "v": (
        "(?:te )?(?:escaleren|opschalen|op te schalen)|geescaleerd (?:wordt|worden|hebben|krijgen|te krijgen|zien)"
        "|opgeschaald (?:wordt|worden|hebben|krijgen)|(?:worden )?(?:geescaleerd|opgeschaald)|<up> (?:door te |te "
        ")?(?:doorzetten|zetten|doorsturen|sturen|leggen|voorleggen|voor te leggen|brengen|melden|tillen)|een escalatie "
        "(?:te )?(?:starten|in te zetten|aanvragen|aan te vragen|opstarten)|(?:met )?<boss> (?:te )?(?:spreken|praten)"
    ),
    "imp": "escaleer|escaleert|schaal",
    "n": "(?!kosten|prijs|rechten|privilege)\\w{0,20}escalatie|escalation",
    "adv": (
        "graag|ook|nu|direct|onmiddellijk|dringend|zsm|zo snel mogelijk|spoedig|hierbij|daarom|dus|nogmaals|opnieuw"
        "|vriendelijk|even|alstublieft|alsjeblieft|aub|ajb|svp|echt|formeel|officieel|verder|snel|jullie|u|je|met klem"
        "|meteen|vandaag nog|toch|absoluut|zeer|eens|intern|z s m|per direct"
    ),
    "f": "(?:(?:<adv>) ){0,4}",
    "own": "ik|wij|we|men|(?:mijn|onze|ons) (?:baas|manager|klant|management|directie|leidinggevende|directeur)|de klant",
    "want": (
        "wil|willen|zou(?:den)?|verzoek|verzoeken|vraag|vragen|eis|eisen|wens|wensen|wenst|moet|moeten|heb|hebben|verwacht"
        "|verwachten|zouden|dring|dringen|stel voor|hoop|wilde|wilden"
    ),
    "can": "kunnen|kunt|kun|kan|kon|konden|wilt|willen|wil|zou|zouden|mag|mogen|zullen",
}

NL = Phrases(
    language="nl",
    words=_WORDS,
    stem="escal|opscha|opgeschaald| manag| leidinggev| teamle| chef| supervis| baas| directie| hoger| niveau",
    forms_of_courtesy=(
        "indien (?:dat |dit )?mogelijk|als (?:dat|dit|het) (?:kan|mogelijk is|lukt)|zo mogelijk|zo spoedig mogelijk|als (?:u"
        "|je|jullie) (?:dat )?(?:wilt|wil|kunt|kan)(?= [,?]| $)"
    ),
    requests=(
        r"(?:graag|gelieve|aub|svp|alstublieft|alsjeblieft|verzoek|verzoeke|ajb|zsm) (?:, )?<g7>(?:<v>)",
        r"(?:<it>{1,5})?(?:<f>)(?:escaleren|opschalen) (?:<f>)(?:graag|aub|svp|alstublieft|alsjeblieft|ajb)",
        r"(?:escaleer|schaal) (?:<it>{0,5})(?:<f>)(?:op )?(?:<f>)(?:aub|svp|alstublieft|alsjeblieft|ajb|graag)",
        r"(?:graag|alstublieft|aub|svp|alsjeblieft) <g4>(?:een |de )?(?:<n>)",
        r"(?:<can>) (?:u|jullie|je|jij|we|wij|ik|iemand|men|er iemand) (?:<f>)<g7>(?:<v>)",
        r"(?:<can>) (?:<it>{1,5})(?:<f>)<g3>(?:<v>)",
        r"(?:is|zou) het (?:<f>)(?:mogelijk|een optie) (?:zijn )?(?:, )?(?:om )?<g6>(?:<v>)",
        r"(?:<own>) (?:<f>)(?:<want>) (?:<f>)(?:, )?<g7>(?:, )?<g6>(?:<v>)",
        rf"{TOLD}(?:<want>) (?:<own>) (?:<f>)(?:, )?<g7>(?:, )?<g6>(?:<v>)",
        rf"{TOLD}(?:(?:<own>) (?:<f>)(?:<want>)|(?:<want>) (?:<own>)) (?:<f>)<g5>(?:<n>)",
        r"(?:<it>{1,5})(?:<f>)(?:moet|dient|zou moeten|behoort|vereist|vraagt om|mag) (?:<f>)<g3>(?:<v>|<n>)",
        r"(?:hierbij|daarom|dus) (?:escaleer ik|escaleren wij|escaleren we|vraag ik|verzoek ik|vragen wij|verzoeken wij) "
        r"<g6>(?:<n>|<v>|<thing>|dit)",
        r"(?:ik|wij|we) escaler?e?e?n? (?:hierbij|daarom|nu|bij deze)",
        rf"{START}(?:(?:een|de|dringende|directe) ){{0,3}}(?:<n>) (?:<f>)(?:is |wordt )?(?:<f>)(?:gewenst|vereist|nodig"
        rf"|noodzakelijk|gevraagd|(?:aub|svp|graag|alstublieft)(?= [,?]| $))",
        r"(?:dankbaar|fijn|prettig|mooi|goed|top|helpen|prijs|stellen|waarderen) (?:<g3>)(?:, )?(?:als|indien) (?:u|jullie|je"
        r"|dit|iemand|we|het|deze [^ ]+|dit [^ ]+) <g6>(?:escaleert|escaleren|escaleerde|opschaalt|opschalen|geescaleerd"
        r"|opgeschaald|zou escaleren)",
        r"(?:verzoek|vraag) (?:om|tot|voor) (?:een |de )?(?:<n>|<g4><v>)",
        r"(?:beschouw|behandel|zie) <g5>als (?:een )?(?:<n>|geescaleerd)",
        r"(?:dit|deze mail) is een (?:(?:dringende|formele|officiele) )?(?:<n>)",
        r"(?:bij voorbaat|alvast) (?:dank )?voor (?:het (?:<v>)|de (?:<n>))",
        r"(?:tijd|hoog tijd) (?:om )<g4>(?:<v>)",
    ),
    imperatives=(
        r"(?:(?:hallo|beste|dus|daarom|ja|ok|en|goedemorgen|team|dringend) (?:, )?){0,4}(?:escaleer|escaleert u) "
        r"(?:(?:<it>){1,5}|direct|onmiddellijk|dringend|zsm)",
    ),
    taken_back_before=(
        r"(?:hoe|wie|waarom|wanneer|waar|welke?|wat|of|aan wie)(?: [^ ,?]+){0,2}",
        r"(?:niet|geen|zonder|nooit|onnodig|hoeft niet|noch)(?: (?:te|de|het|een|nog|nodig|meer)){0,2}",
        r"(?:collega|hij|zij|ze|pagina|handleiding|mail|formulier|tekst|klant|jullie|website) (?:heeft |hebben )?(?:(?:mij"
        r"|ons|me) )?(?:zegt|zei|gezegd|schrijft|schreef|staat|vroeg|zeggen)(?: [^ ,?]+){0,2}(?: ,)?",
        r"(?:staat|stappen|stap|handleiding|proces|procedure|werkwijze|knop|onderwerp|titel|tekst|sjabloon) (?:[^ ,?]+ ){0,4},",
        r"(?:heb|hebben|had|hadden|werd|is|al|reeds|dat|omdat) (?:ik |wij |we |al )?",
        r"(?:als|indien|mocht|anders|tenzij) (?:[^ ,?]+ ){0,2}",
    ),
    taken_back_after=(
        r"(?:(?!omdat |want |aangezien |en |anders |wegens |vanwege |om |ik |wij |we |het |onze )[^ ,?]+ ){0,8}(?:niet|geen"
        r"|nooit|nog niet)(?= |$)",
        r"(?:(?!omdat |want |aangezien )[^ ,?]+ ){0,8}(?:, )?(?:pas |alleen )?(?:als|indien|tenzij|zodra|mits|wanneer|mocht"
        r"|voordat|zo nodig|indien nodig|nadat)",
        r"(?:manager|team|matrix|proces|niveau|plan|lijst|pad|adres|procedure|van kosten|van de kosten|van rechten|van geweld"
        r"|van prijzen)",
        r"(?:een ticket|tickets|elk ticket|meldingen)(?: [?]| per| via| zelf|$)",
        r"(?:<g3>)(?:te )?(?:annuleren|stoppen|beeindigen|intrekken|in te trekken|sluiten|ongedaan)",
        r"(?:werd|is (?:al|reeds|niet|gebeurd)|was|heeft|had)",
    ),
    joint="en|maar|dan|of",
    conditions=(
        "als|indien|mocht|mochten|anders|tenzij|zodra|wanneer|bij geen|zonder (?:reactie|antwoord|oplossing)|zo niet|in het "
        "geval|eventueel|zo nodig"
    ),
    therefore="daarom|dus|derhalve|vandaar",
)
