"""The HTTP door: raw mail by POST, the webhooks of mail providers, health and metrics.

Laws: as of every door: it says "accepted" (202) only after `accept` has returned an id; its own trouble is always "try
again" (503); what the peer reads and what the log says are two texts. No answer repeats a word of the peer, no key or
signature reaches a log, and nothing of a body is kept in memory beyond its limit.
"""
