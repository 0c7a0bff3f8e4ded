#!/bin/bash
# Unpacks a bitcoind (Bitcoin Knots, of Debian's unstable suite) for the tests:
#
#	scripts/get-bitcoind.sh DIR
#
# DIR/bitcoind and DIR/bitcoin-cli run it with libraries of its own; nothing outside of DIR
# changes. It names no server: this machine's own Debian sources are used, with the suite
# replaced. If DIR/bitcoind runs already there is nothing to do. DIR can be moved.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 1; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
if "$dir/bitcoind" -version >/dev/null 2>&1; then
	exit 0
fi
command -v apt-get >/dev/null || { echo "$0: needs apt-get, that is Debian; or set CLEW_BITCOIND to a bitcoind" >&2; exit 1; }

work="$dir/.unpacking"
rm -rf "$work"
mkdir -p "$work"/{sources,lists/partial,archives/partial,root}
: >"$work/status"
trap 'rm -rf "$work"' EXIT

# The sources of this release, in either of apt's two formats, with the suite replaced.
# Updates and security have no counterpart in unstable.
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
for file in /etc/apt/sources.list.d/*.sources; do
	[ -e "$file" ] || continue
	awk -v suite="$suite" -v RS= -v ORS='\n\n' \
		'$0 ~ "(^|\n)Suites:([^\n]*[ \t])?" suite "([ \t]|\n|$)" {
			sub(/(^|\n)Suites:[^\n]*/, "\nSuites: sid"); print }' "$file"
done >"$work/sources/sid.sources"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
	[ -e "$file" ] || continue
	awk -v suite="$suite" '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i == suite) { $i = "sid"; print; next } }' "$file"
done >"$work/sources/sid.list"
grep -q sid "$work"/sources/* || { echo "$0: no apt source of the suite $suite found" >&2; exit 1; }

apt=(-qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources" -o Dir::State::lists="$work/lists"
	-o Dir::Cache::archives="$work/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
	-o Dir::State::status="$work/status" -o APT::Install-Recommends=false -o APT::Sandbox::User=root
	-o Acquire::Languages=none -o Acquire::Retries=3)
apt-get "${apt[@]}" update

# All that it depends on, as apt's solver says, but of that only what it links to: not
# systemd, debconf and what they draw in.
apt-get "${apt[@]}" install -y --print-uris bitcoin-knots |
	awk -F"'" '/^.[a-z]+:/ { print $2 }' | sed -e 's#.*/##' -e 's/_.*//' -e 's/%2b/+/g' >"$work/closure"
mapfile -t packages < <(grep -E '^(bitcoin-knots|libevent|libc6|libgcc-s1|libstdc|libzmq|libsqlite3|libsodium|libpgm|libnorm|libbsd|libmd0|libgssapi|libkrb5|libk5|libcom-err|libkeyutils|libssl3|libprotobuf|libunwind|liblzma|libxml)' "$work/closure")
(cd "$work/archives" && apt-get "${apt[@]}" download "${packages[@]}")
for deb in "$work"/archives/*.deb; do
	dpkg -x "$deb" "$work/root"
done

rm -rf "$dir/root"
mv "$work/root" "$dir/root"
loader=$(cd "$dir" && find root -name 'ld-linux*.so.*' -printf '%p\n' | sort | head -n1)
for program in bitcoin-cli bitcoind; do
	cat >"$dir/$program" <<-EOF
		#!/bin/sh
		here=\$(dirname "\$(readlink -f "\$0")")
		exec "\$here/$loader" --library-path "\$here/$(dirname "$loader")" "\$here/root/usr/bin/$program" "\$@"
	EOF
	chmod +x "$dir/$program"
done
"$dir/bitcoind" -version | head -n1
