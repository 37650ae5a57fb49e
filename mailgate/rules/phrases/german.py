"""German: how one asks to escalate, and what is no request."""

from __future__ import annotations

from mailgate.rules.phrases.shape import START, TOLD, Phrases

_WORDS = {
    "stop": (
        "nicht|nie|niemals|kein(?:e|en|er|es|em)?|ohne|unnotig|wie|wer|wem|wen|warum|wann|wo|wohin|welche[rsnm]?|was|ob"
        "|falls|wenn|sofern|bevor|nachdem|sobald|solange|bis|statt|anstatt|noch|eskalier[a-z]*"
    ),
    "boss": (
        "(?:(?:ihren?|ihrem|ihrer|ihr|eurem?|euren|eurer|deinem?|deinen?|einem|einen|einer|eine|die|den|der|das|dem"
        "|zustandigen?|nachsten|hoheren|direkten|verantwortlichen) ){0,3}"
        "(?:vorgesetzte[nr]?|managements?|manager(?:in)?|geschaftsfuhrung|geschaftsleitung|teamleit(?:er|erin|ung)"
        "|abteilungsleit(?:er|erin|ung)|leitung|chef(?:in)?|vorgesetztenebene|fuhrungskraft|fuhrungsebene|supervisor"
        "|serviceleitung|supportleitung|bereichsleitung|verantwortlichen)"
    ),
    "up": (
        "(?:an|zu|zur|zum|bei) <boss>|(?:auf|in) (?:die |eine )?(?:nachste|nachsthohere|hohere|2|zweite) (?:ebene|stufe"
        "|eskalationsstufe|instanz)|(?:an|zu) (?:den |das )?(?:second level|2nd level|level ?[23]|l[23])|(?:nach )?oben"
    ),
    "thing": (
        "tickets?|fall|falls|falles|vorgangs?|themas?|problems?|anfrage|sache|storung|fehlers?|angelegenheit|anliegens?"
        "|incidents?|ausfalls?|ausfall|case|vorfalls?|vorfall|reklamation|meldung"
    ),
    "it": (
        "(?:das|dies|dieses|diesen|diese|dieser|den|die|der|es|ihn|sie|unser|unseren|unsere|mein|meinen|meine|obiges"
        "|genannte|o ?g|betreffende|offene|nr|nummer|mit|kritische|dringende|#?\\d+|<thing>) "
    ),
    "v": (
        "(?:zu )?eskalieren|eskaliert (?:wird|werden|haben|bekommen|wissen|sehen)|zu eskalieren|<up> (?:weiter(?:zu)?leiten"
        "|weiter(?:zu)?geben|weiter(?:zu)?reichen|(?:zu )?geben|(?:zu )?melden|(?:zu )?ubergeben|(?:zu )?heben|(?:zu "
        ")?bringen|weitergeleitet wird)"
        "|zur eskalation (?:zu )?bringen|(?:eine )?(?:\\w{0,20}eskalation|eskalationsstufe) (?:ein(?:zu)?leiten|(?:zu "
        ")?veranlassen|(?:zu )?starten|an(?:zu)?stossen|aus(?:zu)?losen|vor(?:zu)?nehmen|(?:zu )?erhohen|auf(?:zu)?nehmen"
        "|(?:zu )?beantragen|durch(?:zu)?fuhren)"
        "|hoch(?:zu)?eskalieren|weiter(?:zu)?eskalieren|mit <boss> (?:zu )?sprechen|<boss> ein(?:zu)?(?:schalten|beziehen|binden)"
    ),
    "imp": "eskalier(?:en|t|e|st)?|hochesk",
    "n": "(?!privilegien|rechte|kosten|gewalt|preis)\\w{0,20}eskalation(?:en)?|weiterleitung <up>",
    "adv": (
        "bitte|auch|nun|jetzt|sofort|umgehend|dringend|dringendst|schnellstmoglich|schnellstens|unverzuglich|hiermit|daher"
        "|deshalb|deswegen|also|somit|nochmals|nochmal|erneut|gern|gerne|freundlich|hoflich|hoflichst|formal|formell"
        "|offiziell|sehr|doch|einfach|mal|endlich|wirklich|intern|zeitnah|asap|heute|noch heute|sie|euch|dich|uns"
        "|ausdrucklich|unbedingt|eindringlich|einmal|direkt|zwingend|bestenfalls|mich|ihnen"
    ),
    "f": "(?:(?:<adv>) ){0,4}",
    "own": (
        "ich|wir|man|(?:mein|unser|unsere|meine) (?:chef|chefin|kunde|management|vorgesetzter|geschaftsleitung|leitung"
        "|geschaftsfuhrung)|der kunde"
    ),
    "want": (
        "mochten?|moechten?|will|wollen|bitten?|wunschen?|wuensche|verlangen?|verlangt|fordern?|fordere|beantragen?"
        "|brauchen?|benotigen?|benoetigen?|erwarten?|erbitten?|ersuchen?|muss|mussen|muessen|hatten?|haetten?|wunscht"
        "|erwartet|besteh(?:e|en|t) (?:auf|darauf)|(?:bitte|bitten) darum|plaidiere|schlagen? vor|schlage vor|wurden? "
        "(?:gerne?|es begrussen)|wuerde gerne?|darf|durfen"
    ),
    "can": (
        "konnen|konnten|koennen|koennten|konntet|konnt|koennt|koenntet|kann|konnte|koennte|kannst|konntest|koenntest|wurden"
        "|wuerden|wurde|wuerde|wurdest|wurdet|darf|durfte|durfen|durften|duerfen|duerften|mogen|mochten|wollen|wollt|magst"
        "|sollten|sollte|wollten"
    ),
    "you": "sie|ihr|wir|ich|du|man|jemand|einer|das team|der support|bitte|mal",
}

DE = Phrases(
    language="de",
    words=_WORDS,
    stem=(
        "eskal| vorgesetz| manage| geschafts| teamlei| abteilungsl| leitung| chef| fuhrung| level| 2nd| supervis| nachste"
        "| nachsth| hohere| oben| servicel| supportl| bereichsl| verantwort"
    ),
    forms_of_courtesy=(
        "wenn (?:es |das |dies )?(?:irgend )?(?:moglich|moeglich|geht|machbar)(?: ist| ware)?|falls (?:es |das |dies "
        ")?(?:moglich|moeglich)(?: ist| ware)?|wenn (?:sie|ihr|du) (?:so (?:nett|freundlich|gut) (?:waren|waeren|wart|warst"
        "|sind)|konnen|konnten)(?= [,?]| $)"
        "|so(?: bald| schnell|bald|fern)? (?:wie )?moglich|bei gelegenheit|mit der bitte um verstandnis"
    ),
    requests=(
        r"(?:bitte|bitten|pls) (?:, )?<g8>(?:<v>)",
        r"(?:bitte|pls) <f>(?:<imp>)",
        r"bitte (?:(?:eine|die|um|sofortige|umgehende|dringende|schnelle) ){0,3}<n>(?= [,?]| $| (?:an|da|wegen|des|dieses) )",
        r"(?:bitte|bitten|ersuche|ersuchen|wird|gebeten|dringend) <g3>um <g4><n>",
        r"um <g4><n> (?:wird |werden )?(?:<f>)(?:gebeten|ersucht|bitte|bitten)",
        r"bitte (?:leiten|geben|leite|gib|leitet|gebt|reichen|schalten|binden|beziehen|heben|bringen) (?:sie )?<g6>(?:<up> "
        r"(?:weiter|ab)?|<boss> (?:ein|mit ein))",
        r"(?:leiten|geben|reichen) sie <g6><up> weiter",
        r"bitte (?:erhohen|veranlassen|starten|leiten|losen|stossen|nehmen|setzen|markieren|behandeln|betrachten|sehen"
        r"|werten) (?:sie )?<g6>(?:eskalationsstufe|<n>|als eskaliert|eskaliert)",
        r"<can> (?:<you>) (?:<f>)<g7>(?:, )?(?:<v>)",
        r"<can> (?:<it>{1,5})(?:<f>)<g3>(?:eskaliert werden|eskaliert bekommen)",
        r"(?:ware|ist|waere|sei) (?:es )?(?:<f>)(?:moglich|moeglich|denkbar|machbar) (?:, )?<g7>(?:, )?<g4>(?:<v>|<n>)",
        r"<own> (?:<f>)<want> (?:<f>)(?:, )?<g8>(?:, )?<g7>(?:<v>)",
        rf"{TOLD}<want> (?:<own>) (?:<f>)(?:, )?<g8>(?:, )?<g7>(?:<v>)",
        rf"{TOLD}(?:<own> (?:<f>)<want>|<want> (?:<own>)) (?:<f>)<g5><n>",
        r"<it>{1,5}(?:<f>)(?:muss|sollte|soll|musste|muesste|gehort|bedarf|benotigt|erfordert|braucht) "
        r"(?:<f>)<g4>(?:eskaliert(?: werden)?|<n>)",
        r"(?:hiermit|daher|deshalb|deswegen|somit|also) (?:eskaliere ich|eskalieren wir|bitte ich|bitten wir) <g5>(?:<n>"
        r"|<thing>|dies|das|$)",
        r"(?:ich|wir) eskalieren? (?:hiermit|daher|deshalb|jetzt|nun)",
        rf"{START}(?:(?:eine|die|sofortige|dringende) ){{0,3}}<n> (?:<f>)(?:ist |wird )?(?:<f>)(?:bitte(?= [,?]| $| (?:da"
        rf"|wegen|an|weil) )|erbeten|erforderlich|gewunscht|gewuenscht|notwendig|beantragt|notig|angefordert|verlangt"
        rf"|gefordert)",
        r"(?:dankbar|freuen|nett|toll|super|schon|gut|hilfreich|verbunden|lieb|freundlich) (?:<g2>)(?:, )?wenn (?:sie|ihr|du"
        r"|jemand|wir|man) <g7>(?:eskalieren|eskaliert|eskalierst|eskalieren konnten|eskalieren wurden|eskaliert werden kann)",
        r"(?:dankbar|freuen|nett|toll|super|schon|gut|hilfreich|verbunden) (?:<g2>)(?:, )?wenn <it>{1,5}<g4>eskaliert (?:wird"
        r"|werden|wurde|ware|werden konnte)",
        r"(?:eskalieren sie|eskalier|eskaliert|eskaliere) (?:<it>{0,5})(?:<f>)bitte",
        r"(?:behandeln|betrachten|werten) sie <g5>als (?:<n>|eskaliert)",
        r"(?:dies|das|diese mail) ist (?:hiermit )?eine? (?:(?:dringende|formelle|offizielle|klare) )?(?:<n>|bitte um <n>"
        r"|eskalationsanfrage)",
        r"(?:bitte|wunsch|antrag|ersuchen) (?:um|nach|auf) (?:(?:eine|die|sofortige|dringende|umgehende) ){0,3}<n>",
        r"im voraus fur (?:die|das|eine) (?:<n>|eskalieren|weiterleitung <up>)",
        r"(?:zeit|an der zeit) (?:, )?<g5>zu eskalieren",
    ),
    imperatives=(
        r"(?:(?:hallo|guten tag|also|daher|ja|ok|und|moin|zusammen|liebes team|team|dringend) (?:, )?){0,4}(?:eskalieren sie"
        r"|eskaliert|eskaliere?) (?:(?:<it>){1,5}|sofort|umgehend|dringend)",
        r"(?:(?:hallo|guten tag|also|daher|ja|ok|und|moin|zusammen|dringend) (?:, )?){0,4}(?:<it>{1,4})?(?:<f>)eskalieren(?= ,? ?$)",
    ),
    taken_back_before=(
        r"(?:wie|wer|wem|wen|warum|wann|wo|wohin|welche[rsnm]?|was|ob)(?: [^ ,?]+){0,2}",
        r"(?:nicht|kein(?:e|en|er|es|em)?|ohne|nie|niemals|unnotig|weder)(?: (?:zu|die|das|eine|noch|notig|mehr)){0,2}",
        r"(?:kollege|er|sie|seite|handbuch|dokumentation|anleitung|mail|formular|text|meldung|kunde) (?:hat |haben "
        r")?(?:(?:mir|uns) )?(?:sagt|sagte|gesagt|schreibt|schrieb|steht|meint|meinte|geschrieben)(?: [^ ,?]+){0,2}(?: ,)?",
        r"(?:steht|heisst es|schritte?|anleitung|prozess|prozedur|vorgehen|knopf|schaltflache|betreff|titel|text|vorlage) "
        r"(?:[^ ,?]+ ){0,4},",
        r"(?:habe|haben|hatte|hatten|wurde|worden|bereits|schon|dass|weil|damit) (?:ich |wir |sie )?",
        r"(?:wenn|falls|sofern|sollten?|sonst|ansonsten|andernfalls) (?:[^ ,?]+ ){0,2}",
    ),
    taken_back_after=(
        r"(?:(?!da |weil |denn |und |damit |sonst |ansonsten |wegen |aufgrund |um |ich |wir |es |unsere )[^ ,?]+ "
        r"){0,8}(?:nicht|kein(?:e|en)?|niemals|nie|noch nicht)(?= |$)",
        r"(?:(?!da |weil |denn )[^ ,?]+ ){0,8}(?:, )?(?:erst |nur )?(?:falls|wenn|sofern|sobald|erst wenn|bei bedarf"
        r"|gegebenenfalls|ggf|ehe|bevor|nachdem|notfalls)",
        r"(?:manager|team|matrix|prozess|stufe|stufen|plan|liste|pfad|adresse|weg|der kosten|der preise|der gewalt|der rechte"
        r"|von rechten|von privilegien|von kosten)",
        r"(?:ein ticket|tickets|jedes ticket|tickets? per|eine anfrage|anfragen|falle)(?: [?]| per| uber| selbst|$)",
        r"(?:<g3>)(?:zuruck[a-z]*|beenden|stoppen|aufheben|abbrechen|schliessen|stornieren|absagen)",
        r"(?:wurde|worden|hat|hatte|ist (?:bereits|schon|erfolgt|nicht)|war)",
    ),
    joint="und|aber|dann|oder",
    conditions=(
        "wenn|falls|sofern|sollten?|sonst|ansonsten|andernfalls|sobald|bei (?:ausbleiben|nichtlosung|bedarf|erneutem)|ohne "
        "(?:antwort|ruckmeldung|losung)|gegebenenfalls|ggf|notfalls|im falle|andererseits"
    ),
    therefore="daher|deshalb|deswegen|also|somit|darum",
)
