"""Tickets: what the rules may know of them (`facts`) and what becomes of them (`apply`)."""

from __future__ import annotations

from mailgate.store.apply import Applied, Touched, apply
from mailgate.store.facts import facts, load_tickets

__all__ = ["Applied", "Touched", "apply", "facts", "load_tickets"]
