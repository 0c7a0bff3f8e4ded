#!/bin/bash
# Puts an anvil for the tests at FILE, from npm's package of this machine's kind:
#
#	scripts/get-anvil.sh VERSION FILE
#
# Needs npm. Nothing outside of FILE's folder changes but npm's own cache. If that version is
# there already there is nothing to do.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: $0 VERSION FILE" >&2; exit 1; }
version=$1 file=$2
if [ -x "$file" ] && "$file" --version 2>/dev/null | grep -qF "anvil Version: $version"; then
	exit 0
fi
command -v npm >/dev/null ||
	{ echo "$0: needs npm (Node.js); or set CLEW_ANVIL to an anvil" >&2; exit 1; }

case $(uname -s) in
Linux) system=linux ;;
Darwin) system=darwin ;;
*) echo "$0: no anvil is packaged for $(uname -s); set CLEW_ANVIL to one" >&2; exit 1 ;;
esac
case $(uname -m) in
x86_64 | amd64) machine=amd64 ;;
aarch64 | arm64) machine=arm64 ;;
*) echo "$0: no anvil is packaged for $(uname -m); set CLEW_ANVIL to one" >&2; exit 1 ;;
esac

mkdir -p "$(dirname "$file")"
work=$(mktemp -d "$(dirname "$file")/.anvil.XXXXXX")
trap 'rm -rf "$work"' EXIT
package=@foundry-rs/anvil-$system-$machine
npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$work" "$package@$version"
mv "$work/node_modules/$package/bin/anvil" "$file"
"$file" --version | head -n 1
