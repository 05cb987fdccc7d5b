#!/bin/sh
# Install the programs that tests start, from Debian: chromium (web pages), redis-server and postgresql (n8n's queue mode).
# Do nothing if they are there.
set -eu

has_postgres() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

missing() {
    [ -x /usr/bin/chromium ] || printf ' chromium fonts-dejavu-core'
    command -v redis-server >/dev/null 2>&1 || printf ' redis-server'
    has_postgres || printf ' postgresql'
}

wanted=$(missing)
if [ -z "$wanted" ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need /usr/bin/chromium, redis-server and PostgreSQL; missing:$wanted" >&2
    echo "Install them with: sudo apt-get update && sudo apt-get install -y$wanted" >&2
    echo "(or your system's way; a chromium on another path: link it to /usr/bin/chromium)" >&2
    exit 1
fi
echo "installing$wanted (once) ..."
export DEBIAN_FRONTEND=noninteractive
retry="-o Acquire::Retries=3 -o DPkg::Lock::Timeout=120"
apt-get $retry update -qq
# No service is started: the tests start and end their own.
RUNLEVEL=1 apt-get $retry install -y -qq --no-install-recommends $wanted >/dev/null
wanted=$(missing)
[ -z "$wanted" ] || { echo "installed, but not found where the tests look for them:$wanted" >&2; exit 1; }
