# Dovecot Pigeonhole: one mailbox's mail to mailgate. It needs the settings of dovecot-sieve.conf.
# A mail that mailgate takes is not kept in the mailbox. One that it does not take, now or ever, stays there, and nobody tries again:
# see docs/operation.md, and rather use dovecot-lmtp.conf.
require ["vnd.dovecot.pipe", "envelope", "variables"];

if envelope :matches "to" "*" {
  set "to" "${1}";
}
pipe "mailgate" ["--config", "/etc/mailgate/mailgate.toml", "deliver", "--to", "${to}"];
