"""What programs say in and above a bounce; mail/bouncetext decides what it means. Each entry is a piece of a regex, matched without case.

Laws: no entry may match empty text or repeat without bound.
"""

from __future__ import annotations

# Who sends bounces: in the From header or its address.
DAEMONS = (
    "mailer[-_. ]?daemon", "mail[-_. ]?daemon", "^postmaster", "^mdaemon",
    "mail[ .]deliver(?:y|)[ .](?:sub)?system", "mail delivery service", "maildelivery", "^bounces?@",
    "^mmdf", "delivery[-_ ]?(?:status|failure|subsystem)", "^post(?:office|master)", "mailsystem",
    "^administrator@", "interscan", "system administrator", "^mail[-_.]?admin", "mailadmin",
    "^autoreply-?mailer", "^symantec",
)  # fmt: skip

# Who sends nothing else.
SURE_DAEMONS = (
    "mailer[-_. ]daemon", "mail delivery (?:sub)?system",
)  # fmt: skip

# In the subject of a bounce.
SUBJECTS = (
    "undeliver",
    "delivery (?:status )?(?:notification|failure|failed|report|error|problem|has failed|of mail failed|delayed|incomplete)",
    "mail ?delivery", r"(?:mail|message|delivery)[\w ]{0,30} fail", "failure (?:notice|delivery)",
    "failed mail", "returned (?:mail|message|to sender|email)",
    "mail (?:could not|error|status report|system error)", "could not be delivered",
    "(?:un|non)[- ]?delivery", "non remis", "non distribu", "échec de (?:la )?(?:remise|distribution)",
    "unzustellbar", "nicht zugestellt", "zustellung fehlgeschlagen", "konnte nicht zugestellt",
    "unzustellbare", "no se pudo entregar", "no entregado", "error de entrega", "mancato recapito",
    "messaggio non recapitato", "impossibile recapitare", "não entregue", "falha na entrega",
    "onbestelbaar", "niet afgeleverd", "niedostarczon", "недоставлен", "не доставлен",
    "не может быть доставлено", "delivery notification", "warning: (?:could not send|message)",
    "mail receiving error", "user unknown", "delivery status", r"\bbounced?\b", "无法投递", "退信",
    "エラー", "配信不能", "送信できませんでした", "failure delivery", "rejected", "delay(?:ed)?:",
    "cannot send", "mail error", "not (?:been |yet been )*delivered", "non-livr", "onbezorgbaar",
    "processing error", "automatically rejected",
)  # fmt: skip

# Somewhere in the words: a delivery failed.
FAILURES = (
    "trouble delivering",    "(?:could|can) ?not be (?:delivered|sent|reached|found)", "unable to (?:deliver|send|relay)",
    "(?:wasn't|was not|were not|not|n't) able to deliver", "could not deliver", "couldn't (?:be )?deliver",
    "cannot (?:be )?(?:deliver|send)", r"fail(?:ed|ure|s)?\b", "undeliver", "fatal error",
    "delivery (?:error|problem|has been delayed|is delayed)", "error (?:has )?(?:occurred|delivering)",
    "error while", "did not reach", "has not been delivered", "not delivered", "no such user",
    "user unknown", "unknown user", "unknown recipient", "rejected", "returned to (?:you|sender)",
    "permanent error", "bounced", "undelivered", "delivery errors", "permanent failure", "does not exist",
    "doesn't exist", "was not accepted", "mailbox (?:full|unavailable)", "over quota", "deferred",
    "not (?:found|known|listed)", "invalid (?:address|recipient)", "nicht zugestellt", "konnte nicht",
    "n'a pas pu", "no se ha podido", "не может быть доставлено", "配信", "送信に失敗", "送信できません",
    "お届けできません", "存在しません", r"\b[45]\d\d[ -]", r"\b[45]\.\d\.\d{1,3}\b", "delayed",
    "will be retried", "still trying", "transcript of session", "had problems",
    "not (?:been |yet been )*delivered", "did not receive", "was aborted", "encountered an error",
    "invalid final delivery", "could not find a gateway", "not exactly match", "invalid|unreachable",
    "does not like recipient",
)  # fmt: skip

# In the words: it failed for the time being only.
DELAYS = (
    "attempts will continue", "continue to (?:attempt|try)", "not yet been delivered", "just a warning", "please do not resend",
    "will be retried", "still (?:trying|being retried|in the queue)", "has been delayed", "is delayed",
    "delivery delay", "delayed (?:mail|message|delivery)", r"delay(?:ed)?\b.{0,40}warning",
    "warning: (?:could not send|message still)", "this is a warning message only",
    "not (?:yet )?been delivered (?:yet|after)", "delivery temporarily suspended", "do not need to resend",
)  # fmt: skip

# The line that stands above the returned mail.
RETURNED = (
    "below this line is a copy", "this is a copy of", "original message", "below is a copy",
    "message headers follow", "unsent message", "returned message", "message text follows",
    "copy of (?:your|the) message", "(?:the )?(?:header|body)s? of (?:the|your) (?:original )?message",
    "undelivered message", "message header", "original mail", "returned mail follows", "-+ ?start of",
    "included is a copy", r"the first \d+ (?:lines|bytes)", "your (?:original )?message (?:follows|reads)",
    "start of message", "forwarded message", "old message", "original mail as received", "returned mail",
)  # fmt: skip
