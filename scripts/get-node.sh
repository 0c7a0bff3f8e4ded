#!/bin/bash
# Unpacks a node for the tests, from Debian's packages:
#
#	scripts/get-node.sh bitcoind DIR     Bitcoin Knots, of the unstable suite
#	scripts/get-node.sh litecoind DIR    Litecoin Core 0.21, of this machine's own suite
#
# DIR/bitcoind and DIR/bitcoin-cli (or DIR/litecoind) run it with libraries of its own;
# nothing outside of DIR changes. It names no server: this machine's own Debian sources are
# used, for another suite with its name replaced. If the node runs already there is nothing to
# do. DIR can be moved.
set -euo pipefail

usage() { echo "usage: $0 bitcoind|litecoind DIR" >&2; exit 1; }
[ $# -eq 2 ] || usage
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
case $1 in
bitcoind) suite=sid package=bitcoin-knots programs="bitcoind bitcoin-cli" where=usr/bin ;;
litecoind) suite=$release package=litecoind programs=litecoind where=usr/lib/litecoin ;;
*) usage ;;
esac
mkdir -p "$2"
dir=$(cd "$2" && pwd)
if "$dir/$1" -version >/dev/null 2>&1; then
	exit 0
fi
command -v apt-get >/dev/null ||
	{ echo "$0: needs apt-get, that is Debian; or set CLEW_$(echo "$1" | tr a-z A-Z) to a $1" >&2; exit 1; }

work="$dir/.unpacking"
rm -rf "$work"
mkdir -p "$work"/{sources,lists/partial,archives/partial,root}
: >"$work/status"
trap 'rm -rf "$work"' EXIT

# The sources of this release, in either of apt's two formats, with the suite replaced.
# Updates and security have no counterpart in unstable.
for file in /etc/apt/sources.list.d/*.sources; do
	[ -e "$file" ] || continue
	awk -v release="$release" -v suite="$suite" -v RS= -v ORS='\n\n' \
		'$0 ~ "(^|\n)Suites:([^\n]*[ \t])?" release "([ \t]|\n|$)" {
			sub(/(^|\n)Suites:[^\n]*/, "\nSuites: " suite); print }' "$file"
done >"$work/sources/node.sources"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
	[ -e "$file" ] || continue
	awk -v release="$release" -v suite="$suite" \
		'$1 == "deb" { for (i = 2; i <= NF; i++) if ($i == release) { $i = suite; print; next } }' "$file"
done >"$work/sources/node.list"
grep -q "$suite" "$work"/sources/* || { echo "$0: no apt source of the suite $release found" >&2; exit 1; }

apt=(-qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources" -o Dir::State::lists="$work/lists"
	-o Dir::Cache::archives="$work/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
	-o Dir::State::status="$work/status" -o APT::Install-Recommends=false -o APT::Sandbox::User=root
	-o Acquire::Languages=none -o Acquire::Retries=3)
apt-get "${apt[@]}" update

# All that it depends on, as apt's solver says, but of that libraries only: not systemd,
# debconf and what they draw in.
apt-get "${apt[@]}" install -y --print-uris "$package" |
	awk -F"'" '/^.[a-z]+:/ { print $2 }' | sed -e 's#.*/##' -e 's/_.*//' -e 's/%2b/+/g' >"$work/closure"
mapfile -t packages < <(grep -E "^($package\$|lib)" "$work/closure")
(cd "$work/archives" && apt-get "${apt[@]}" download "${packages[@]}")
for deb in "$work"/archives/*.deb; do
	dpkg -x "$deb" "$work/root"
done

rm -rf "$dir/root"
mv "$work/root" "$dir/root"
loader=$(cd "$dir" && find root -type f -name 'ld-linux*.so.*' | head -n1)
libraries=$(cd "$dir" && find root -name 'libc.so.*' -printf '%h\n' | head -n1)
for program in $programs; do
	cat >"$dir/$program" <<-END
		#!/bin/sh
		here=\$(dirname "\$(readlink -f "\$0")")
		exec "\$here/$loader" --library-path "\$here/$libraries:\$here/root/usr/lib/${libraries##*/}" "\$here/root/$where/$program" "\$@"
	END
	chmod +x "$dir/$program"
done
"$dir/$1" -version | head -n1
