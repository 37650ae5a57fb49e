"""The door that fetches: mailboxes of IMAP servers (RFC 3501, 9051), emptied into the spool.

Laws: UIDs and BODY.PEEK only; a mail is accepted first, then remembered, then flagged and moved; what cannot be read is set
aside where people see it and keeps nothing else waiting; no login leaves before TLS is verified; what a server says is
bounded in bytes and in time.
"""
