"""Italian: how one asks to escalate, and what is no request.

Its word for it means to climb and to scale as well, so what is escalated must be the ticket or a thing of its kind.
"""

from __future__ import annotations

from mailgate.rules.phrases.shape import START, TOLD, Phrases

_WORDS = {
    "stop": "non|mai|senza|nessun[oa]?|nulla|niente|come|chi|quando|dove|perche|quale|quali|se|prima|dopo|finche|che|inutile|gia",
    "boss": (
        "(?:(?:il|la|al|suo|sua|vostro|vostra|loro|un|una|tuo|i|vostri|suoi|diretto|superiore) ){0,3}(?:responsabil[ei]"
        "|manager|management|superior[ei]|supervisore|supervisor|direzione|direttore|capo|dirigente|dirigenza|dirigenti|capi)"
    ),
    "up": (
        "(?:a|al|alla|ai|con|verso|presso) (?:<boss>|(?:il |un )?(?:livello superiore|secondo livello|prossimo livello"
        "|livello successivo|livello [23]|l[23]))"
    ),
    "thing": (
        "casi|caso|ticket|tickets|richiesta|richieste|problema|problemi|questione|segnalazione|pratica|incidente|guasto"
        "|tutto|reclamo|anomalia|situazione|disservizio|chiamata|argomento|tema|mail|issue"
    ),
    "it": (
        "(?:questo|questa|quest|il|la|lo|l|i|le|nostro|nostra|mio|mia|il|presente|suddetto|urgente|numero|n|di|aperto|in "
        "oggetto|#?\\d+|<thing>) "
    ),
    "end": (
        "(?= (?:[,?]|<it>{1,4}?(?:<thing>) |cio |questo |<up>|per favore|urgentemente|subito|immediatamente|quanto prima|al "
        "piu presto|perche|poiche|in quanto|a causa|dato|con urgenza|urgente|internamente|cortesemente|vista|visto|$)|$)"
    ),
    "inf": (
        "(?:scalare|escalare|scalarl[oaie]|escalarl[oa])<end>|(?:inoltrare|portare|passare|sottoporre|girare|segnalare"
        "|trasmettere|elevare|inoltrarl[oa]|passarl[oa]|sottoporl[oa]|girarl[oa]|segnalarl[oa]) (?:<it>{0,5})<up>|parlare "
        "con <boss>|(?:fare|effettuare|avviare|richiedere|attivare|aprire|procedere con|procedere a|procedere) (?:(?:un|una"
        "|l|la|all|con) ){0,2}(?:<n>)|coinvolgere <boss>"
    ),
    "sub": (
        "(?:scal(?:ate|i|ino|a|iate|atel[oa]|al[oa])|escal(?:ate|i))<end>|(?:inoltr(?:ate|i)|pass(?:ate|i)|port(?:ate|i)"
        "|gir(?:ate|i)) (?:<it>{0,5})<up>|(?:fate|faccia) (?:(?:un|una|l) )?(?:<n>)"
    ),
    "pp": "(?:e?scalat[oaie])|(?:inoltrat[oa]|passat[oa]|portat[oa]|sottopost[oa]) <up>",
    "n": "escalation|escalazione|scalata",
    "adv": (
        "gia|anche|urgentemente|immediatamente|subito|quanto prima|al piu presto|per favore|per cortesia|cortesemente"
        "|gentilmente|formalmente|ora|nuovamente|di nuovo|ancora|vivamente|quindi|con urgenza|ufficialmente|con la presente"
        "|davvero|vi|le|la|ci|ti|pertanto|perfavore|mi|molto|tanto|direttamente|veramente|velocemente|rapidamente"
    ),
    "f": "(?:(?:<adv>|,) ){0,4}",
    "art": "(?:(?:un|una|l|la|questa|della|di|del|immediata|urgente|formale|rapida|caso|ticket|d|dell) ){0,4}",
    "want": (
        "chied(?:o|iamo|e)|richied(?:o|iamo|e)|vorrei|vorremmo|vorrebbe|voglio|vogliamo|vuole|desider(?:o|iamo|erei|eremmo)"
        "|preg(?:o|hiamo|herei)|esig(?:o|iamo|e)|sollecit(?:o|iamo)|necessit(?:o|iamo)|ho bisogno|abbiamo bisogno|gradirei"
        "|gradiremmo|apprezzerei|apprezzeremmo|piacerebbe|insisto|insistiamo|devo chiedere|dobbiamo chiedere|pretendo"
        "|pretendiamo|invito|invitiamo|ringrazio|propongo|suggerisco|sarei grat[oa]|saremmo grati"
    ),
}

IT = Phrases(
    language="it",
    words=_WORDS,
    stem=(
        " escal| scal| responsab| superior| supervis| manag| direzion| direttor| capo | capi | dirigen| livello| l2 | l3 "
    ),
    forms_of_courtesy=(
        "se (?:e |fosse |le e |vi e )?possibile|se (?:potete|puo|puoi|poteste)(?= [,?]| $)|se non (?:vi |le )?(?:e di |di "
        "|da |e un )?(?:disturbo|problema)|appena (?:potete|possibile|puo)|quando (?:potete|puo|puoi)"
    ),
    requests=(
        r"(?:per favore|per cortesia|per piacere|perfavore|cortesemente|gentilmente|prego|pregasi|si prega|vi prego|la prego"
        r"|ti prego) (?:, )?<f>(?:(?:di|a|potete|puo|potreste|potrebbe|voler) ){0,2}<f>(?:<inf>|<sub>)",
        r"(?:per favore|si prega di|vi prego di|prego) (?:, )?<g6>e (?:di )?(?:<sub>|<inf>)",
        r"(?:per favore|prego|cortesemente|gentilmente) (?:, )?(?:di )?(?:considerare|considerate|trattare|avviate|richiedete"
        r"|fate|procedete|attivate) <g5>(?:come |con |a )?<art>(?:<n>|<inf>)",
        r"(?:<sub>) (?:<it>{1,6})?(?:<up> )?(?:<f>)(?:per favore|per cortesia|cortesemente|gentilmente)",
        r"(?:<inf>) (?:<it>{1,6})?(?:<up> )?(?:, )?(?:per favore|per cortesia|cortesemente|gentilmente|grazie)",
        r"(?:potreste|potrebbe|potete|puo|potresti|puoi|possiamo|posso|potremmo|sarebbe possibile|e possibile|si puo|si "
        r"potrebbe|riuscite a|vi dispiacerebbe|qualcuno puo|c e modo di) (?:<f>)(?:(?:voi|lei|per favore|qualcuno|per voi) "
        r")?(?:<f>)(?:(?:che )(?:<sub>|<it>{1,4}venga <pp>)|(?:a |di )?<inf>)",
        r"(?:<want>) (?:<f>)(?:(?:di|a|per|se poteste|se potesse|che poteste) )?(?:<f>)(?:poter |voler |chiedervi di "
        r"|chiedere di |richiedere di )?(?:<inf>)",
        r"(?:<want>) (?:<f>)(?:, )?(?:affinche |di far si )?(?:che|se) (?:<f>)(?:(?:voi|lei|si|qualcuno|lo|il vostro team) "
        r")?(?:<f>)(?:<sub>|scalaste|scalasse|escalaste|poteste (?:<inf>)|potesse (?:<inf>))",
        r"(?:<want>) (?:<f>)(?:che )(?:<it>{1,6})?(?:sia|venga|fosse|venisse) (?:<f>)(?:<pp>)",
        r"(?:<want>) (?:<f>)(?:(?:di|per|avviare|ottenere|fare|avere) )?(?:<art>)(?:<n>)",
        r"(?:<it>{1,5})(?:<f>)(?:deve|dovrebbe|va|necessita di|richiede|andrebbe|merita) (?:<f>)(?:essere |venire |una |un "
        r")?(?:<pp>|<n>)",
        rf"{TOLD}(?:dovete|deve|dovreste|bisogna|occorre|e necessario|e urgente|dobbiamo|e ora di) (?:<f>)(?:<inf>)",
        rf"{START}(?:<art>)(?:<n>) (?:<f>)(?:e )?(?:<f>)(?:(?:per favore|per cortesia)(?= [,?]| $)|richiesta|necessaria|urgente)",
        r"(?:considerate|consideri|trattate) <g5>come (?:<art>)(?:<n>|<pp>)",
        r"(?:questa|questo|la presente) e (?:<art>)(?:<n>|richiesta di (?:<n>))",
        r"(?:grazie|ringrazio|ringraziamo) (?:in anticipo|anticipatamente) (?:per|se) (?:<inf>|<art><n>|l <n>)",
        r"(?:scaliamo|scalo|escaliamo) (?:<f>)(?:<it>{1,5})(?=(?:[,?]|a causa|per|perche|poiche) |$)",
    ),
    imperatives=(
        r"(?:(?:salve|buongiorno|ciao|quindi|allora|si|urgente|gentili|e|team) (?:, )?){0,4}(?:scalate|scalatel[oa]"
        r"|escalate(?! <it>{1,3}tickets))<end>",
        r"(?:(?:salve|buongiorno|urgente|gentili) (?:, )?){0,3}(?:richiesta di|chiediamo) (?:<art>)(?:<n>)",
    ),
    taken_back_before=(
        r"(?:come|chi|quando|dove|perche|quale|quali|a chi|cosa|che)(?: [^ ,?]+){0,2}",
        r"(?:non|mai|senza|nessun[oa]?|ne)(?: (?:e|c|la|il|l|necessario|serve|bisogno|di|vi|lo|si|un|una|ancora|che|voglio"
        r"|occorre|a)){0,4}",
        r"(?:lui|lei|cliente|pagina|manuale|messaggio|modulo|collega|pulsante|testo|tecnico|sito) (?:mi |ci |si |ha |hanno "
        r"|aveva )*(?:dice|detto|dicono|scritto|scrive|indica|chiesto|suggerisce|riporta)(?: [^ ,?]+){0,2}(?: ,)?",
        r"(?:passi|passo|procedura|istruzioni|processo|manuale|pulsante|titolo|testo|oggetto|frase|guida) (?:[^ ,?]+ ){0,4},",
        r"(?:ho|abbiamo|ha|hanno|aveva|avevamo|stato|stata|gia) (?:chiesto|richiesto)?",
        r"(?:grazie|se|dopo|prima) (?:per |di |d )?(?:[^ ,?]+ ){0,1}",
    ),
    taken_back_after=(
        r"(?:un|una|ogni|qualsiasi|altri|altre|tutti) (?:<thing>)(?: [?]| per| via|$)",
        r"(?:ticket|casi)(?: [?]| via)",
        r"(?:dei |di |i |le |il |la |una |un |dell |delle )?(?:privilegi|prezzi|costi|costo|tension[ei]|violenza|conflitto"
        r"|permessi|montagna|parete|cluster|server|guerra)",
        r"(?:manager|matrix|matrice|team|policy|procedure|path|interna|e (?:gia|stata|in corso)|gia)",
        r"(?:<it>{1,5})?(?:a|al|con) (?:mio|mia|nostro|nostra|il mio|il nostro)",
        r"(?:ancora)(?: [,?]|$)",
        r"<g8>(?:, )?(?:solo )?(?:se|in caso|quando|a meno|qualora|nel caso|dopo|prima di|una volta|se necessario|solo se|ove "
        r"necessario|eventualmente)",
    ),
    joint="e|ma|allora|o|oppure",
    conditions=(
        "se|altrimenti|qualora|nel caso|in caso|quando|se no|senno|a meno|in mancanza|senza (?:risposta|riscontro)|una volta"
        "|ove necessario|in assenza"
    ),
    therefore="percio|pertanto|quindi|per questo|dunque|di conseguenza",
)
