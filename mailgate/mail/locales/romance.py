"""French, Spanish, Italian, Portuguese, Romanian."""

from __future__ import annotations

from mailgate.mail.locales.shape import Locale

FR = Locale(
    "fr",
    wrote=("a écrit", "a ecrit", "écrivait", "écrit", "ont écrit"),
    opens=("le", "en date de", "à"),
    days=(
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lun.", "mar.", "mer.", "jeu.",
        "ven.",
        "sam.", "dim.",
    ),
    cites=("citant", "selon", "en réponse à"),  # Horde
    prose=(
        "je", "j'ai", "ai", "avons", "nous", "il", "elle", "on", "vous", "ils", "elles", "qui", "que", "le", "la",
        "les", "l'", "un", "une", "mon", "ma",
        "notre", "votre", "son", "ce", "cette", "quelqu'un", "ton", "nos", "vos", "ceci",
    ),
    original=(
        "message d'origine", "message original", "message initial", "mail original", "e-mail original",
        "courriel original",
        "message originel", "courriel d'origine", "mail d'origine", "message precedent", "message précédent",
    ),
    forwarded=(
        "message transféré", "message transmis", "message transfere", "message réexpédié",
        "début du message réexpédié",
        "début du message transféré", "début du message transmis", "courriel transféré", "mail transféré",
        "e-mail transféré",
        "transféré par", "réexpédié par", "transmis par", "message réacheminé",
    ),
    above=(
        "répondez au-dessus de cette ligne", "répondre au-dessus de cette ligne",
        "saisissez votre réponse au-dessus de cette ligne",
        "merci de répondre au-dessus de cette ligne",
    ),
    sender=("de", "expéditeur", "expediteur", "de la part de"),
    sent=("envoyé", "envoye", "envoyé le", "envoyée", "date d'envoi", "message du", "envoyé à"),  # message du: Orange
    date=("date", "reçu"),
    to=("à", "a", "pour", "destinataire", "destinataires"),
    subject=("objet", "sujet", "obj"),
    cc=("cc", "copie à", "copie", "copies", "cci", "copie cachée"),
    other=(
        "répondre à", "répondre a", "réponse à", "pièces jointes", "pièce jointe", "pièce(s) jointe(s)", "p.j",
        "importance", "organisation",
    ),
    devices=(
        "envoyé de …", "envoyé depuis …", "envoyé à partir de …", "envoyé à partir d'…", "envoyé avec …",
        "envoyé par …", "envoyé via …",
        "envoyé à l'aide de …", "provenance : …", "provenance: …", "envoyé d'…", "message envoyé depuis …",
        "e-mail envoyé depuis …",
    ),
    adverts=(
        "obtenir outlook pour …", "obtenez outlook pour …", "télécharger outlook pour …",
        "téléchargez outlook pour …",
        "garanti sans virus", "garanti sans virus. …", "sans virus. …", "sans virus", "télécharger bluemail pour …",
    ),
    closings=(
        "cordialement", "bien cordialement", "très cordialement", "cdlt", "cdt", "cordiales salutations",
        "salutations",
        "meilleures salutations", "sincères salutations", "salutations cordiales", "bien à vous", "bien à toi",
        "salutations distinguées", "sincèrement", "amicalement", "respectueusement", "bonne journée", "bonne soirée",
        "bonne réception",
        "bonne fin de journée", "bon après-midi", "cordialement vôtre", "merci et bonne journée", "bien sincèrement",
        "bises",
        "avec mes meilleures salutations", "mes salutations distinguées", "mes cordiales salutations", "à bientôt",
        "belle journée",
        "cordialement et bonne journée", "merci, cordialement", "recevez mes salutations distinguées",
        "en vous remerciant, cordialement",
    ),
)  # fmt: skip

ES = Locale(
    "es",
    wrote=("escribió", "escribio", "ha escrito", "escribe", "escribía", "va escriure", "ha escrit"),
    opens=("el", "en", "a las", "con fecha"),
    days=(
        "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "lun", "mar", "mié", "jue", "vie",
        "sáb",
        "dom", "lun.", "mar.", "mié.", "jue.", "vie.", "sáb.", "dom.",
    ),
    cites=("citando a", "mensaje de", "missatge de"),  # missatge: Catalan Gmail
    prose=(
        "yo", "he", "hemos", "han", "él", "ella", "nosotros", "nos", "me", "se", "ellos", "usted", "ustedes",
        "alguien", "que", "el", "la", "los", "las", "un",
        "una", "mi", "su", "nuestro", "nuestra", "le", "te", "les",
    ),
    original=(
        "mensaje original", "mensaje de origen", "mensaje inicial", "correo original", "missatge original",
        "mail original",
    ),
    forwarded=(
        "mensaje reenviado", "inicio del mensaje reenviado", "comienzo del mensaje reenviado",
        "principio del mensaje reenviado",
        "correo reenviado", "reenviado por", "missatge reenviat", "inici del missatge reenviat", "mensaje renviado",
    ),
    above=(
        "responda por encima de esta línea", "responde por encima de esta línea",
        "escriba su respuesta por encima de esta línea",
    ),
    sender=("de", "remitente"),
    sent=("enviado", "enviado el", "enviado a las", "enviada el", "fecha de envío", "enviat"),
    date=("fecha", "data"),
    to=("para", "a", "destinatario", "destinatarios", "per"),
    subject=("asunto", "assumpte", "tema"),
    cc=("con copia", "copia", "cc", "cco", "con copia a"),
    other=(
        "responder a", "adjuntos", "archivos adjuntos", "datos adjuntos", "importancia", "prioridad", "organización",
    ),
    devices=(
        "enviado desde …", "enviado con …", "enviado vía …", "enviado via …", "enviado por …", "enviado usando …",
        "enviat des de …",
    ),
    adverts=(
        "obtener outlook para …", "obtén outlook para …", "descargar outlook para …", "descarga outlook para …",
        "libre de virus",
        "libre de virus. …", "obteniu l'outlook per a …",
    ),
    closings=(
        "saludos", "un saludo", "saludos cordiales", "cordiales saludos", "saludos cordialmente", "atentamente",
        "cordialmente",
        "un cordial saludo", "reciba un cordial saludo", "reciban un cordial saludo", "atte", "muy atentamente",
        "un abrazo", "abrazos",
        "le saluda atentamente", "saludos y gracias", "gracias y saludos", "un saludo y gracias",
        "gracias, un saludo", "salutacions",
        "salutacions cordials", "muchas gracias y un saludo", "atentos saludos", "reciba un saludo", "quedo atento",
        "quedo a la espera",
        "muchos saludos", "afectuosamente",
    ),
)  # fmt: skip

IT = Locale(
    "it",
    wrote=("ha scritto", "scritto", "scrive", "scriveva", "scrisse"),
    opens=("il giorno", "il", "in data", "alle"),
    days=(
        "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "lun", "mar", "mer", "gio",
        "ven",
        "sab", "dom",
    ),
    cites=("citando", "quoto", "messaggio da"),
    prose=(
        "io", "ho", "abbiamo", "hanno", "noi", "lui", "lei", "loro", "mi", "ci", "gli", "si", "che", "il", "la",
        "lo", "un", "una", "mio", "nostro", "vostro", "qualcuno",
        "i", "le", "vi", "ti",
    ),
    original=(
        "messaggio originale", "messaggio originario", "messaggio di origine", "mail originale", "e-mail originale",
        "messaggio iniziale",
    ),
    forwarded=(
        "messaggio inoltrato", "inizio messaggio inoltrato", "inizio del messaggio inoltrato",
        "messaggio inoltrato da",
        "inoltrato da", "e-mail inoltrata", "mail inoltrata",
    ),
    above=("rispondere sopra questa riga", "rispondi sopra questa riga", "digita la tua risposta sopra questa linea"),
    sender=("da", "mittente"),
    sent=("inviato", "inviata", "data invio", "inviato il", "inviato da"),
    date=("data", "ricevuto"),
    to=("a", "per", "destinatario", "destinatari"),
    subject=("oggetto", "ogg"),  # ogg: Libero
    cc=("cc", "copia", "ccn", "per conoscenza", "copia a"),
    other=("rispondi a", "allegati", "allegato", "priorità", "importanza", "organizzazione"),
    devices=(
        "inviato da …", "inviato dal …", "inviato dall'…", "inviato con …", "inviato tramite …", "inviato dalla …",
        "inviata da …",
        "inviato via …", "messaggio inviato da …",
    ),
    adverts=(
        "scarica outlook per …", "ottieni outlook per …", "privo di virus", "privo di virus. …",
        "mail priva di virus",
        "mail priva di virus. …",
    ),
    closings=(
        "cordiali saluti", "distinti saluti", "saluti", "un saluto", "un cordiale saluto", "cordialmente",
        "cordialità", "grazie e saluti",
        "grazie, saluti", "saluti cordiali", "tanti saluti", "un caro saluto", "i migliori saluti",
        "con i migliori saluti",
        "porgo cordiali saluti", "porgo distinti saluti", "in attesa di riscontro, cordiali saluti",
        "buona giornata", "buona serata",
        "a presto", "grazie e cordiali saluti", "grazie e buona giornata", "cari saluti",
        "ringraziando, cordiali saluti",
    ),
)  # fmt: skip

PT = Locale(
    "pt",
    wrote=("escreveu", "escreve", "escrevia"),
    opens=("em", "no dia", "na", "no", "a", "às", "à"),  # às: Thunderbird pt-PT
    days=(
        "segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo", "segunda-feira", "terça-feira",
        "quarta-feira",
        "quinta-feira", "sexta-feira", "seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom.",
    ),
    cites=("citando", "mensagem de"),
    prose=(
        "eu", "ele", "ela", "nós", "temos", "tenho", "eles", "elas", "você", "vocês", "alguém", "que", "o", "a",
        "os", "as", "um", "uma", "meu", "minha",
        "nosso", "nossa", "seu", "sua", "me", "nos", "se", "lhe",
    ),
    original=("mensagem original", "mensagem de origem", "mensagem inicial", "e-mail original", "email original"),
    forwarded=(
        "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada",
        "início da mensagem reencaminhada",
        "inicio da mensagem encaminhada", "encaminhada por", "encaminhado por", "e-mail encaminhado",
    ),
    above=("responda acima desta linha", "responda por cima desta linha", "digite sua resposta acima desta linha"),
    sender=("de", "remetente"),
    sent=("enviado", "enviada", "enviado em", "enviada em", "data de envio", "enviado a", "enviado às"),
    date=("data", "recebido"),
    to=("para", "destinatário", "destinatários"),
    subject=("assunto",),
    cc=("cc", "cópia", "cco", "com cópia", "bcc"),
    other=("responder a", "responder para", "anexos", "anexo", "importância", "prioridade"),
    devices=(
        "enviado do …", "enviado de …", "enviado da …", "enviado a partir do …", "enviado a partir da …",
        "enviado a partir de …",
        "enviado através …", "enviado pelo …", "enviado por …", "enviado via …", "enviado com …", "enviado no …",
    ),
    adverts=(
        "obter o outlook para …", "obter outlook para …", "baixar o outlook para …", "baixe o outlook para …",
        "livre de vírus",
        "livre de vírus. …", "sem vírus. …", "obtenha o outlook para …",
    ),
    closings=(
        "atenciosamente", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos",
        "os meus cumprimentos", "com os meus melhores cumprimentos", "abraços", "abraço", "um abraço",
        "cordialmente", "cordiais saudações",
        "saudações", "saudações cordiais", "respeitosamente", "obrigado e cumprimentos", "grato", "grata", "gratos",
        "desde já agradeço",
        "cumps", "bem haja", "at.te", "atentamente",
    ),
    thanks=("att", "atte"),
)  # fmt: skip

RO = Locale(
    "ro",
    wrote=("a scris", "scrie"),
    opens=("pe", "în", "in", "la", "în data de", "in data de", "în ziua de"),
    days=(
        "luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică", "lun.", "mar.", "mie.", "joi.", "vin.",
        "sâm.",
        "dum.", "lun", "mie", "vin",
    ),
    prose=("eu", "noi", "el", "ea", "ei", "ele", "mi-a", "ne-a", "cineva", "că", "care", "un", "o", "mie"),
    original=("mesaj original", "mesajul original", "mesaj inițial", "mesajul inițial", "mesaj initial"),
    forwarded=(
        "mesaj redirecționat", "mesaj redirectionat", "început mesaj redirecționat", "mesaj retrimis",
        "mesaj transmis",
        "începutul mesajului redirecționat", "începe mesajul redirecționat",
    ),
    above=("răspundeți deasupra acestei linii",),
    sender=("de la", "expeditor", "din partea"),
    sent=("trimis", "trimis la", "trimisă", "data trimiterii", "expediat"),
    date=("dată", "data"),
    to=("către", "catre", "la", "destinatar", "pentru"),
    subject=("subiect", "subiectul"),
    cc=("cc", "copie"),
    other=("răspunde la", "atașamente", "atasamente", "importanță"),
    devices=("trimis de pe …", "trimis din …", "trimis de la …", "trimis cu …", "trimis prin …"),
    adverts=(
        "obțineți outlook pentru …", "descărcați outlook pentru …", "obține outlook pentru …", "fără viruși",
        "fără viruși. …",
    ),
    closings=(
        "cu stimă", "cu stima", "cu respect", "cu drag", "cu considerație", "cu deosebită stimă", "o zi bună",
        "o zi buna", "toate cele bune",
        "salutări", "mulțumesc și o zi bună", "cu deosebită considerație", "numai bine", "vă mulțumesc, cu stimă",
    ),
)  # fmt: skip
