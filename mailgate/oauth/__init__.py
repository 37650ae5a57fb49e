"""Access tokens of OAuth 2.0, for whichever door logs in with one: `tokens` gives them, `provider` asks for them, `stored`
keeps them for all our processes.

Laws: a secret or token is in no message, no log line and no repr; the file of an account is its owner's alone; one thread of one
process at a time asks with a refresh token. A provider that gives a new refresh token (Microsoft does) takes the old one
away some day, so the newest is kept, whichever process was given it.
"""
