#!/bin/sh
# Brings the programs that tests drive, from Debian: chromium (the pages) and redis-server (n8n's queue mode).
# Does nothing where they are.
set -eu

wanted=""
[ -x /usr/bin/chromium ] || wanted="chromium fonts-dejavu-core"
command -v redis-server >/dev/null 2>&1 || wanted="$wanted redis-server"
if [ -z "$wanted" ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need /usr/bin/chromium and redis-server; missing:$(printf ' %s' $wanted)" >&2
    echo "Install them with: sudo apt-get update && sudo apt-get install -y$(printf ' %s' $wanted)" >&2
    echo "(or your system's way; a chromium on another path: link it to /usr/bin/chromium)" >&2
    exit 1
fi
echo "installing$(printf ' %s' $wanted) (once) ..."
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# No service is started: the tests start what they need, and end it.
RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $wanted >/dev/null
[ -x /usr/bin/chromium ] || { echo "chromium was installed, but /usr/bin/chromium is not there" >&2; exit 1; }
command -v redis-server >/dev/null || { echo "redis-server was installed, but it is not on PATH" >&2; exit 1; }
