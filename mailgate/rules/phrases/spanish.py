"""Spanish: how one asks to escalate, and what is no request.

Its word for it means to climb and to scale as well, so what is escalated must be the ticket or a thing of its kind.
"""

from __future__ import annotations

from mailgate.rules.phrases.shape import START, TOLD, Phrases

_WORDS = {
    "stop": (
        "no|nao|nunca|jamas|sin|ningun[ao]?|nadie|nada|como|quien|quienes|cuando|donde|cual|cuales|si|antes|despues|hasta"
        "|tampoco|que"
    ),
    "boss": (
        "(?:(?:su|sus|tu|tus|vuestro|el|la|los|un|una|superior) ){0,2}(?:superior(?:es)?|supervisor(?:a|es)?|responsables?"
        "|gerente|gerencia|jefe|jefa|jefes|jefatura|manager|direccion|director|directora|encargado|mando)"
    ),
    "up": (
        "(?:a|al|con|hacia|ante) (?:<boss>|(?:el |un )?(?:siguiente nivel|nivel superior|segundo nivel|nivel [23]|nivel mas "
        "alto|n[23]))"
    ),
    "thing": (
        "casos?|tickets?|incidencias?|incidentes?|asuntos?|problemas?|solicitud|solicitudes|peticion|tema|situacion|averia"
        "|reclamo|reclamacion|queja|consulta|fallo|requerimiento|reporte|correo"
    ),
    "it": (
        "(?:este|esta|esto|estos|ese|esa|eso|el|la|lo|los|las|mi|mis|nuestro|nuestra|dicho|presente|urgente|numero|nro|de"
        "|soporte|abierto|citado|#?\\d+|<thing>) "
    ),
    "end": (
        "(?= (?:[,?]|<it>{1,4}?(?:<thing>) |esto |eso |<up>|por favor|urgentemente|ya|cuanto antes|de inmediato"
        "|inmediatamente|debido|porque|ya que|con urgencia|urgente|lo antes|mas|$)|$)"
    ),
    "inf": (
        "(?:escalar|escalarl[oae]s?|elevarl[oa]s? <up>)<end>|(?:elevar|pasar|remitir|trasladar|derivar|subir|reportar) "
        "(?:<it>{0,5})<up>|hablar con <boss>|(?:hacer|realizar|solicitar|iniciar|gestionar) (?:(?:el|la|un|una|su) )?(?:<n>)"
    ),
    "sub": (
        "(?:escalen?|escales?|escaleis|escalad|escalemos|escalenl[oa]|escalel[oa]|escaladl[oa])<end>|(?:eleven?|pasen?"
        "|remitan?|trasladen?|deriven?|suban?|elevenl[oa]|pasenl[oa]) (?:<it>{0,5})<up>|(?:se )(?:escale|eleve|escalen)<end>"
    ),
    "pp": "(?:escalad[oa]s?)|(?:elevad[oa]s?|trasladad[oa]s?|derivad[oa]s?) <up>",
    "n": "escalaciones|escalacion|escalamientos?|escalad[oa]|escalada|escalation",
    "adv": (
        "ya|tambien|urgentemente|inmediatamente|de inmediato|cuanto antes|lo antes posible|por favor|formalmente|ahora"
        "|nuevamente|de nuevo|otra vez|encarecidamente|amablemente|entonces|rapidamente|con urgencia|oficialmente|por la "
        "presente|muy|mucho|atentamente|realmente|porfa|gentilmente|favor de|urgente|me|nos|les|le|os|te|pues|directamente"
    ),
    "f": "(?:(?:<adv>|,) ){0,4}",
    "art": "(?:(?:el|la|un|una|su|este|esta|del|de|inmediat[oa]|urgente|formal|rapid[oa]|caso|ticket) ){0,4}",
    "want": (
        "solicit(?:o|amos|a|aria|ariamos)|pid(?:o|e)|pedimos|pediria|pediriamos|ruego|rogamos|rogaria|rogariamos|quier(?:o"
        "|e)|queremos|quisiera|quisieramos|querria|querriamos|deseo|deseamos|desearia|necesito|necesitamos|necesita"
        "|necesitaria|exijo|exigimos|exige|agradezco|agradeceria|agradeceriamos|agradecemos|gustaria|insisto(?: en)?"
        "|insistimos(?: en)?|requiero|requerimos|requiere|debo pedir|debemos pedir|tengo que pedir|tenemos que pedir|espero"
        "|esperamos|sugiero|demando|precisamos|preciso|suplico|demandamos|reclamo"
    ),
}

ES = Phrases(
    language="es",
    words=_WORDS,
    stem=(
        " escal| superior| supervis| jef| gerenc| gerente| responsab| direcc| director| nivel| n2 | n3 | encargad| mando"
        "| manager"
    ),
    forms_of_courtesy=(
        "si (?:es|fuera|fuese|le es|les es|seria) posible|si (?:puede|pueden|puedes|podeis)(?= [,?]| $)|si no (?:es|les es"
        "|le es) (?:mucha )?molestia|si son tan amables|cuando (?:puedan|pueda|puedas)|lo antes posible"
    ),
    requests=(
        r"(?:por favor|favor|porfavor|porfa|xfa|pf|sirvanse|sirvase|ruego|rogamos|porfis) (?:, )?<f>(?:(?:de|a|que|se|podrian"
        r"|pueden|puede|podria|hagan|necesito) ){0,2}<f>(?:<inf>|<sub>)",
        r"(?:por favor|favor|ruego|rogamos) (?:, )?<g6>y (?:<sub>|<inf>)",
        r"(?:por favor|favor) (?:, )?(?:hagan|realicen|inicien|soliciten|consideren|gestionen|traten|marquen|procedan) "
        r"<g5>(?:como |con |a )?<art>(?:<n>|<inf>)",
        r"(?:<sub>) (?:<it>{1,6})?(?:<up> )?(?:<f>)(?:por favor|porfa|porfavor)",
        r"(?:<inf>) (?:<it>{1,6})?(?:<up> )?(?:, )?(?:por favor|porfa|porfavor)",
        r"(?:podrian?|podrias|puedes?|pueden|podeis|podriais|podemos|podriamos|puedo|pudieran?|querrian?|seria posible|es "
        r"posible|seria factible|se puede|se podria|cabe la posibilidad de|hay (?:forma|manera|posibilidad) de) "
        r"(?:<f>)(?:(?:usted|ustedes|alguien|vosotros|ayudarme a|ayudarnos a|, ) ?){0,2}(?:<f>)(?:(?:que )(?:<sub>"
        r"|<it>{1,4}sea (?:<pp>))|<inf>)",
        r"(?:<f>)(?:<want>) (?:<f>)(?:(?:a|de|para|en) )?(?:<f>)(?:poder |pedirles |solicitar |pedir )?(?:<inf>)",
        r"(?:<want>) (?:<f>)(?:, )?(?:(?:de|en|a) )?(?:que|si) (?:<f>)(?:(?:usted|ustedes|se|alguien|lo|la|su equipo|pueden"
        r"|pudieran|podrian|soporte) ){0,2}(?:<f>)(?:<sub>|<inf>|escalaran?|escalasen?)",
        r"(?:<want>) (?:<f>)(?:que )(?:<it>{1,6})(?:sea|se|quede|este) (?:<f>)(?:<pp>|escale|eleve)",
        r"(?:<want>) (?:<f>)(?:(?:de|por|en|obtener|iniciar|pedir|solicitar) )?(?:<art>)(?:<n>)",
        r"(?:<it>{1,5})(?:<f>)(?:debe|deberia|tiene que|necesita|requiere|ha de|merece) (?:<f>)(?:ser |una |un )?(?:<pp>|<n>|escalarse)",
        rf"{TOLD}(?:deben|debe|tienen que|tiene que|hay que|es necesario|es urgente|urge|debemos|tenemos que|es hora de"
        rf"|necesario) (?:<f>)(?:<inf>)",
        rf"{START}(?:<art>)(?:<n>) (?:<f>)(?:es |queda )?(?:<f>)(?:por favor(?= [,?]| $)|solicitad[oa]|requerid[oa]"
        rf"|necesari[oa]|urgente)",
        r"(?:consideren|tomen|traten) <g5>como (?:<art>)(?:<n>|<pp>)",
        r"(?:esto|este correo|este mensaje|la presente|esta) es (?:<art>)(?:<n>|solicitud de (?:<n>))",
        r"(?:gracias|agradecid[oa]s?) (?:de antemano|por adelantado|anticipadas) por (?:<inf>|<art><n>)",
        r"(?:escalo|escalamos|estoy escalando|estamos escalando) (?:<f>)(?:<it>{1,5})(?=(?:[,?]|debido|por|porque|ya que|a "
        r"ustedes|con ustedes) |$)",
    ),
    imperatives=(
        r"(?:(?:hola|buenas|buenos dias|buenas tardes|pues|entonces|si|urgente|estimados|y|equipo) (?:, )?){0,4}(?:escalen?"
        r"|escalad|escalenl[oa]|escalel[oa]|escaladl[oa])<end>",
        r"(?:(?:hola|buenos dias|urgente|estimados) (?:, )?){0,3}(?:solicitud de|pido|peticion de) (?:<art>)(?:<n>)",
    ),
    taken_back_before=(
        r"(?:como|quien|quienes|cuando|donde|cual|cuales|por que|a quien|que)(?: [^ ,?]+){0,2}",
        r"(?:no|nao|nunca|sin|sem|jamas|tampoco|ni)(?: (?:es|e|preciso|hace|hay|la|el|necesario|falta|necesidad|de|me|les|lo"
        r"|se|vayan|quiero|que|una|todavia|aun|a)){0,4}",
        r"(?:el|ella|cliente|pagina|manual|mensaje|formulario|colega|boton|texto|usted|ustedes|ellos|tecnico|web) (?:me |nos "
        r"|se |ha |han |habia )*(?:dice|dijo|dicen|dijeron|escribio|pone|indica|dicho|pidio|sugiere|responde|respondio)(?: [^ "
        r",?]+){0,2}(?: ,)?",
        r"(?:pasos?|procedimiento|instrucciones|proceso|manual|boton|titulo|texto|asunto|frase|palabra|guia) (?:[^ ,?]+ ){0,4},",
        r"(?:he|hemos|ha|han|habia|habian|fue|ya|porque) (?:pedido|solicitado)?",
        r"(?:gracias|si|sino|despues de|antes de|tras) (?:por |de )?(?:[^ ,?]+ ){0,1}(?:haber )?",
    ),
    taken_back_after=(
        r"(?:un|una|unos|cada|cualquier|todo|todos|otros?|otras?) (?:<thing>)(?: [?]| por| via|$)",
        r"(?:tickets|casos|incidencias)(?: [?]| por| via|$)",
        r"(?:de |los |las |el |la )?(?:privilegios|precios?|costos?|costes?|tension(?:es)?|violencia|conflicto|permisos"
        r"|montana|guerra|cluster|servidor|gastos)",
        r"(?:manager|matriz|nivel|equipo|ya|fue|interna)",
        r"(?:<it>{1,5})?(?:a|con) (?:mi|mis|nuestro|nuestra)",
        r"(?:todavia|aun)(?: [,?]|$)",
        r"<g8>(?:, )?(?:solo )?(?:si|en caso|cuando|a menos|salvo|siempre que|despues de|antes de|una vez|de ser necesario"
        r"|hasta que|si es necesario|solo si)",
    ),
    joint="y|pero|entonces|o",
    conditions=(
        "si|si no|sino|en caso|de lo contrario|cuando|de no|caso contrario|a menos|salvo|de ser necesario|en cuanto|una vez"
        "|de otro modo"
    ),
    therefore="por eso|por lo tanto|por tanto|asi que|por ello|por lo que|entonces",
)
