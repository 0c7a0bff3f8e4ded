#!/bin/bash
# Runs every fuzz target of the module for a time each: scripts/fuzz.sh 10s
set -euo pipefail

time=${1:?usage: scripts/fuzz.sh TIME, such as 10s}
ran=0
for package in $(go list ./...); do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
        echo "== $package $target"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
        ran=$((ran + 1))
    done
done
echo "$ran fuzz targets ran for $time each"
[ "$ran" -gt 0 ]
