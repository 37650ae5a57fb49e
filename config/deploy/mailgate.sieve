# Dovecot Pigeonhole: one mailbox's mail to mailgate. It needs the plugin sieve_extprograms, and the program in sieve_pipe_bin_dir:
#   ln -s /opt/mailgate/bin/mailgate /usr/lib/dovecot/sieve-pipe/mailgate
# Without "copy" a mail that mailgate takes is not kept in the mailbox; one that it does not take now stays where it is.
require ["vnd.dovecot.pipe", "envelope", "variables"];

if envelope :matches "to" "*" {
  set "to" "${1}";
}
pipe "mailgate" ["--config", "/etc/mailgate/mailgate.toml", "deliver", "--to", "${to}"];
