"""What mail systems write in and above a bounce, in many languages; mail/daemon and mail/bouncetext decide what it means.

Laws: all words lower case with straight apostrophes; those of `DAEMONS`, `SUBJECTS`, `OPENINGS` and `FAILURES` are plain
pieces of text; the others are pieces of a regex that match no empty text and do not repeat without bound.
"""

from __future__ import annotations

from mailgate.mail.failure import folded

# In the From header or its address: nobody else bears these names.
SURE_DAEMONS = folded(
    "mailer-daemon", "mailer_daemon", "mailer.daemon", "mailerdaemon", "mailer daemon",
    "mail delivery subsystem", "mail delivery system", "mail.delivery.system", "maildelivery-system",
    "mail-daemon", "mail daemon", "mail delivery service", "internet mail delivery", "mail sieve subsystem",
    "microsoft outlook 365 delivery", "mail transfer agent",
)  # fmt: skip

# In the From header or its address: people may bear these too.
DAEMONS = folded(
    "postmaster", "postmast@", "post master", "system administrator", "administrator@", "mail administrator",
    "mailadmin", "mail-admin", "mail system", "mailsystem", "mdaemon", "mmdf", "bounce@", "bounces@",
    "delivery status", "delivery failure", "delivery subsystem", "maildelivery", "mail delivery",
    "post office", "post.office", "postoffice@", "interscan", "imss@", "symantec", "autoreply-mailer",
    "mail gateway", "mail_service", "mail-service", "mail service", "smtp_mail", "smtp service",
    "mailgateway", "mail filter", "m-filter", "spamfilter", "spam firewall", "barracuda", "mailenable",
    "hmailserver", "groupwise", "lotus", "smtp mta", "listserv", "lsmtp", "microsoft outlook",
    "exchange server", "systemadministrator", "administrateur système", "système de messagerie",
    "amministratore di sistema", "administrador del sistema", "administrador do sistema", "systeembeheerder",
    "administrator systemu", "системный администратор", "системный админ", "系统管理员", "系統管理員",
    "システム管理者", "시스템 관리자", "no-reply@sns.amazonaws.com", "smtp gateway", "mail robot",
    "post_master@", "sysadmin@", "mailerror", "mail.error", "undeliver", "nondeliver",
)  # fmt: skip

# In the subject of a bounce.
SUBJECTS = folded(
    "undeliver", "delivery status notification", "delivery notification", "delivery failure",
    "delivery failed", "delivery has failed", "delivery error", "delivery problem", "delivery report",
    "delivery delayed", "delivery incomplete", "delivery status", "delivery of mail failed",
    "delivery unsuccessful", "failed delivery", "failure delivery", "mail delivery", "maildelivery",
    "mail failure", "mail failed", "mail fail", "failed mail", "failure notice", "message failure",
    "message delivery", "message not delivered", "message delayed", "message could not", "message you sent",
    "returned mail", "returned message", "returned email", "return mail", "returned to sender",
    "mail could not", "mail error", "mail status report", "mail system error", "mail receiving error",
    "mail returned", "could not be delivered", "couldn't be delivered", "cannot be delivered",
    "was not delivered", "not been delivered", "not yet been delivered", "not delivered", "non-delivery",
    "nondelivery", "non delivery", "unable to deliver", "cannot send message", "could not send message",
    "unknown user", "user unknown", "unknown recipient", "invalid recipient", "mailbox full", "rejected",
    "processing error", "error sending your mail", "[bounce]", "bounced mail", "bounced message",
    "message blocked", "mail blocked", "delay: ", "delayed: ", "message expired", "warning: message",
    "e-mail error", "email error", "nameserver error", "non remis", "non distribu", "échec de la remise",
    "échec de remise", "échec de distribution", "échec de la livraison", "non délivré", "non livré",
    "notification d'échec", "retour à l'expéditeur", "n'a pas pu être", "unzustellbar", "nicht zugestellt",
    "nicht zustellbar", "zustellung fehlgeschlagen", "zustellfehler", "zustellung verzögert", "konnte nicht",
    "fehler bei der zustellung", "zustellungsfehler", "übermittlung fehlgeschlagen", "no se puede entregar",
    "no se pudo entregar", "no entregado", "no ha sido entregado", "error de entrega", "error en la entrega",
    "fallo en la entrega", "notificación de estado de entrega", "entrega fallida", "no entregable",
    "mensaje devuelto", "correo devuelto", "mancato recapito", "non recapitat", "non recapitabile",
    "impossibile recapitare", "mancata consegna", "non consegnat", "errore di consegna",
    "recapito non riuscito", "mail non consegnata", "consegna fallita", "não entregue", "nao entregue",
    "não foi entregue", "falha na entrega", "falha no envio", "erro na entrega", "não é possível entregar",
    "não pôde ser entregue", "mensagem devolvida", "e-mail devolvido", "entrega falhou", "onbestelbaar",
    "niet afgeleverd", "niet bezorgd", "onbezorgbaar", "bezorging mislukt", "aflevering mislukt",
    "kan niet worden bezorgd", "niedostarczon", "nie dostarczono", "nie można dostarczyć",
    "nie została dostarczona", "błąd dostarczenia", "błąd doręczenia", "zwrot wiadomości", "zwrot poczty",
    "kan ikke leveres", "ikke leveret", "ikke levert", "kunne ikke leveres", "leveringsfejl", "leveringsfeil",
    "det går inte att leverera", "kan inte levereras", "kunde inte levereras", "ej levererat", "leveransfel",
    "ei toimitettavissa", "toimitus epäonnistui", "toimittaminen epäonnistui", "ei voitu toimittaa",
    "nedoručiteln", "nedoručeno", "nelze doručit", "nebyla doručena", "nedoručiteľn", "vrácená zpráva",
    "kézbesíthetetlen", "kézbesítési hiba", "sikertelen kézbesítés", "nelivr", "nu a putut fi livrat",
    "недоставлен", "не доставлен", "не удалось доставить", "не может быть доставлен", "ошибка доставки",
    "сообщение не доставлено", "недоставлене", "не доставлено", "не вдалося доставити", "teslim edilemedi",
    "iletilemedi", "gönderilemedi", "δεν είναι δυνατή η παράδοση", "αποτυχία παράδοσης", "δεν παραδόθηκε",
    "לא ניתן למסירה", "לא נמסר", "כשל במסירה", "غير قابل للتسليم", "تعذر تسليم", "فشل التسليم", "退信",
    "无法投递", "投递失败", "无法送达", "未送达", "发送失败", "无法传递", "無法傳遞", "無法送達", "未傳遞",
    "郵件退回", "系统退信", "寄送失敗", "邮件被退回", "配信不能", "配信できません", "未配信", "配信エラー",
    "送信できませんでした", "送信エラー", "メールエラー", "エラーメール", "不達", "宛先不明", "배달되지",
    "배달 실패", "전송 실패", "전달되지", "발송 실패", "반송", "không thể gửi", "không gửi được",
    "gửi thất bại",
)  # fmt: skip

# Each of the ASCII words above holds one of these: a quick look before the long one.
SUBJECT_STEMS = folded(
    "deliver", "mail", "messag", "return", "fail", "bounce", "reject", "unknown", "recipient", "delay",
    "error", "remis", "livr", "distribu", "stell", "konnte", "entrega", "entregue", "recapit", "consegn",
    "bestel", "bezorg", "afgelever", "dostarcz", "dor", "ikke", "lever", "devuelt", "devolvid", "nelivr",
    "putut", "ej ", "teslim", "iletil", "envio", "zwrot", "toimit",
)  # fmt: skip
DAEMON_STEMS = folded(
    "daemon", "mail", "deliver", "post", "admin", "system", "mmdf", "bounce", "interscan", "imss", "symantec",
    "barracuda", "groupwise", "lotus", "mta", "listserv", "lsmtp", "outlook", "exchange", "amazonaws", "smtp",
    "spam", "filter", "messagerie", "sistema", "beheerder", "систем", "系统", "系統", "システム", "시스템",
    "transfer",
)  # fmt: skip

# How the words of a bounce begin, once what decorates them is gone.
OPENINGS = folded(
    "this is an automatically generated delivery", "this message was created automatically by",
    "this message has been created automatically", "this is the mail system at host",
    "this is the postfix program", "hi. this is the", "this is the dragonfly",
    "this report relates to a message you sent", "non-delivery report", "the following addresses had",
    "the original message was received at", "message from interscan", "this is the machine generated message",
    "delivery to the following recipient", "delivery has failed", "your message did not reach",
    "your message to: ", "your message subject: ", "your message: from: ", "your message wasn't delivered",
    "your message was not delivered", "your message could not be delivered",
    "sorry, we were unable to deliver", "sorry, unable to deliver", "unable to deliver message",
    "we had trouble delivering your message", "this is a delivery status notification",
    "this is an advisory-only", "transcript of session follows", "could not deliver message to the following",
    "message delivery failed", "the following message could not be delivered",
    "i'm sorry to have to inform you", "i'm afraid i wasn't able to deliver", "a message that you sent",
    "your message to the following", "the message that you sent was undeliverable",
    "the attached message had", "intended recipient:", "invalid final delivery", "unknown user:",
    "this message was undeliverable", "mail delivery failed", "with reference to your message",
    "your mail sent on", "your mail attempted to be delivered", "the following recipients", "the user(s)",
    "ihre nachricht konnte nicht", "diese nachricht wurde automatisch", "votre message n'a pas",
    "ce message a été généré automatiquement", "su mensaje no", "il messaggio non", "sua mensagem não",
    "a mensagem não", "uw bericht kon niet", "это письмо создано автоматически", "к сожалению", "抱歉",
    "很抱歉", "このメールは", "wiadomość nie",
)  # fmt: skip

# How people begin.
GREETINGS = folded(
    "hi ", "hi,", "hello", "hey", "dear", "good morning", "good afternoon", "good day", "bonjour", "bonsoir",
    "madame", "monsieur", "hallo", "guten tag", "guten morgen", "sehr geehrte", "liebe", "moin", "hola",
    "buenos días", "buenas", "estimad", "ciao", "buongiorno", "salve", "gentile", "egregi", "olá", "bom dia",
    "boa tarde", "prezad", "caro", "beste", "geachte", "goedemorgen", "goedendag", "cześć", "dzień dobry",
    "witam", "szanown", "hej", "kære", "hei", "bästa", "dobrý den", "ahoj", "vážen", "kedves", "tisztelt",
    "bună", "stimat", "здравствуйте", "добрый день", "уважаем", "привет", "добрий день", "merhaba", "sayın",
    "γεια", "καλημέρα", "αγαπητ", "שלום", "مرحبا", "السلام عليكم", "السيد", "你好", "您好", "尊敬的",
    "こんにちは", "お世話", "안녕하세요", "xin chào", "kính gửi",
)  # fmt: skip

# Somewhere in the words: a delivery failed or waits.
FAILURES = folded(
    "trouble delivering", "not be delivered", "not be sent", "not be reached", "not be found",
    "unable to deliver", "unable to send", "unable to relay", "able to deliver", "able to be delivered",
    "not deliver", "n't deliver", "n't be deliver", "cannot send", "fail", "undeliver", "fatal error",
    "delivery error", "delivery problem", "error occurred", "error has occurred", "error while",
    "error deliver", "errors", "did not reach", "not reached", "not been delivered", "non-deliver", "no such",
    "unknown", "rejected", "refused", "returned to ", "permanent error", "bounced", "does not exist",
    "doesn't exist", "not exist", "not accepted", "mailbox", "quota", "deferred", "not found", "not known",
    "not listed", "invalid", "unreachable", "delay", "be retried", "still trying", "postponed",
    "transcript of session", "had problems", "did not receive", "aborted", "encountered an error",
    "could not find a gateway", "not exactly match", "not like recipient", "not a valid", "timed out",
    "expired", "not recognized", "has been returned", "blocked", "denied", "remis", "délivr", "delivre",
    "livr", "échou", "n'a pas pu", "nicht zugestellt", "nicht zustell", "konnte nicht", "kann nicht",
    "fehlgeschlagen", "unbekannt", "unzustellbar", "no se ha podido", "no se pudo", "no pudo", "no ha podido",
    "no se puede", "no fue posible", "desconocid", "rechazad", "non recapit", "non è stato possibile",
    "impossibile", "non consegn", "sconosciut", "rifiutat", "não foi possível", "não pôde", "não pode",
    "não entregue", "falh", "nao pode", "niet worden", "niet afgeleverd", "niet bezorgd", "mislukt",
    "onbestelbaar", "nie mogła", "nie można", "nie została", "nie dostarcz", "niedostarcz", "ikke lever",
    "ikke afleveres", "kunne ikke", "inte lever", "kunde inte", "ei voitu", "epäonnist", "nebyla", "nelze",
    "nemohla", "nedoruč", "nem sikerült", "kézbesíth", "nu a putut", "не может быть", "не удалось",
    "не доставлен", "недоставлен", "невозможно", "не существует", "не вдалося", "iletilemedi",
    "teslim edilemedi", "δεν", "לא", "تعذر", "لم يتم", "غير موجود", "退回", "无法", "無法", "失败", "失敗",
    "不存在", "できません", "配信", "存在しません", "エラー", "못했", "실패", "않", "không thể",
)  # fmt: skip

# It failed for the time being only.
DELAYS = (
    "attempts will continue", "continue to (?:attempt|try)", "not yet been delivered", "just a warning",
    "please do not resend", "not need to re-?send", "will be retried",
    "still (?:trying|being retried|in the queue)", "has been (?:delayed|postponed)", "is delayed",
    "delivery delay", "delayed (?:mail|message|delivery)", "message[^\n]{0,60} delayed", "delayed \\d+ hour",
    "warning: (?:could not send|message still|message )", "(?:this is|only) a(?: | temporary )warning",
    "warning message only", "temporary failure report", "not (?:yet )?been delivered (?:yet|after)",
    "delivery temporarily suspended", r"\(delay(?:ed)?\)", "^delay(?:ed)?:", "a été retardé",
    "remise (?:différée|retardée)", "wird weiterhin versucht", "verzögert", "se seguirá intentando",
    "retrasad[ao]", "demorad[ao]", "ritardat[ao]", "in ritardo", "atrasad[ao]", "vertraagd", "opóźnion",
    "forsinket", "försenad", "viivästy", "zpožděn", "задержан", "будет продолжат", "попытки доставки будут",
    "延迟", "延遲", "遅延", "再送", "지연",
)  # fmt: skip

# The line that stands above the returned mail.
RETURNED = (
    "below (?:this|the next) line is a copy", "(?:this|here) is a copy of",
    "original message(?! (?:was|has|is being|identifier|size))", "below is a copy", "message headers follow",
    "unsent message", "returned message", "message text follows",
    "(?:an? )?(?:enclosed |attached )?copy of (?:your|the) (?:original )?message",
    "(?:the )?(?:header|body|text)s? of (?:the|your) (?:original )?message", "undelivered message",
    "message headers?\\b", "original mail", "returned mail", "-+ ?start of", "included is a copy",
    r"the first \d+ (?:lines|bytes)", "your (?:original )?message (?:follows|reads)", "start of message",
    "forwarded message", "old message", "a summary of the undelivered", "enclosed is a copy",
    "attachment is a copy", "non-delivered (?:mail|message)", "the header (?:and|of)", "message d'origine",
    "ci-dessous", "copie (?:de|du) (?:votre )?message", "ursprüngliche nachricht", "originalnachricht",
    "mensaje original", "messaggio originale", "mensagem original", "oorspronkelijk bericht",
    "oryginalna wiadomość", "исходное сообщение", "ниже этой линии", "原(?:始)?[邮郵]件(?!信息|資訊|的)",
    "元のメッセージ", "以下は、?元", "원본 메시지",
)  # fmt: skip
