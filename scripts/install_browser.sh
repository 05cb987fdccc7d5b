#!/bin/sh
# Brings the browser that the tests of the simulator's page drive: Debian's chromium. Does nothing where it is.
set -eu

browser=/usr/bin/chromium

if [ -x "$browser" ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests of the simulator's page need $browser, which is not there." >&2
    echo "Install it with: sudo apt-get update && sudo apt-get install -y chromium" >&2
    echo "(or your system's way; on another path, link it to $browser)" >&2
    exit 1
fi
echo "installing chromium (once) ..."
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
[ -x "$browser" ] || { echo "chromium was installed, but $browser is not there" >&2; exit 1; }
