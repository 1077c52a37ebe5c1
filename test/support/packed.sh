#!/usr/bin/env bash
# Packs gruard, installs it into an empty folder as a user would, and runs the demo there until it finds an anomaly.
# Needs `npm ci` before: the newer Node comes from the clone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
clone=$PWD
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "FAILED: $1"
  exit 1
}

# npm puts the clone's Node in front for its scripts; the system's is the one behind it.
system_path=$(tr ':' '\n' <<< "$PATH" | grep -v '/node_modules/\.bin$' | paste -sd ':')
system_node=$(PATH=$system_path command -v node || true)

tarball=$(npm pack --silent --ignore-scripts --pack-destination "$place")
echo "packed: $tarball, $(du -k "$place/$tarball" | cut -f 1) kB"
mkdir "$place/user"
cd "$place/user"
# Without it npm would install into a folder above that has one.
echo '{}' > package.json
npm install --silent --ignore-scripts --no-audit --no-fund "$place/$tarball"
gruard=$place/user/node_modules/.bin/gruard

status=0
PATH="$clone/node_modules/.bin:$PATH" timeout 60 "$gruard" demo --until first-anomaly > out.txt 2> err.txt || status=$?
if [ "$status" -ne 0 ]; then
  tail -n 20 out.txt err.txt
  fail "the demo ended with exit code $status (124 = not within 60 s)"
fi
grep ' ANOMALY ' out.txt || { cat out.txt err.txt; fail 'the demo found no anomaly'; }

if [ -z "$system_node" ]; then
  echo 'no Node on the system: nothing to refuse'
  exit 0
fi
version=$("$system_node" --version)
old=$("$system_node" -p 'const [a, b] = process.versions.node.split(".").map(Number); a < 22 || (a === 22 && b < 18)')
status=0
said=$("$system_node" "$place/user/node_modules/gruard/dist/main.js" --version 2>&1) || status=$?
echo "under Node $version: exit code $status, \"$said\""
if [ "$old" = true ]; then
  [ "$status" -eq 69 ] || fail 'an older Node must be refused with exit code 69'
  grep -qF "gruard needs Node 22.18 or newer; this is $version." <<< "$said" || fail 'the refusal must say why'
else
  [ "$status" -eq 0 ] || fail 'it must run under the Node of the system'
fi
