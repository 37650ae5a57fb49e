"""Every reply of the SMTP door, as bytes with CRLF. Enhanced codes after RFC 3463, everywhere RFC 2034 §4 puts them.

Law: constants only. No word of the peer and no word of an exception ever stands in a reply.
"""

from __future__ import annotations

OK = b"250 2.0.0 Ok\r\n"
SENDER_OK = b"250 2.1.0 Ok\r\n"
RECIPIENT_OK = b"250 2.1.5 Ok\r\n"
VERIFY = b"252 2.0.0 Cannot say, but mail to it is tried\r\n"
HELP = b"214 2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY QUIT, see RFC 5321\r\n"
BYE = b"221 2.0.0 Bye\r\n"
GO_TLS = b"220 2.0.0 Ready to start TLS\r\n"
LOGGED_IN = b"235 2.7.0 Ok\r\n"
SAY_ON = b"334 \r\n"
SAY_USER = b"334 VXNlcm5hbWU6\r\n"  # "Username:", which clients of LOGIN look for
SAY_PASSWORD = b"334 UGFzc3dvcmQ6\r\n"  # "Password:"
GO_DATA = b"354 End data with <CR><LF>.<CR><LF>\r\n"

# Our trouble, or too much of something at this moment: the peer keeps the mail and comes again.
BUSY = b"421 4.7.0 Too many connections, try again later\r\n"
SHUTDOWN = b"421 4.3.2 Service shutting down, try again later\r\n"
SILENT = b"421 4.4.2 Timeout, closing connection\r\n"
SLOW = b"421 4.4.2 The mail comes in too slowly, closing connection\r\n"
NO_MAIL = b"421 4.4.2 No mail for too long, closing connection\r\n"
TOO_MANY_ERRORS = b"421 4.7.0 Too many errors, closing connection\r\n"
TOO_MUCH_JUNK = b"421 4.7.0 Too many commands without a mail, closing connection\r\n"
NOT_AN_UPSTREAM = b"421 4.7.1 LMTP is for the mail servers of trust.upstreams: name yours there, or use SMTP, closing connection\r\n"
MAIL_TROUBLE = b"421 4.3.0 Internal trouble, try again later, closing connection\r\n"
NOT_SMTP = b"421 4.7.0 This is an SMTP server, closing connection\r\n"
TROUBLE = b"451 4.3.0 Cannot store the mail now, try again later\r\n"
COMMAND_TROUBLE = b"451 4.3.0 Internal trouble, try again later\r\n"
FULL = b"452 4.3.1 No room for the mail now, try again later\r\n"
TOO_MANY_RECIPIENTS = b"452 4.5.3 Too many recipients, send the rest in another mail\r\n"
TOO_MANY_MAILS = b"450 4.7.1 Too many mails from your network within an hour, try again later\r\n"
TOO_MANY_GUESSES = b"454 4.7.0 Too many faults of your network within an hour, try to log in later\r\n"

# The peer's fault: trying again cannot help.
UNKNOWN = b"500 5.5.1 Command not recognised\r\n"
LINE_TOO_LONG = b"500 5.5.6 Line too long\r\n"
BAD_LINE = b"500 5.5.2 Send commands as text without CR, LF or NUL, and CRLF at their end\r\n"
SYNTAX_HELO = b"501 5.5.4 Syntax: EHLO hostname\r\n"
SYNTAX_LHLO = b"501 5.5.4 Syntax: LHLO hostname\r\n"
SYNTAX_MAIL = b"501 5.5.4 Syntax: MAIL FROM:<address> [parameters]\r\n"
SYNTAX_RCPT = b"501 5.5.4 Syntax: RCPT TO:<address>\r\n"
SYNTAX_AUTH = b"501 5.5.4 Syntax: AUTH mechanism [initial-response]\r\n"
BAD_BASE64 = b"501 5.5.2 This is no base64 of what AUTH needs\r\n"
AUTH_CANCELLED = b"501 5.7.0 AUTH cancelled\r\n"
NO_ARGUMENT = b"501 5.5.4 No argument is allowed here\r\n"
BAD_SENDER = b"501 5.1.7 Bad sender address\r\n"
BAD_RECIPIENT = b"501 5.1.3 Bad recipient address\r\n"
NOT_IMPLEMENTED = b"502 5.5.1 Command not implemented\r\n"
LHLO_FIRST = b"503 5.5.1 Send LHLO first: this is LMTP\r\n"
NO_RECIPIENTS = b"503 5.5.1 No valid recipients\r\n"  # RFC 2033 section 4.2
HELLO_FIRST = b"503 5.5.1 Send EHLO or HELO first\r\n"
MAIL_FIRST = b"503 5.5.1 Send MAIL first\r\n"
NESTED_MAIL = b"503 5.5.1 A mail is under way already\r\n"
TLS_ALREADY = b"503 5.5.1 TLS is on already\r\n"
AUTH_ALREADY = b"503 5.5.1 Already authenticated\r\n"
BAD_SEQUENCE = b"503 5.5.1 Not while a mail is under way\r\n"
NEED_TLS = b"538 5.7.11 Encryption required for this authentication\r\n"
UNKNOWN_MECHANISM = b"504 5.5.4 Unknown authentication mechanism\r\n"
BAD_LOGIN = b"535 5.7.8 Name or password is wrong\r\n"
NO_SUCH_USER = b"550 5.1.1 No such address here\r\n"
NO_RELAY = b"550 5.7.1 Relaying denied\r\n"
BARE_NEWLINE = (
    b"550 5.6.11 Bare CR or LF in the mail: send CRLF at the end of each line (RFC 5321 section 2.3.8)\r\n"
)
TOO_BIG = b"552 5.3.4 The mail is over the size limit\r\n"
NEED_SMTPUTF8 = b"553 5.6.7 This address needs SMTPUTF8\r\n"
NO_VALID_RECIPIENTS = b"554 5.5.1 No valid recipients\r\n"
BAD_PARAMETER = b"555 5.5.4 Parameter not recognised or not implemented\r\n"


def queued(id: str) -> bytes:
    return b"250 2.0.0 Ok: queued as %b\r\n" % id.encode("ascii")
