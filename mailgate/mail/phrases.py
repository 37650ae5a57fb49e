"""Words that mail programs put around quotes, by meaning; mail/reply decides what they do. All in lower case (casefold).

Languages: en fr de es it pt nl pl da sv nb fi cs sk hu ro ru uk tr el he ar zh ja ko vi. A language is added here and nowhere else.
"""

from __future__ import annotations

# Who wrote: some form of "wrote" stands in nearly every attribution line.
WROTE: tuple[str, ...] = (
    "wrote", "writes", "a écrit", "a ecrit", "écrivait", "écrit", "schrieb", "geschrieben", "escribió",
    "escribio", "escrigué", "ha scritto", "scritto", "scrive", "escreveu", "schreef", "geschreven",
    "napisał", "napisała", "napisał(a)", "pisze", "skrev", "kirjoitti", "napsal", "napísal", "írta",
    "a scris", "написал", "написала", "пишет", "пишете", "писал", "написав", "пише", "yazdı", "έγραψε",
    "כתב", "כתבה", "כתב/ה", "كتب", "写道", "寫道", "撰写", "のメール", "書きました", "さんは", "작성",
    "썼습니다", "씀", "đã viết",
)  # fmt: skip

# How an attribution line begins ("On Tuesday …"). Only counts with a digit on the same line and a verb or address after it.
OPENERS: tuple[str, ...] = (
    "on", "at", "le", "am", "el", "il", "em", "a", "op", "w dniu", "dnia", "den", "på", "d.", "dňa", "dne",
    "pe", "în", "la", "em qua", "στις", "στο", "ב-", "בתאריך", "ביום", "في", "بتاريخ", "於", "于", "在",
    "vào", "vào lúc", "lúc", "în data de", "il giorno", "quoting", "vom",
)  # fmt: skip

# "-----Original Message-----" and its kin; stands between dashes.
ORIGINAL: tuple[str, ...] = (
    "original message", "original email", "original appointment", "original", "reply message",
    "message d'origine", "message d’origine", "message original", "message initial",
    "ursprüngliche nachricht", "ursprungliche nachricht", "originalnachricht", "original-nachricht",
    "originalmail", "urspr. nachricht", "ursprünglicher termin", "mensaje original", "mensaje de origen",
    "messaggio originale", "messaggio originario", "mensagem original", "oorspronkelijk bericht",
    "origineel bericht", "oorspronkelijke bericht", "wiadomość oryginalna", "oryginalna wiadomość",
    "wiadomosc oryginalna", "oprindelig meddelelse", "original meddelelse", "originalmeddelelse",
    "oprindelig besked", "ursprungligt meddelande", "originalmeddelande", "ursprungsmeddelande",
    "opprinnelig melding", "opprinnelig e-post", "alkuperäinen viesti", "alkuperäinen sähköposti",
    "původní zpráva", "pôvodná správa", "eredeti üzenet", "mesaj original", "mesajul original",
    "mesaj inițial", "исходное сообщение", "оригинальное сообщение", "исходное письмо",
    "первоначальное сообщение", "вихідне повідомлення", "оригінальне повідомлення", "orijinal mesaj",
    "orijinal ileti", "özgün ileti", "özgün mesaj", "αρχικό μήνυμα", "הודעה מקורית", "ההודעה המקורית",
    "الرسالة الأصلية", "رسالة أصلية", "原始邮件", "原始郵件", "原郵件", "原始信息", "原始訊息", "原邮件",
    "元のメッセージ", "元のメール", "원본 메시지", "원본 이메일", "원본 메일", "tin nhắn gốc", "thư gốc",
    "thông điệp gốc", "missatge original",
)  # fmt: skip

# A forward's first line, between dashes or with a colon.
FORWARDED: tuple[str, ...] = (
    "forwarded message", "begin forwarded message", "forwarded by", "start of forwarded message",
    "forwarded email", "message transféré", "message réexpédié", "début du message réexpédié",
    "début du message transféré", "courriel transféré", "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "mensaje reenviado",
    "inicio del mensaje reenviado", "comienzo del mensaje reenviado", "messaggio inoltrato",
    "inizio messaggio inoltrato", "inizio del messaggio inoltrato", "mensagem encaminhada",
    "mensagem reencaminhada", "início da mensagem encaminhada", "início da mensagem reencaminhada",
    "doorgestuurd bericht", "begin doorgestuurd bericht", "begin van doorgestuurd bericht",
    "przekazana wiadomość", "wiadomość przekazana", "początek przekazywanej wiadomości",
    "videresendt besked", "videresendt meddelelse", "videresendt melding", "start på videresendt besked",
    "start på videresendt e-mail", "starten på den videresendte meldingen", "vidarebefordrat meddelande",
    "vidarebefordrat brev", "vidarebefordrat mejl", "början på vidarebefordrat meddelande",
    "välitetty viesti", "edelleenlähetetty viesti", "välitetty viesti alkaa", "přeposlaná zpráva",
    "začátek přeposlané zprávy", "preposlaná správa", "továbbított üzenet", "továbbított levél",
    "továbbított üzenet kezdete", "mesaj redirecționat", "mesaj redirectionat",
    "început mesaj redirecționat", "пересылаемое сообщение", "пересланное сообщение",
    "переадресованное сообщение", "начало переадресованного сообщения", "переслане повідомлення",
    "початок листа, що пересилається", "iletilen mesaj", "iletilmiş mesaj", "iletilen ileti başlangıcı",
    "προωθημένο μήνυμα", "αρχή προωθημένου μηνύματος", "הודעה שהועברה", "תחילת ההודעה שהועברה",
    "رسالة معاد توجيهها", "الرسالة المعاد توجيهها", "رسالة محولة", "转发的邮件", "转发邮件信息",
    "已转发的邮件", "轉寄郵件", "轉寄的郵件", "轉寄訊息", "開始轉寄郵件", "转发的邮件开始",
    "転送されたメッセージ", "転送メッセージ", "転送されたメール", "전달된 메시지", "전달된 메일",
    "tin nhắn đã chuyển tiếp", "tin nhắn chuyển tiếp", "thư được chuyển tiếp", "missatge reenviat",
)  # fmt: skip

# Field names of a header block inside a text, by what they say.
FIELDS: dict[str, tuple[str, ...]] = {
    "from": (
        "from", "de", "von", "da", "van", "od", "fra", "från", "lähettäjä", "feladó", "de la", "expeditor",
        "от", "від", "от кого", "від кого", "kimden", "gönderen", "από", "מאת", "من", "发件人", "发送人",
        "寄件者", "寄件人", "發件人", "差出人", "送信者", "보낸 사람", "보낸사람", "발신", "từ",
        "người gửi", "expéditeur", "absender", "mittente", "remetente", "remitente", "afzender", "nadawca",
        "odesílatel", "отправитель",
    ),
    "date": (
        "date", "sent", "envoyé", "message du", "envoyé le", "date d'envoi", "datum", "gesendet",
        "gesendet am", "fecha", "enviado", "enviado el", "enviado em", "enviada", "enviada em", "data",
        "inviato", "inviata", "data invio", "verzonden", "wysłano", "wysłane", "data wysłania", "sendt",
        "dato", "skickat", "skickades", "lähetetty", "päivämäärä", "päiväys", "pvm", "odesláno",
        "odoslané", "dátum", "elküldve", "küldve", "küldés dátuma", "trimis", "dată", "дата", "отправлено",
        "послано", "дата отправки", "надіслано", "відправлено", "tarih", "gönderildi", "gönderme tarihi",
        "ημερομηνία", "στάλθηκε", "εστάλη", "נשלח", "נשלחה", "תאריך", "تم الإرسال", "التاريخ", "تاريخ",
        "发送时间", "发送日期", "日期", "寄件日期", "傳送日期", "已傳送", "時間", "时间", "日付", "日時",
        "送信日時", "送信日", "보낸 날짜", "날짜", "발송일", "đã gửi", "ngày", "ngày gửi", "thời gian",
    ),
    "to": (
        "to", "à", "pour", "destinataire", "an", "para", "a", "aan", "do", "til", "till", "vastaanottaja",
        "komu", "címzett", "către", "catre", "кому", "kime", "alıcı", "προς", "אל", "إلى", "الى", "收件人",
        "收件者", "宛先", "받는 사람", "받는사람", "수신", "đến", "tới", "người nhận", "empfänger",
        "destinatario", "destinatário", "ontvanger", "adresat", "per",
    ),
    "subject": (
        "subject", "objet", "sujet", "betreff", "asunto", "oggetto", "assunto", "onderwerp", "temat",
        "emne", "ämne", "aihe", "předmět", "predmet", "tárgy", "subiect", "тема", "konu", "θέμα", "נושא",
        "الموضوع", "موضوع", "主题", "主旨", "主題", "标题", "件名", "제목", "chủ đề", "tiêu đề",
        "assumpte",
    ),
    "cc": (
        "cc", "copie à", "copie", "kopie", "kopie (cc)", "copia", "cópia", "con copia", "kopia", "kopi",
        "dw", "do wiadomości", "kopio", "másolat", "másolatot kap", "копия", "копія", "bilgi",
        "κοινοποίηση", "עותק", "نسخة", "抄送", "副本", "참조", "đồng gửi", "bcc", "cci", "cco",
        "ukryta kopia", "blindkopie",
    ),
    "other": (
        "reply-to", "répondre à", "répondre a", "antwort an", "antworten an", "responder a", "rispondi a",
        "beantwoorden", "svar til", "svara till", "attachments", "attachment", "pièces jointes", "anlagen",
        "anhang", "adjuntos", "allegati", "anexos", "bijlagen", "importance", "priority", "wichtigkeit",
        "importancia", "organization", "message-id", "sender", "mailing list", "when", "where", "sent by",
        "resent-from", "list-id", "vedhæftede filer", "bifogade filer", "附件",
    ),
}  # fmt: skip

# Lines that phones and programs put under a mail. "…" stands for a device or program: a few words and no more.
SENT_FROM: tuple[str, ...] = (
    "sent from …", "sent via …", "sent with …", "sent using …", "get outlook for …", "sent by …'s iphone",
    "envoyé de …", "envoyé depuis …", "envoyé à partir de …", "envoyé avec …", "envoyé par …",
    "envoyé via …", "obtenir outlook pour …", "obtenez outlook pour …", "télécharger outlook pour …",
    "provenance : …", "provenance: …", "von meinem … gesendet", "von … gesendet", "gesendet von …",
    "gesendet mit …", "gesendet über …", "diese nachricht wurde von meinem … gesendet",
    "outlook für … herunterladen", "holen sie sich outlook für …", "outlook für … beziehen",
    "enviado desde …", "enviado con …", "obtener outlook para …", "enviado do …", "enviado de …",
    "enviado a partir do …", "enviado através …", "enviado pelo …", "obter o outlook para …",
    "obter outlook para …", "inviato da …", "inviato dal …", "inviato con …", "scarica outlook per …",
    "ottieni outlook per …", "verzonden vanaf …", "verzonden met …", "verzonden vanuit …",
    "verstuurd vanaf …", "verstuurd met …", "outlook voor … downloaden", "download outlook voor …",
    "wysłane z …", "wysłano z …", "pobierz program outlook dla …", "sendt fra …", "hent outlook til …",
    "last ned outlook for …", "få outlook for …", "skickat från …", "skickades från …",
    "hämta outlook för …", "skaffa outlook för …", "lähetetty …", "hanki outlook …", "odesláno z …",
    "odesláno ze …", "odoslané z …", "získat outlook pro …", "elküldve az …", "küldve a …",
    "trimis de pe …", "trimis din …", "obțineți outlook pentru …", "отправлено с …", "отправлено из …",
    "послано с …", "надіслано з …", "відправлено з …", "… gönderildi", "στάλθηκε από …", "εστάλη από …",
    "נשלח מ…", "أرسلت من …", "تم الإرسال من …", "مرسل من …", "发自我的…", "发自…", "从我的…",
    "從我的 … 傳送", "從我的…傳送", "來自我的…", "…から送信", "나의 …에서 보냄", "내 …에서 보냄",
    "được gửi từ …", "đã gửi từ …", "gửi từ …",
)  # fmt: skip

# A closing that stands alone on its line; what follows is the sender's name and particulars.
CLOSINGS: tuple[str, ...] = (
    "regards", "best regards", "kind regards", "warm regards", "warmest regards", "with best regards",
    "with kind regards", "best wishes", "many thanks and best regards", "thanks and regards",
    "thanks & regards", "thank you and best regards", "thanks and best regards", "kindest regards",
    "sincerely", "yours sincerely", "sincerely yours", "yours faithfully", "yours truly", "respectfully",
    "cheers", "best", "all the best", "rgds", "br", "kr", "cordialement", "bien cordialement",
    "très cordialement", "cdlt", "cordiales salutations", "salutations", "meilleures salutations",
    "sincères salutations", "bien à vous", "salutations distinguées", "sincèrement", "amicalement",
    "respectueusement", "bonne journée", "mit freundlichen grüßen", "mit freundlichen grüssen",
    "mit freundlichem gruß", "mit freundlichem gruss", "freundliche grüße", "freundliche grüsse",
    "viele grüße", "viele grüsse", "beste grüße", "beste grüsse", "liebe grüße", "herzliche grüße",
    "schöne grüße", "mit besten grüßen", "gruß", "grüße", "mfg", "vg", "lg", "hochachtungsvoll", "saludos",
    "un saludo", "saludos cordiales", "cordiales saludos", "saludos cordialmente", "atentamente",
    "cordialmente", "un cordial saludo", "reciba un cordial saludo", "cordiali saluti", "distinti saluti",
    "saluti", "un saluto", "un cordiale saluto", "atenciosamente", "att", "cumprimentos",
    "com os melhores cumprimentos", "melhores cumprimentos", "abraços", "abraço", "met vriendelijke groet",
    "met vriendelijke groeten", "vriendelijke groet", "vriendelijke groeten", "hartelijke groet", "groet",
    "groeten", "groetjes", "mvg", "hoogachtend", "pozdrawiam", "pozdrawiam serdecznie",
    "serdecznie pozdrawiam", "z poważaniem", "z powazaniem", "z wyrazami szacunku", "pozdrowienia",
    "med venlig hilsen", "venlig hilsen", "mange hilsner", "hilsen", "med venlige hilsner",
    "de bedste hilsner", "kh", "vh", "mvh", "med vänlig hälsning", "med vänliga hälsningar",
    "vänliga hälsningar", "vänlig hälsning", "hälsningar", "hälsning", "med vennlig hilsen",
    "vennlig hilsen", "ystävällisin terveisin", "terveisin", "parhain terveisin", "t.", "s pozdravem",
    "s přátelským pozdravem", "s pozdravom", "üdvözlettel", "tisztelettel", "üdv", "köszönettel",
    "cu stimă", "cu respect", "cu drag", "с уважением", "с наилучшими пожеланиями", "всего доброго",
    "з повагою", "з найкращими побажаннями", "saygılarımla", "saygılarımızla", "iyi çalışmalar",
    "sevgiler", "με εκτίμηση", "φιλικά", "בברכה", "תודה, בברכה", "مع التحية", "مع أطيب التحيات",
    "وتفضلوا بقبول فائق الاحترام", "此致", "此致敬礼", "祝好", "敬具", "以上、よろしくお願いいたします",
    "よろしくお願いいたします", "よろしくお願いします", "감사합니다", "trân trọng", "thân ái",
)  # fmt: skip

# Subjects that mail programs give to their automatic answers, at the start only: "Re: Automatic reply" is a person's.
AWAY: tuple[str, ...] = (
    "automatic reply", "automated reply", "automatic response", "automated response", "auto reply",
    "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "autoresponder",
    "out of office", "out-of-office", "out of the office", "out of office autoreply",
    "out of office reply", "out of office message", "vacation reply", "vacation message",
    "vacation response", "away from my mail", "away from my email", "i am out of the office",
    "i'm out of the office", "on vacation", "on leave", "on annual leave", "ooo", "réponse automatique",
    "reponse automatique", "message d'absence", "absence du bureau", "en dehors du bureau",
    "absent du bureau", "avis d'absence", "automatische antwort", "automatische antwortnachricht",
    "abwesenheitsnotiz", "abwesenheitsnachricht", "abwesenheit", "abwesend", "abwesenheitsassistent",
    "nicht im büro", "autoantwort", "respuesta automática", "respuesta automatica", "fuera de la oficina",
    "fuera de oficina", "mensaje de ausencia", "risposta automatica", "fuori sede", "fuori ufficio",
    "assente", "resposta automática", "resposta automatica", "ausência do escritório",
    "ausência temporária", "fora do escritório", "automatisch antwoord", "automatische beantwoording",
    "afwezig", "afwezigheidsbericht", "niet aanwezig", "afwezigheid", "autosvar", "automatisk svar",
    "automatisk besvarelse", "ikke til stede", "fraværende", "fraværsmeddelelse", "fravær",
    "automatiskt svar", "frånvaromeddelande", "frånvaro", "frånvarande", "automatisk svarsmelding",
    "automaattinen vastaus", "poissa", "poissaoloilmoitus", "odpowiedź automatyczna",
    "automatyczna odpowiedź", "autoodpowiedź", "nieobecność w biurze", "poza biurem",
    "automatická odpověď", "mimo kancelář", "automatická odpoveď", "automatikus válasz", "házon kívül",
    "răspuns automat", "автоответ", "автоматический ответ", "автоматична відповідь", "нет на работе",
    "otomatik yanıt", "otomatik cevap", "ofis dışında", "αυτόματη απάντηση", "εκτός γραφείου",
    "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي", "خارج المكتب", "自动回复", "自動回覆", "自动答复",
    "不在办公室", "外出", "自動応答", "自動返信", "不在通知", "자동 회신", "자동 응답", "부재중",
    "부재 중", "trả lời tự động",
)  # fmt: skip
