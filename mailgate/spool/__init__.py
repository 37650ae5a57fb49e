"""The spool: the first durable hand-over. What stands here with a commit behind it, we have taken responsibility for.

Laws: a mail is acknowledged after the fsync and never before (rule 1.1); a sequence number is never given twice;
accepted mails are counted in the transaction that accepts them, apart from any ledger (rule 1.4). Two processes write,
`listen` (Spool) and `work` (SpoolReader), and nobody else.
"""

from mailgate.spool.reader import SpoolCounts, SpoolGlance, SpoolReader, SpoolRow
from mailgate.spool.writer import Line, Spool

__all__ = ["Line", "Spool", "SpoolCounts", "SpoolGlance", "SpoolReader", "SpoolRow"]
