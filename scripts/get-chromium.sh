#!/bin/bash
# Sees to it that there is a Chromium for the tests of the report's scripts. If the tests
# find one already (CLEW_CHROMIUM, or on the path) there is nothing to do; otherwise root on a
# Debian gets the package chromium, and everybody else is told how.
set -euo pipefail

for name in "${CLEW_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
	if [ -n "$name" ] && command -v "$name" >/dev/null; then
		exit 0
	fi
done

if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
	cat >&2 <<-END
		$0: no Chromium found, and only root on a Debian can install one from here:
		  Debian, Ubuntu   sudo apt-get install chromium
		  Fedora           sudo dnf install chromium
		  macOS            brew install --cask google-chrome
		or set CLEW_CHROMIUM to the program. Without it the tests of the report in a browser are skipped.
	END
	exit 1
fi
apt-get -qq -o Acquire::Retries=3 update
DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends chromium
chromium --version
