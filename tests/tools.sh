#!/bin/sh
# Sees that the named programs are here; installs the missing ones from Debian where it may, or says how.
# A program whose package has another name is written program=package; a path may be a pattern.
set -eu
PATH="$PATH:/usr/sbin:/sbin"
missing=""
for tool in "$@"; do
    for program in ${tool%%=*}; do :; done
    command -v "$program" >/dev/null 2>&1 || [ -e "$program" ] || missing="$missing ${tool#*=}"
done
[ -n "$missing" ] || exit 0
become=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        become="sudo -n"
    else
        echo "these programs are needed and this user may not install them; run: sudo apt-get install$missing" >&2
        exit 69
    fi
fi
echo "Installing$missing ..."
export DEBIAN_FRONTEND=noninteractive
$become apt-get update -qq
# The tests start these servers themselves, on ports of their own: Debian shall start none (deb-policy-rc.d)
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$become rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $become tee "$policy" >/dev/null
    $become chmod 755 "$policy"
fi
# shellcheck disable=SC2086
$become apt-get install -y -qq --no-install-recommends $missing >/dev/null </dev/null
