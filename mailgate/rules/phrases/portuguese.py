"""Portuguese: how one asks to escalate, and what is no request.

Its word for it means to climb and to scale as well, so what is escalated must be the ticket or a thing of its kind.
"""

from __future__ import annotations

from mailgate.rules.phrases.shape import START, TOLD, Phrases

_WORDS = {
    "stop": "nao|nunca|jamais|sem|nenhuma?|ninguem|nada|como|quem|quando|onde|qual|quais|se|antes|depois|ate|que|tampouco",
    "boss": (
        "(?:(?:seu|sua|vosso|vossa|o|a|os|um|uma|teu|superior) ){0,2}(?:superior(?:es)?|supervisor(?:a|es)?|responsave(?:l"
        "|is)|gerente|gerencia|chefe|chefia|gestor|gestora|gestao|manager|diretor|diretora|direcao|coordenador|coordenacao)"
    ),
    "up": (
        "(?:a|ao|aos|para|com|junto a|junto ao) (?:<boss>|(?:o |um )?(?:proximo nivel|nivel superior|segundo nivel|nivel "
        "seguinte|nivel acima|nivel [23]|n[23]))"
    ),
    "thing": (
        "casos?|tickets?|chamados?|incidentes?|assuntos?|problemas?|solicitacao|solicitacoes|pedidos?|questao|tema|situacao"
        "|avaria|reclamacao|ocorrencia|falha|demanda|requisicao"
    ),
    "it": (
        "(?:este|esta|isto|isso|esse|essa|o|a|os|as|meu|minha|nosso|nossa|tal|presente|urgente|numero|n|de|suporte|aberto|em "
        "aberto|#?\\d+|<thing>) "
    ),
    "end": (
        "(?= (?:[,?]|<it>{1,4}?(?:<thing>) |isto |isso |<up>|por favor|urgentemente|ja|imediatamente|o quanto antes|o mais "
        "rapido|com urgencia|urgente|devido|porque|pois|ja que|de imediato|quanto antes|$)|$)"
    ),
    "inf": (
        "(?:escalar|escalonar|escala l[oa]|escalona l[oa])<end>|(?:encaminhar|elevar|passar|levar|reportar|remeter|submeter"
        "|encaminha l[oa]) (?:<it>{0,5})<up>|falar com <boss>|(?:fazer|realizar|solicitar|iniciar|providenciar|abrir"
        "|proceder a|proceder com) (?:(?:o|a|um|uma) )?(?:<n>)|envolver <boss>"
    ),
    "sub": (
        "(?:escal(?:em|e|es|a|ai)|escalon(?:em|e|a))(?: (?:o|a))?<end>|(?:encaminhe|encaminhem|eleve|elevem|passe|passem"
        "|leve|levem) (?:<it>{0,5})<up>"
    ),
    "pp": "(?:escalad[oa]s?|escalonad[oa]s?)|(?:encaminhad[oa]|elevad[oa]|levad[oa]|passad[oa]) <up>",
    "n": "escalacao|escalonamento|escalamento|escalada|escalation|escalonacao",
    "adv": (
        "ja|tambem|urgentemente|imediatamente|de imediato|o quanto antes|por favor|por gentileza|formalmente|agora|novamente"
        "|de novo|outra vez|encarecidamente|gentilmente|entao|rapidamente|com urgencia|oficialmente|por este meio|muito|me"
        "|nos|lhes|lhe|vos|te|pf|favor|portanto|vivamente|realmente|mais uma vez|urgente|diretamente"
    ),
    "f": "(?:(?:<adv>|,) ){0,4}",
    "art": "(?:(?:o|a|um|uma|seu|sua|este|esta|do|de|da|imediat[oa]|urgente|formal|rapid[oa]|caso|ticket|chamado|pelo|pela) ){0,4}",
    "want": (
        "solicit(?:o|amos|a|aria|amos lhe)|pe[cd](?:o|imos|e)|pediria|pediriamos|rog(?:o|amos)|quero|queremos|quer|queria"
        "|queriamos|quereria|desejo|desejamos|necessito|necessitamos|exijo|exigimos|exige|agradeco|agradecia|agradeceria"
        "|agradeceriamos|agradecemos|agradeciamos|gostari(?:a|amos)|insisto(?: em)?|insistimos(?: em)?|requeiro|requeremos"
        "|preciso|precisamos|precisa|tenho de pedir|temos de pedir|tenho que pedir|temos que pedir|venho (?:por este meio "
        ")?(?:solicitar|pedir|requerer)|vimos (?:por este meio )?(?:solicitar|pedir|requerer)|sugiro|espero|demando|peco"
        "|venho|vimos"
    ),
}

PT = Phrases(
    language="pt",
    words=_WORDS,
    stem=(
        " escal| superior| supervis| gerent| gerenc| chefe| chefia| gestor| gesta| manager| diretor| direcao| responsav"
        "| coorden| nivel| n2 | n3 "
    ),
    forms_of_courtesy=(
        "se (?:for |fosse |lhe for |e )?possivel|se (?:puderem|puder|poderem|pode|podem)(?= [,?]| $)|se nao for (?:incomodo"
        "|pedir muito)|assim que (?:puderem|puder|possivel)|quando (?:puderem|puder)"
    ),
    requests=(
        r"(?:por favor|favor|por gentileza|pf|pfv|pff|faz favor|queiram|queira|gentileza|e favor) (?:, )?<f>(?:(?:de|que"
        r"|podem|poderiam|pode|facam|peco|peco que|o) ){0,2}<f>(?:<inf>|<sub>)",
        r"(?:por favor|favor|queiram) (?:, )?<g6>e (?:<sub>|<inf>)",
        r"(?:por favor|favor|queiram) (?:, )?(?:facam|realizem|iniciem|solicitem|considerem|tratem|procedam|considere) "
        r"<g5>(?:como |com |a |ao )?<art>(?:<n>|<pp>|<inf>)",
        r"(?:<sub>) (?:<it>{1,6})?(?:<up> )?(?:<f>)(?:por favor|por gentileza|pf|pfv|sff)",
        r"(?:<inf>) (?:<it>{1,6})?(?:<up> )?(?:, )?(?:por favor|por gentileza|pf|pfv|sff)",
        r"(?:podiam|podia|poderiam?|podem|pode|poderias|podes|podemos|poderiamos|posso|sera que podem|seria possivel|e "
        r"possivel|ha (?:forma|possibilidade|como)(?: de)?|tem como|da para|consegue|conseguem|alguem pode) "
        r"(?:<f>)(?:(?:voces?|alguem|o senhor|se) )?(?:<f>)(?:(?:que )(?:<sub>|<it>{1,4}seja <pp>)|<inf>)",
        r"(?:<want>) (?:<f>)(?:(?:a|de|para|por|em) )?(?:<f>)(?:poder |pedir (?:para )?|solicitar |vos pedir )?(?:<inf>)",
        r"(?:<want>) (?:<f>)(?:, )?(?:(?:de|em|a) )?(?:que|se|para) (?:<f>)(?:(?:voces?|se|alguem|o|a|a equipa|a equipe"
        r"|pudessem|possam|puderem) ){0,2}(?:<f>)(?:<sub>|<inf>|escalassem|escalasse|escalonassem|escalarem)",
        r"(?:<want>) (?:<f>)(?:que )(?:<it>{1,6})(?:seja|fique|fosse) (?:<f>)(?:<pp>)",
        r"(?:<want>) (?:<f>)(?:(?:de|por|em|pedir|solicitar|iniciar|obter) )?(?:<art>)(?:<n>)",
        r"(?:<it>{1,5})(?:<f>)(?:deve|deveria|tem de|tem que|precisa(?: de)?|requer|necessita(?: de)?|merece) (?:<f>)(?:ser "
        r"|uma |um )?(?:<pp>|<n>)",
        rf"{TOLD}(?:devem|deve|tem de|tem que|ha que|e necessario|e preciso|e urgente|urge|temos de|temos que|esta na hora de) "
        rf"(?:<f>)(?:<inf>)",
        rf"{START}(?:<art>)(?:<n>) (?:<f>)(?:e )?(?:<f>)(?:por favor(?= [,?]| $)|solicitad[oa]|requerid[oa]|necessari[oa]|urgente)",
        r"(?:considerem|tratem|considere) <g5>como (?:<art>)(?:<n>|<pp>)",
        r"(?:isto|este email|esta mensagem|este|esta) e (?:<art>)(?:<n>|pedido de (?:<n>))",
        r"(?:obrigad[oa]s?|grat[oa]s?) (?:desde ja|antecipadamente|de antemao) (?:por|pela|pelo) (?:<inf>|<art><n>)",
        r"(?:escalo|escalamos|estou a escalar|estamos a escalar) (?:<f>)(?:<it>{1,5})(?=(?:[,?]|devido|por|porque|ja que|pois) |$)",
    ),
    imperatives=(
        r"(?:(?:ola|bom dia|boa tarde|entao|sim|urgente|prezados|caros|e|equipa|equipe) (?:, )?){0,4}(?:escal(?:em|e)"
        r"|escalon(?:em|e))(?: (?:no|na))?<end>",
        r"(?:(?:ola|bom dia|boa tarde|urgente|prezados) (?:, )?){0,3}(?:solicitacao de|pedido de|solicita se) (?:<art>)(?:<n>)",
    ),
    taken_back_before=(
        r"(?:como|quem|quando|onde|qual|quais|por que|a quem|porque|o que)(?: [^ ,?]+){0,2}",
        r"(?:nao|nunca|sem|jamais|nem)(?: (?:e|ha|faz|o|a|necessario|preciso|necessidade|de|me|lhes|se|vao|quero|que|uma"
        r"|ainda|precisa|precisam)){0,4}",
        r"(?:ele|ela|cliente|pagina|manual|mensagem|formulario|colega|botao|texto|tecnico|voces?|site) (?:me |nos |se |ja "
        r"|tinha )*(?:diz|disse|dizem|disseram|escreveu|indica|pediu|sugere|respondeu)(?: [^ ,?]+){0,2}(?: ,)?",
        r"(?:passos?|procedimento|instrucoes|processo|manual|botao|titulo|texto|assunto|frase|guia) (?:[^ ,?]+ ){0,4},",
        r"(?:ja|foi|tinha|tinhamos|havia|tem|tendo|apos) (?:pedido|solicitado)?",
        r"(?:obrigad[oa]s?|se|depois|antes) (?:por |de )?(?:[^ ,?]+ ){0,1}(?:ter(?:em)? )?",
    ),
    taken_back_after=(
        r"(?:um|uma|uns|cada|qualquer|todo|todos|outros?|outras?) (?:<thing>)(?: [?]| por| via|$)",
        r"(?:tickets|casos|chamados|incidentes)(?: [?]| por| via|$)",
        r"(?:de |os |as |o |a |dos |das |da )?(?:privilegios|precos?|custos?|tensao|tensoes|violencia|conflito|permissoes"
        r"|montanha|guerra|cluster|servidor|gastos)",
        r"(?:manager|matriz|nivel|equipa|equipe|ja|foi|interna)",
        r"(?:<it>{1,5})?(?:a|ao|para|com) (?:meu|minha|nosso|nossa|o meu|a minha|o nosso|a nossa)",
        r"(?:ainda)(?: [,?]|$)",
        r"<g8>(?:, )?(?:so |apenas |somente )?(?:se|em caso|quando|a menos|salvo|desde que|depois de|antes de|assim que|caso "
        r"(?:nao|a|o|haja|volte|seja|isto|isso|seja necessario|necessario|contrario)|se necessario|apos)",
    ),
    joint="e|mas|entao|ou",
    conditions=(
        "se|senao|se nao|em caso|caso (?:nao|contrario|a|o|haja|isto|isso|voltem?|voces?|seja)|quando|a menos|salvo|do "
        "contrario|sem (?:resposta|retorno|solucao)|assim que|na falta|de outro modo"
    ),
    therefore="por isso|portanto|assim|logo|por tanto|pelo que|entao",
)
