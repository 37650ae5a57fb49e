"""What programs write at the head of their automatic answers, by language; rules/automatic decides what it means.

Laws: lower case, straight apostrophes, plain text. Only forms that people do not write: a customer who says that he is
out of office is a person.
"""

from __future__ import annotations

from mailgate.mail.failure import folded

# At the head of a subject, alone or before a colon, dash or bracket: only software names its own answer so.
AUTOMATIC = folded(
    "automatic reply", "automated reply", "automatic response", "automated response", "automatic answer",
    "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse",
    "autoresponder", "auto-responder", "auto responder", "auto: out of office", "out of office autoreply",
    "out of office auto-reply", "out of office auto reply", "out of office automatic reply",
    "out of office reply", "out of office response", "out of office notification", "out of office message",
    "out-of-office reply", "out-of-office autoreply", "out-of-office auto-reply", "vacation reply",
    "vacation response", "vacation message", "vacation auto-reply", "vacation autoreply", "vacation notice",
    "away from my mail", "away from my email", "this is an automatic reply", "this is an automated reply",
    "réponse automatique", "reponse automatique", "message automatique d'absence",
    "message d'absence automatique", "répondeur automatique", "automatische antwort",
    "automatische antwortnachricht", "automatische rückantwort", "automatische rückmeldung",
    "automatische e-mail-antwort", "automatische abwesenheitsnotiz", "automatische abwesenheitsmeldung",
    "autoantwort", "auto-antwort", "automatische empfangsbestätigung", "respuesta automática",
    "respuesta automatica", "auto respuesta", "autorespuesta", "contestador automático",
    "resposta automàtica", "risposta automatica", "risponditore automatico",
    "messaggio automatico di assenza", "autorisposta", "resposta automática", "resposta automatica",
    "auto-resposta", "autoresposta", "automatisch antwoord", "automatische beantwoording",
    "automatische reactie", "automatisch bericht van afwezigheid", "odpowiedź automatyczna",
    "automatyczna odpowiedź", "odpowiedz automatyczna", "automatyczna odpowiedz", "autoodpowiedź", "autosvar",
    "automatisk svar", "automatisk besvarelse", "automatisk svarmeddelelse", "automatisk svarsmelding",
    "automatisk fraværsmelding", "automatiskt svar", "automatiskt svarsmeddelande",
    "automatiskt frånvaromeddelande", "automaattinen vastaus", "automaattivastaus",
    "automaattinen poissaoloviesti", "automatická odpověď", "automaticka odpoved", "automatická odpoveď",
    "automatikus válasz", "automatikus valasz", "răspuns automat", "raspuns automat", "автоответ",
    "автоматический ответ", "автоматическое уведомление об отсутствии", "автоматична відповідь",
    "автовідповідь", "автоматичен отговор", "otomatik yanıt", "otomatik cevap", "otomatik yanit",
    "αυτόματη απάντηση", "תשובה אוטומטית", "מענה אוטומטי", "רد تلقائي", "رد تلقائي", "رد آلي",
    "الرد التلقائي", "自动回复", "自動回覆", "自动答复", "自動回復", "自动应答", "自動応答", "自動返信",
    "자동 회신", "자동 응답", "자동회신", "자동응답", "부재중 자동 응답", "trả lời tự động",
    "thư trả lời tự động", "automatski odgovor", "samodejni odgovor", "automatinis atsakymas",
    "automātiska atbilde", "automaatvastus",
)  # fmt: skip

# At the head of a subject and before a colon with the subject that is answered: what Exchange, Notes and their kin put there.
ABSENT = folded(
    "out of office", "out-of-office", "out of the office", "abwesenheitsnotiz", "abwesenheitsnachricht",
    "abwesenheitsmeldung", "abwesenheitsbenachrichtigung", "abwesenheitsassistent", "urlaubsbenachrichtigung",
    "absence du bureau", "absent du bureau", "absent(e) du bureau", "message d'absence", "avis d'absence",
    "notification d'absence", "en dehors du bureau", "absence de bureau", "fuera de la oficina",
    "fuera de oficina", "mensaje de ausencia", "aviso de ausencia", "fuori ufficio", "fuori sede",
    "messaggio di assenza", "avviso di assenza", "fora do escritório", "ausência do escritório",
    "ausência temporária", "mensagem de ausência", "aviso de ausência", "niet aanwezig",
    "afwezigheidsbericht", "afwezigheidsmelding", "afwezigheidsassistent", "ikke til stede",
    "fraværsmeddelelse", "fraværsmelding", "fraværsassistent", "frånvaromeddelande", "ej på kontoret",
    "poissaoloilmoitus", "poissa toimistosta", "poza biurem", "nieobecność w biurze", "nieobecny w biurze",
    "mimo kancelář", "mimo kanceláře", "mimo kancelárie", "házon kívül", "irodán kívül", "în afara biroului",
    "absență din birou", "нет на работе", "нет на месте", "вне офиса", "отсутствую в офисе", "поза офісом",
    "ofis dışında", "işyerinde değil", "εκτός γραφείου", "απουσία από το γραφείο", "לא במשרד", "מחוץ למשרד",
    "خارج المكتب", "不在办公室", "不在辦公室", "外出通知", "休假通知", "不在通知", "不在のお知らせ", "부재중",
    "부재 중", "부재 알림", "vắng mặt tại văn phòng",
)  # fmt: skip

# At the head of a subject, but people write them too: they count where a header says that a program sent it.
AWAY = folded(
    *ABSENT,
    "i am out of the office", "i'm out of the office", "i am out of office", "i will be out of the office",
    "i am away", "on vacation", "on holiday", "on leave", "on annual leave", "on parental leave",
    "on maternity leave", "annual leave", "vacation", "holiday", "away", "ooo", "absence", "absent",
    "absente", "en congé", "en congés", "en vacances", "congés", "abwesenheit", "abwesend", "nicht im büro",
    "nicht im haus", "außer haus", "im urlaub", "urlaub", "ausente", "ausencia", "de vacaciones",
    "vacaciones", "assente", "assenza", "in ferie", "ferie", "ausência", "de férias", "férias", "afwezig",
    "afwezigheid", "met vakantie", "op vakantie", "vakantie", "nieobecność", "nieobecny", "nieobecna",
    "urlop", "na urlopie", "fraværende", "fravær", "på ferie", "frånvaro", "frånvarande", "på semester",
    "semester", "poissa", "poissaolo", "lomalla", "loma", "nepřítomnost", "dovolená", "dovolenka", "távollét",
    "szabadság", "szabadságon", "absență", "concediu", "în concediu", "отпуск", "в отпуске", "отсутствую",
    "отсутствие", "відпустка", "у відпустці", "izinde", "izindeyim", "tatil", "άδεια", "σε άδεια", "חופשה",
    "בחופשה", "إجازة", "في إجازة", "休假", "外出", "出差", "不在", "休暇", "휴가", "휴가중", "nghỉ phép",
    "đi vắng",
)  # fmt: skip

# "Read: …" and "Not read: …" in front of the subject of a receipt.
READ = folded(
    "read", "not read", "deleted", "lu", "non lu", "supprimé", "gelesen", "nicht gelesen",
    "ungelesen gelöscht", "gelöscht", "leído", "no leído", "eliminado", "letto", "non letto", "eliminato",
    "lida", "não lida", "excluída", "lido", "não lido", "gelezen", "niet gelezen", "verwijderd", "läst",
    "inte läst", "oläst", "borttaget", "læst", "ikke læst", "slettet", "lest", "ikke lest", "ulest", "luettu",
    "ei luettu", "przeczytano", "nie przeczytano", "przeczytana", "přečteno", "nepřečteno", "prečítané",
    "elolvasva", "olvasva", "olvasatlan", "citit", "necitit", "прочитано", "прочтено", "не прочитано",
    "непрочитано", "okundu", "okunmadı", "αναγνώστηκε", "διαβάστηκε", "נקרא", "لم تتم القراءة", "تمت القراءة",
    "مقروءة", "已读", "未读", "已讀取", "已讀", "未讀", "開封済み", "開封済", "未開封", "읽음", "읽지 않음",
    "đã đọc",
)  # fmt: skip

# What the text of a receipt says of the mail.
WAS_READ = folded(
    "was read on", "was read at", "was opened on", "was displayed on", "has been read", "has been opened",
    "has been displayed", "was displayed on the recipient", "was deleted without being read", "was not read",
    "a été lu", "a été ouvert", "a été affiché", "a été supprimé sans", "wurde gelesen", "wurde am",
    "wurde geöffnet", "wurde angezeigt", "ungelesen gelöscht", "gelöscht, ohne", "fue leído", "se leyó",
    "ha sido leído", "se eliminó sin", "è stato letto", "è stato eliminato", "foi lida", "foi lido",
    "foi excluída", "is gelezen", "werd gelezen", "verwijderd zonder", "lästes", "har lästs", "blev læst",
    "er blevet læst", "ble lest", "er lest", "luettiin", "on luettu", "została przeczytana",
    "została wyświetlona", "przeczytano", "byla přečtena", "bola prečítaná", "elolvasták", "elolvasta",
    "a fost citit", "прочитано", "было прочтено", "прочитали", "okundu", "αναγνώστηκε", "διαβάστηκε", "נקראה",
    "تمت قراءة", "已于", "已閱讀", "已阅读", "已讀取", "阅读了", "開封され", "開封しました", "読まれました",
    "읽었습니다", "읽음", "đã được đọc",
)  # fmt: skip

# How the text of a receipt begins.
YOUR_MESSAGE = folded(
    "your message", "your mail", "this is a receipt", "this is a return receipt", "return receipt",
    "votre message", "ceci est un accusé", "accusé de lecture", "ihre nachricht",
    "dies ist eine empfangsbestätigung", "dies ist eine lesebestätigung", "lesebestätigung", "su mensaje",
    "el mensaje", "este es un acuse", "il messaggio", "il tuo messaggio", "ricevuta di", "a sua mensagem",
    "sua mensagem", "este é um", "uw bericht", "dit is een", "ditt meddelande", "meddelandet",
    "din meddelelse", "meddelelsen", "meldingen", "din melding", "viestisi", "viesti", "wiadomość",
    "twoja wiadomość", "vaše zpráva", "vaša správa", "az üzenet", "az ön üzenete", "mesajul",
    "ваше сообщение", "сообщение", "это уведомление", "iletiniz", "το μήνυμά σας", "ההודעה שלך", "رسالتك",
    "您的邮件", "您的郵件", "あなたのメッセージ", "送信したメッセージ", "メッセージ", "귀하의 메시지",
    "메시지", "thư của bạn",
)  # fmt: skip
