import { entriesOf, follow, isMap, isScalar, isSeq, type YamlFile } from "../../src/kit/text/yaml-nodes.ts";
import type { Manifests } from "./syntax/manifest.ts";
import type { EnvPlace } from "./syntax/environment.ts";

/** A variable that should come from a Secret's key. */
export type SecretVariable = {
  readonly place: EnvPlace;
  readonly secret: string;
  /** Shown instead of the value. */
  readonly masked: string;
};

type PlainYaml = string | null | readonly PlainYaml[] | { readonly [key: string]: PlainYaml };

/** Whether two texts of a file mean the same except for these variables, each of which is as wanted in the second. */
export function onlyMoved(before: Manifests, after: Manifests, wanted: readonly SecretVariable[]): boolean {
  if (before.documents.length !== after.documents.length) return false;
  return before.documents.every((document, index) => {
    const old = plain(document);
    const own = wanted.filter(({ place }) => place.resource.file === document);
    const wished = own.reduce((tree, want) => moved(tree, want.place.at, want), old);
    const other = after.documents[index];
    return other !== undefined && JSON.stringify(wished) === JSON.stringify(plain(other));
  });
}

/** The tree with one entry's `value` replaced. `plain` sorts keys, so that their order does not count. */
function moved(tree: PlainYaml, at: readonly (string | number)[], want: SecretVariable): PlainYaml {
  const [key, ...rest] = at;
  if (key === undefined) {
    if (!isObject(tree) || tree["valueFrom"] !== undefined) return null;
    const { value: _, ...kept } = tree;
    const secretKeyRef = sorted({ name: `'${want.secret}`, key: `'${want.place.key}` });
    return sorted({ ...kept, valueFrom: { secretKeyRef } });
  }
  if (Array.isArray(tree))
    return tree.map((item: PlainYaml, index) => (index === key ? moved(item, rest, want) : item));
  if (!isObject(tree)) return null;
  return { ...tree, [key]: moved(tree[key] ?? null, rest, want) };
}

/** A document as data: aliases followed, merge keys merged, every scalar as its text and whether it is plain. */
export function plain(document: YamlFile): PlainYaml {
  let nodes = 0;
  const of = (at: unknown, depth: number): PlainYaml => {
    // Aliases of aliases grow without end.
    if (depth > 100 || ++nodes > 2_000_000) return null;
    const node = follow(at, document);
    if (isMap(node))
      return sorted(
        Object.fromEntries(entriesOf(at, document).map(({ key, value }) => [key, of(value, depth + 1)] as const)),
      );
    if (isSeq(node)) return node.items.map((item) => of(item, depth + 1));
    // A plain `null` and a quoted one differ, while a plain word and a quoted one are equal.
    if (!isScalar(node)) return null;
    const isText = node.type !== "PLAIN" || !NOT_TEXT.test(node.value ?? "");
    return `${isText ? "'" : "~"}${node.value ?? ""}`;
  };
  return of(document.document.contents, 0);
}

/** Plain scalars that some YAML reader takes for something other than text. */
const NOT_TEXT = /^(?:~|null|true|false|yes|no|on|off|y|n|[-+.]?\d.*|[-+]?\.(?:inf|nan))?$/i;

function isObject(tree: PlainYaml): tree is { readonly [key: string]: PlainYaml } {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree);
}

function sorted(tree: { readonly [key: string]: PlainYaml }): { readonly [key: string]: PlainYaml } {
  return Object.fromEntries(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1)));
}
