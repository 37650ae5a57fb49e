"""Authentication of our own: SPF, DKIM and DMARC of incoming mail, DKIM of outgoing mail (rule 4.1).

Laws: DNS is asked only through a Resolver that is given; a mail costs at most the whole deadline and a bounded number
of questions; nothing that a sender or a zone wrote raises; trouble of the moment (`temporary`) is never taken for a
verdict, neither good nor bad.
"""

from __future__ import annotations

from mailgate.authenticate.cache import CachingResolver
from mailgate.authenticate.check import Authenticator, Checked, make
from mailgate.authenticate.resolver import Answer, Outcome, Resolver
from mailgate.authenticate.sign import Signer, load_signer, sign
from mailgate.authenticate.suffix import organisational
from mailgate.authenticate.zone import ZoneResolver, load_zone

__all__ = [
    "Answer",
    "Authenticator",
    "CachingResolver",
    "Checked",
    "Outcome",
    "Resolver",
    "Signer",
    "ZoneResolver",
    "load_signer",
    "load_zone",
    "make",
    "organisational",
    "sign",
]
