#!/bin/sh
# Runs unsprawl from a checkout of its repository, as pre-commit and GitHub make one; builds it at the first run. It brings
# its own Node: the machine's may be older.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
if ! [ -x "$root/dist/main.js" ]; then
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build) >&2
fi
exec "$root/node_modules/.bin/node" "$root/dist/main.js" "$@"
