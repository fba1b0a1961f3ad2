import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { allPatterns, type Pattern } from "../support/patterns.ts";
import type { Claim } from "./linear-proof.ts";

/*
 * Proving all expressions takes minutes of computing, and most commits change neither them nor the proof. So proven claims
 * are recorded in proven.json, which is committed because CI starts from a clean checkout. A key is a digest of the
 * expression, the claim and the code of the proof: a change of one of them makes the claim unproven again.
 *
 * The record is not trusted blindly: `npm test` proves what is not recorded, and some of what is, drawn at random;
 * `npm run test:deep` proves everything and does not look at the record. `npm run prove` writes it.
 */

/** Not linear, and harmless where it stands: it never meets a text longer than this. */
export const SHORT: readonly {
  readonly place: string;
  readonly source: string;
  readonly longest: number;
  readonly why: string;
}[] = [
  {
    place: "src/engine/recreate/body.ts",
    source: String.raw`(?<=.)\/+$`,
    longest: 4096,
    why: "a path, of which posix.normalize leaves no two slashes in a row",
  },
  {
    place: "src/engine/daemon.ts",
    source: String.raw`\s*$`,
    longest: 4096,
    why: "the space between two properties of the operator's own daemon.json",
  },
  {
    place: "src/engine/engine.ts",
    source: String.raw`ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)|ERR_SSL_.*(UNKNOWN_CA|CERTIFICATE)`,
    longest: 200,
    why: "an error code of Node's own",
  },
  {
    place: "src/engine/engine.ts",
    source: "name .* is already in use",
    longest: 4096,
    why: "a message of the engine, which quotes a name of the operator's",
  },
  {
    place: "src/delivery/entrypoint.ts",
    source: String.raw`^.*\$\(\s*dirname[^)]*\)"?\/?|^\$\{?\w+\}?\/`,
    longest: 1024,
    why: "the name of a sourced file; a longer one is passed over",
  },
  {
    place: "src/verify/database-url.ts",
    source: String.raw`^([a-z0-9+]+):\/\/([^:@/\s]*):(.*)@([^@/?#]*)(\/[^@?#]*)?(\?[^#@]*)?(?:#.*)?$`,
    longest: 4096,
    why: "a URL; a longer value is not read as one",
  },
  {
    place: "src/verify/database-url.ts",
    source: String.raw`^([^:@/\s]*):(.*)@tcp\(([^()\s]+)\)\/([^?\s]*)(\?\S*)?$`,
    longest: 4096,
    why: "a URL; a longer value is not read as one",
  },
  {
    place: "migrations/platform-file/platforms/clusters.ts",
    source: String.raw`(?:^|\/)templates\/.+\.(?:ya?ml|tpl)$`,
    longest: 4096,
    why: "the path of a file on a disk, which no system lets be longer",
  },
  {
    place: "src/verify/vendor.ts",
    source: String.raw`\/+$`,
    longest: 4096,
    why: "the address of a vendor",
  },
  {
    place: "providers/vault/settings.ts",
    source: String.raw`\/+$`,
    longest: 4096,
    why: "the operator's own setting",
  },
  {
    place: "providers/vault/names.ts",
    source: String.raw`^\/+|\/+$`,
    longest: 4096,
    why: "a path of the operator's own settings, with a subject's name in it",
  },
];

/** What is claimed of every expression of the product. */
export function claims(): readonly Claim[] {
  return allPatterns().map((pattern) => ({ pattern, longest: shortOf(pattern)?.longest ?? null }));
}

/** The keys of what was proven. Their texts are for people: where the expression stood, and what it may meet. */
export function proven(): ReadonlySet<string> {
  return new Set(Object.keys(JSON.parse(readFileSync(RECORD, "utf8")) as { readonly [key: string]: string }));
}

export const RECORD = fileURLToPath(new URL("proven.json", import.meta.url));

export function keyOf({ pattern: { source, flags }, longest }: Claim): string {
  return createHash("sha256")
    .update(JSON.stringify([source, flags, longest, CODE]))
    .digest("hex")
    .slice(0, 12);
}

/** The code of the proof, and the version of the library that it asks. */
const CODE = [
  ...["linear-proof.ts", "../support/attacks.ts", "../support/steps.ts", "../support/regex-tree.ts"].map((file) =>
    readFileSync(new URL(file, import.meta.url), "utf8"),
  ),
  (createRequire(import.meta.url)("recheck/package.json") as { readonly version: string }).version,
].join("\n");

function shortOf(pattern: Pattern): (typeof SHORT)[number] | undefined {
  return SHORT.find(({ place, source }) => place === pattern.place && source === pattern.source);
}
