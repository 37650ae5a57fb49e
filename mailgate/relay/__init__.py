"""The two ways out: a smarthost by SMTP (`smtp`), or a Maildir (`maildir`). Whatever happens there becomes a Reply.

Laws: `send` never raises for what a peer or a disk does; it says `sent` only after the peer's 2yz to the final dot
(RFC 5321 §4.2.5) or after the file and its folder are on disk; an answer that was lost is `doubtful`, and
the mail goes again with the same bytes: better to deliver twice than to lose mail. No address reaches the wire unless
it is one word without brackets.
"""
