import { decideIn } from "../classify.ts";
import { isEvidence } from "../evidence.ts";
import type { Language } from "./language.ts";
import { headOf } from "./heads.ts";
import { listed } from "./listed.ts";
import type { PendingHit } from "./hit.ts";

/** The rest of its line is read where the word stands: a search from the beginning of each line takes longer. */
const KIND = /(?<=^( {0,12}(?:- )?))kind: {1,4}["']?Secret["']?[ \t]{0,8}\r?$/gm;
/** What is no secret in a Secret either. */
const NOTHING: ReadonlySet<string> = new Set(["empty", "reference", "placeholder", "ciphertext", "public", "example"]);
/** The public parts that are stored beside a private key. */
const PUBLIC = /^\s{0,9}-----BEGIN (?:TRUSTED )?(?:CERTIFICATE|PUBLIC KEY|X509 CRL)-/;

/**
 * The values of the Secrets of Kubernetes among a file's manifests: whatever its name, an entry was put there because it
 * is secret. An entry in a block is a file, of which each line is read by itself.
 */
export function inSecretManifests(bytes: Uint8Array, language: Language, off: ReadonlySet<string>): PendingHit[] {
  if (
    language !== "yaml" ||
    off.has("stored-secret") ||
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf("Secret") < 0
  )
    return [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return listed(entriesIn(text), (entry) => hitOf(entry, off));
}

function* entriesIn(text: string): Generator<ManifestEntry> {
  // By depth where the last object ends: each is read once, however often it says what it is.
  const ends = new Map<number, number>();
  for (const { index, 1: indent = "" } of text.matchAll(KIND)) {
    const depth = indent.length;
    if (index < (ends.get(depth) ?? 0)) continue;
    const [from, to] = manifestAround(text, index, depth);
    ends.set(depth, to);
    yield* entriesOf(text, from, to, depth);
  }
}

/** The document, or in a list of objects the item, in which `kind:` stands. */
function manifestAround(text: string, at: number, depth: number): readonly [number, number] {
  const mark = depth < 2 ? "\n---" : `\n${" ".repeat(depth - 2)}- `;
  const before = text.lastIndexOf(mark, at);
  const behind = text.indexOf(mark, at);
  return [before < 0 ? 0 : before + 1, behind < 0 ? text.length : behind];
}

type ManifestEntry = {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly encoded: boolean;
};

/** The entries of `data:` and `stringData:` that stand as deep as `kind:` does. */
function* entriesOf(text: string, from: number, to: number, depth: number): Generator<ManifestEntry> {
  let list: { readonly encoded: boolean; depth: number } | null = null;
  for (let at = from; at < to;) {
    const end = text.indexOf("\n", at) < 0 ? to : Math.min(to, text.indexOf("\n", at));
    const line = text.slice(at, end).trimEnd();
    const own = line.search(/[^ -]|-(?! )/);
    if (own >= 0 && !/^\s*#/.test(line)) {
      if (own <= depth) {
        const opens = own === depth ? /^[ -]*(data|stringData):$/.exec(line) : null;
        list = opens === null ? null : { encoded: opens[1] === "data", depth: 0 };
      } else if (list !== null && (list.depth === 0 || own === list.depth)) {
        list.depth = own;
        const head = headOf(line, "yaml");
        if (head !== null) yield { ...head, start: at + head.start, encoded: list.encoded };
      }
    }
    at = end + 1;
  }
}

function hitOf({ name, value, start, encoded }: ManifestEntry, off: ReadonlySet<string>): PendingHit[] {
  if (/\.(?:crt|cert|pub)$|^ca-?bundle$/.test(name)) return [];
  const plain = encoded ? Buffer.from(value, "base64").toString("utf8") : value;
  if (plain === "" || plain === name || (encoded && !/^[A-Za-z0-9+/]{2,}={0,2}$/.test(value)) || PUBLIC.test(plain))
    return [];
  const outcome = decideIn(name, plain, off);
  if (outcome !== null && !isEvidence(outcome) && NOTHING.has(outcome.rule)) return [];
  if (/\{\{|^<%/.test(value)) return [];
  const why = ["is a value of a Kubernetes Secret"];
  const found = { rule: "stored-secret", score: 0.7, severity: "medium", why, part: value } as const;
  return [{ found, name, start, end: start + value.length, value }];
}
