import { createHash } from "node:crypto";
import { ODD_PATTERN, setNames } from "../../../src/kit/odd-names.ts";

/** What the script is called, in the project's folder; it is committed along with the Compose file. */
export const SCRIPT_NAME = "unsprawl-entrypoint.sh";

/** Where containers have the values that it exports: each file of the folder is one, by the name of its variable. */
export const SCRIPT_VALUES = "/run/unsprawl/secrets";

/**
 * The entrypoint of services whose image reads no files: the same for all of them. Earlier versions passed it the names of
 * the values, which may also be in /run/secrets beside a project's own. Builtins only, so that it works in an image that has a shell and nothing else. `read` loses the last line's
 * end, which tells a value that ends in a newline from one that does not; `$(cat …)` would strip it. With another
 * character set, bash's `read` changes bytes that are not in it.
 */
export const SCRIPT = `#!/bin/sh
# unsprawl: exports each file of ${SCRIPT_VALUES}, and each named value, then becomes the command.
# Usage: unsprawl-entrypoint.sh [NAME...] -- COMMAND...
unsprawl_nl='
'
unsprawl_odd=
unsprawl_missing() {
  echo "unsprawl: $1 is missing: on the host, type: unsprawl render compose:FILE" >&2
  exit 111
}
for unsprawl_file in ${SCRIPT_VALUES}/*; do
  [ ! -e "$unsprawl_file" ] || set -- "\${unsprawl_file##*/}" "$@"
done
[ "$1" != -- ] || unsprawl_missing "${SCRIPT_VALUES}/*"
for unsprawl_name in "$@"; do
  [ "$unsprawl_name" != -- ] || break
  unsprawl_file=${SCRIPT_VALUES}/$unsprawl_name
  [ -e "$unsprawl_file" ] || unsprawl_file=/run/secrets/$unsprawl_name
  [ -f "$unsprawl_file" ] && [ -r "$unsprawl_file" ] || unsprawl_missing "$unsprawl_file"
  case $unsprawl_name in ${ODD_PATTERN}) unsprawl_odd=$unsprawl_name ;; esac
done
# No shell can set a variable with a dot or a dash in its name: another program sets all of them then.
if [ -n "$unsprawl_odd" ]; then
${setNames([SCRIPT_VALUES, "/run/secrets"])}fi
while [ "$#" -gt 0 ] && [ "$1" != -- ]; do
  unsprawl_file=${SCRIPT_VALUES}/$1
  [ -e "$unsprawl_file" ] || unsprawl_file=/run/secrets/$1
  unsprawl_value=
  while IFS= LC_ALL=C read -r unsprawl_line; do unsprawl_value=$unsprawl_value$unsprawl_line$unsprawl_nl; done <"$unsprawl_file" || exit 111
  # The loop ends at a last line without a newline, with that line still in the variable.
  export "$1=$unsprawl_value$unsprawl_line"
  shift
done
shift
unset unsprawl_nl unsprawl_odd unsprawl_name unsprawl_file unsprawl_line unsprawl_value
exec "$@"
`;

/** Of the scripts that earlier versions wrote: SHA-256. */
const EARLIER: ReadonlySet<string> = new Set([
  "44a102b8efbc952616f995bf4537590ad2dd163335cd920514271bc10439742b",
  "c704bd54b7feb744e41fb8c8910d4714d9fe707661408b248caa09e94d98966c",
  "2155860d459243e6c67829cbb05e4eccf9122a45a20756dc3d65bef6c7890259",
]);

/** Whether a text is the script of an earlier version, whose place the present one may take. */
export const isEarlierScript = (text: string): boolean => EARLIER.has(createHash("sha256").update(text).digest("hex"));
