#!/bin/sh
# Sees that the named programs are here; installs the missing ones from Debian where it may, or says how.
# A program whose package has another name is written program=package.
set -eu
PATH="$PATH:/usr/sbin:/sbin"
missing=""
for tool in "$@"; do
    command -v "${tool%%=*}" >/dev/null 2>&1 || missing="$missing ${tool#*=}"
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
# shellcheck disable=SC2086
$become apt-get install -y -qq --no-install-recommends $missing >/dev/null </dev/null
