"""Tickets: what the rules may know of them (`facts`) and what becomes of them (`apply`)."""

from __future__ import annotations

from mailgate.store.apply import apply
from mailgate.store.facts import ask, facts
from mailgate.store.known import Known
from mailgate.store.loading import load_tickets
from mailgate.store.task import Applied

__all__ = ["Applied", "Known", "apply", "ask", "facts", "load_tickets"]
