"""The doors: they hold a descriptor, speak one protocol, and hand envelope and bytes to the `accept` they are given.

Laws: a door parses nothing but its own protocol; it says "accepted" only after `accept` has returned an id; its own
trouble is always "try again"; what the peer reads and what the log says are two texts.
"""
