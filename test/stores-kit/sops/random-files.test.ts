import fc from "fast-check";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Provider } from "../../../src/contract/provider.ts";
import type { StoreKey } from "../../../src/model/plan.ts";
import { Secret } from "../../../src/model/secret.ts";
import { DEEP, SEED } from "../../support/deep.ts";
import { masterKeys, type MasterKeys } from "./master-keys.ts";

/**
 * Random files each way, against the real sops: trees, types, Unicode, comments, and keys of all kinds mixed (age, AWS by moto, transit by
 * OpenBao), in one group or in several of which some are needed. 300 in a deep run.
 */

let keys: MasterKeys;
beforeAll(async () => {
  keys = await masterKeys();
});
afterAll(() => keys?.stop());

const FILES = DEEP ? 300 : 8;
/** sops starts thousands of times in a deep run. */
const LONG = { timeout: DEEP ? 40 * 60_000 : 300_000 };
type Kind = keyof MasterKeys["logins"];
type Groups = { readonly groups: readonly (readonly Kind[])[]; readonly threshold: number };
type Node = string | number | boolean | null | readonly Node[] | { readonly [key: string]: Node };

const KINDS: readonly Kind[] = ["age", "kms", "hc_vault"];
const someKinds = fc.subarray([...KINDS], { minLength: 1 });
const groups: fc.Arbitrary<Groups> = fc.oneof(
  someKinds.map((kinds) => ({ groups: [kinds], threshold: 0 })),
  fc
    .array(someKinds, { minLength: 2, maxLength: 5 })
    .chain((all) => fc.integer({ min: 2, max: all.length }).map((threshold) => ({ groups: all, threshold }))),
);
// What YAML 1.1 and 1.2 read alike, and without what a file cannot hold as text.
const words = fc
  .oneof(fc.string({ unit: "grapheme" }), fc.string(), fc.constantFrom("", "no", "0o7", "1_0", "~", " a ", "a: b", "#"))
  .filter((text) => text.isWellFormed() && !/\p{Cc}|\u2028|\u2029|\ufeff/u.test(text));
const names = fc
  .oneof(
    fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/),
    words.filter((one) => one !== "" && one.length < 60),
  )
  .filter((one) => one !== "sops" && one !== "<<" && one !== "__proto__" && !one.endsWith("_unencrypted"));
const leaf: fc.Arbitrary<Node> = fc.oneof(
  { weight: 4, arbitrary: words },
  fc.constantFrom("line\nline\n", "\n a\n\n", "tab\tend"),
  fc.integer(),
  fc.constantFrom(0.5, -2.25, 1e21, 3.0e-7),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec<{ tree: Node; node: Node }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, { weight: 5, arbitrary: leaf }, tie("tree"), fc.array(leaf, { maxLength: 3 })),
  tree: fc.dictionary(names, tie("node"), { minKeys: 1, maxKeys: 5, noNullPrototype: true }),
}));

const group = (kinds: readonly Kind[]): object =>
  Object.assign(
    {},
    ...kinds.map(
      (kind) =>
        ({
          age: { age: [keys.recipient] },
          kms: { kms: [{ arn: keys.arns[0], context: { App: "a b" } }, { arn: keys.arns[1] }] },
          hc_vault: { hc_vault: [keys.transit] },
        })[kind],
    ),
  ) as object;
const env = (kinds: readonly Kind[]): { [name: string]: string } =>
  Object.assign({}, ...kinds.map((kind) => keys.logins[kind])) as { [name: string]: string };
const everything = (): { [name: string]: string } => env(KINDS);
const decrypted = (file: string, logins: { [name: string]: string }): unknown =>
  JSON.parse(keys.sops(["decrypt", "--output-type", "json", file], logins).toString("utf8")) as unknown;

/** The kinds of which every single one opens the file alone. */
function alone({ groups: all, threshold }: Groups): readonly Kind[] {
  return KINDS.filter((kind) => all.filter((one) => one.includes(kind)).length >= Math.max(threshold, 1));
}
function rule(folder: string, { groups: all, threshold }: Groups): string {
  return keys.rules(folder, {
    key_groups: all.map(group),
    ...(threshold === 0 ? {} : { shamir_threshold: threshold }),
  });
}
const bytes = async (store: Provider, key: StoreKey): Promise<string | undefined> =>
  (await store.get(key))?.value.expose().toString("utf8");

/** Every value that has a path of its own, as sops hands it out alone. */
function named(node: Node, path: readonly string[] = []): readonly (readonly [readonly string[], string])[] {
  if (node === null || Array.isArray(node)) return [];
  if (typeof node === "object") return Object.entries(node).flatMap(([key, inner]) => named(inner, [...path, key]));
  return [[path, String(node)]];
}

test(
  `${FILES} files that the real sops wrote: every value is read, one is added, and sops reads all`,
  LONG,
  async () => {
    let at = 0;
    await fc.assert(
      fc.asyncProperty(tree, groups, fc.constantFrom("yaml", "json"), words, async (root, mixed, form, comment) => {
        const folder = `theirs-${at++}`;
        const file = join(rule(folder, mixed), `api.sops.${form}`);
        const lines = form === "json" ? "" : `# ${comment}\n`;
        writeFileSync(
          file,
          form === "json"
            ? JSON.stringify(root)
            : `${lines}${stringify(root, { version: "1.1", defaultKeyType: "QUOTE_DOUBLE" })}`,
        );
        keys.sops(["--config", join(keys.dir, folder, ".sops.yaml"), "encrypt", "-i", file], everything());
        const plain = decrypted(file, everything()) as Node;
        for (const logins of [KINDS, ...alone(mixed).map((kind) => [kind])]) {
          const store = await keys.open(env(logins), `${folder}/{subject}.sops.${form}`);
          const listed = await store.list("");
          expect(listed.length).toBe(named(plain).length);
          for (const [path, text] of named(plain).slice(0, 8)) {
            const field = path.map((part) => part.replaceAll("%", "%25").replaceAll("/", "%2F")).join("/");
            const value = await bytes(store, { path: file, field });
            if (typeof valueAt(plain, path) !== "number") expect(value).toBe(text);
            else expect(Number(value)).toBe(Number(text));
          }
        }
        const store = await keys.open(everything(), `${folder}/{subject}.sops.${form}`);
        const key = store.key({ subject: "api", project: "", name: "ADDED/here" });
        await store.put(key, Secret.of(comment), null, { runId: "r", subject: "api" });
        expect(decrypted(file, everything())).toEqual({ ...(plain as object), "ADDED/here": comment });
      }),
      { numRuns: FILES, seed: SEED, endOnFailure: true },
    );
  },
);

test(
  `${FILES} files that we wrote: the real sops reads every value, by each kind of key that is enough`,
  LONG,
  async () => {
    let at = 0;
    const forms = fc.constantFrom("yaml", "json", "env");
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(names, words, { minKeys: 1, maxKeys: 6, noNullPrototype: true }),
        groups,
        forms,
        async (values, mixed, form) => {
          const folder = `ours-${at++}`;
          rule(folder, mixed);
          const store = await keys.open(everything(), `${folder}/{subject}.sops.${form}`);
          const held: { [name: string]: string } = {};
          let file = "";
          for (const [name, value] of Object.entries(values)) {
            const key = store.key({ subject: "api", project: "", name });
            file = key.path;
            // A dotenv file has no room for some names and values: refused, never bent.
            const put = await store
              .put(key, Secret.of(value), null, { runId: "r", subject: "api" })
              .catch((error: unknown) => {
                expect([form, (error as { code?: unknown }).code]).toEqual(["env", "refused"]);
                return null;
              });
            if (put !== null) held[name] = value;
          }
          if (Object.keys(held).length === 0) return;
          for (const kinds of [KINDS, ...alone(mixed).map((kind) => [kind])])
            expect(decrypted(file, env(kinds))).toEqual(held);
          await store.rewrap?.((await store.rewraps?.()) ?? [], true);
          expect(decrypted(file, everything())).toEqual(held);
        },
      ),
      { numRuns: FILES, seed: SEED, endOnFailure: true },
    );
  },
);

function valueAt(node: Node, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as { readonly [key: string]: unknown })[key], node);
}
