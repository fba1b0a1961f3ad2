import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { YAMLMap } from "yaml";
import { cmd } from "../../src/kit/shell.ts";
import { lineOf } from "../../src/kit/text/lines.ts";
import { splice, yamlText, type Edit } from "../../src/kit/text/splice.ts";
import { memberRange, yamlEdits } from "../../src/kit/text/yaml-edit.ts";
import { entriesOf, entry, follow, isSeq, scalarText, type YamlFile } from "../../src/kit/text/yaml-nodes.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine, Refusal, Move } from "../../src/model/plan.ts";
import { externalSecrets, type ManifestStore, type WantedSecret } from "./external-secrets.ts";
import { secretsFile, storeName as secretStoreName } from "./names.ts";
import { plain } from "./proof.ts";
import { generatorLiterals, secretLiteralAt, type GeneratorLiteral } from "./syntax/kustomization.ts";
import { readManifests, type Manifests, type Resource } from "./syntax/manifest.ts";

/** A move with the masked value that people see. */
export type MaskedMove = { readonly move: Move; readonly masked: string };

export type RewrittenManifest = {
  readonly manifest: { readonly text: string; readonly diff: readonly DiffLine[] };
  /** The new file's text. */
  readonly secrets: string;
  readonly wanted: readonly WantedSecret[];
  /** The workloads whose variables move. */
  readonly workloads: readonly Resource[];
};

/** What a generator may have besides its literals: an ExternalSecret makes the same Secret of it. */
const SAME = ["name", "namespace", "literals", "type", "options"];

/** Why a literal of a `secretGenerator` stays; null if it can move. */
export function literalRefusal({
  resource: { file, node },
  generator,
  name,
  object,
}: GeneratorLiteral): Refusal | null {
  const other = entriesOf(generator, file).find(({ key }) => !SAME.includes(key))?.key;
  const type = scalarText(entry(generator, "type", file)?.value ?? null) ?? "Opaque";
  const options = [
    ...entriesOf(entry(generator, "options", file)?.value, file),
    ...entriesOf(entry(node, "generatorOptions", file)?.value, file),
  ];
  const option = options.find(({ key }) => key !== "disableNameSuffixHash")?.key;
  const renamed = ["namePrefix", "nameSuffix"].find((key) => entry(node, key, file) !== null);
  const more = other ?? (type === "Opaque" ? option : "type") ?? renamed;
  if (object !== null && more === undefined) return null;
  return {
    reason: `is a literal of a generator${more === undefined ? " without a name" : ` with ${more}`}: no ExternalSecret created here would produce the same Secret`,
    hint: cmd`write an ExternalSecret that makes the Secret, name its file in resources:, and remove ${name} from literals`,
  };
}

/**
 * A kustomization whose generators are replaced by a file of ExternalSecrets among its resources: each makes the Secret
 * that its generator made, under the name that workloads use. Throws `refused` if a generator would keep a literal.
 */
export async function makeKustomization(
  manifests: Manifests,
  shown: readonly MaskedMove[],
  storeName: string,
  store: ManifestStore,
): Promise<RewrittenManifest> {
  const { file, text } = manifests;
  const found = shown.map(({ move, masked }) => {
    const literal = secretLiteralAt(manifests, move.location);
    if (literal === null)
      throw new UnsprawlError("changed", `${move.location.path} has changed since the plan was made`, "plan again");
    return { literal, move, masked };
  });
  const startOf = ({ literal: { item } }: { readonly literal: GeneratorLiteral }): number => memberRange(item)[0];
  const moving = found.toSorted((a, b) => startOf(a) - startOf(b));
  const byGenerator = Map.groupBy(moving, ({ literal }) => literal.generator);
  const wanted = [...byGenerator].flatMap(([generator, own]) => {
    const [first] = own;
    if (first === undefined) return [];
    const { resource, object } = first.literal;
    const moved = own.map(({ literal }) => literal);
    mustMoveWhole(first.literal, moved);
    const namespace = scalarText(entry(generator, "namespace", resource.file)?.value ?? null);
    const data = own.map(({ literal: { name }, move }) => ({ secretKey: name, remote: move.key }));
    return { name: object ?? "", namespace, data };
  });
  const added = basename(secretsFile(file));
  const [resource] = manifests.resources;
  const document = resource?.file as YamlFile;
  const after = splice(text, editsOf(document, new Set(byGenerator.keys()), added));
  await mustBeSame(manifests, after, new Set(byGenerator.keys()), added);
  const diff = moving.map(({ literal, masked }): DiffLine => {
    const [start] = memberRange(literal.item);
    return { sign: "-", path: `${basename(file)}:${lineOf(text, start)}`, text: `${literal.name}=${masked}` };
  });
  return {
    manifest: { text: after, diff: [...diff, { sign: "+", path: basename(file), text: `resources: ${added}` }] },
    secrets: externalSecrets(wanted, store, secretStoreName(file, storeName)),
    wanted,
    workloads: [],
  };
}

function mustMoveWhole({ resource, generator, object }: GeneratorLiteral, moved: readonly GeneratorLiteral[]): void {
  const all = generatorLiterals({ resource, key: "secretGenerator" });
  const stays = all.find((one) => one.generator === generator && !moved.some(({ item }) => item === one.item));
  if (stays !== undefined)
    throw new UnsprawlError(
      "refused",
      `${stays.name} of the generator ${object ?? ""} would stay, and two cannot make one Secret`,
      cmd`put ${stays.name} into a configMapGenerator, or plan with --min-confidence low and without --only`,
    );
}

function editsOf(document: YamlFile, generators: ReadonlySet<unknown>, added: string): Edit[] {
  const root = document.root as YAMLMap;
  const none = new Map<unknown, string>();
  const list = entry(root, "secretGenerator", document);
  const resources = entry(root, "resources", document);
  if (
    list === null ||
    !isSeq(list.value) ||
    list.shared ||
    (resources !== null && (!isSeq(resources.value) || resources.shared))
  )
    throw new UnsprawlError(
      "refused",
      "resources: or secretGenerator: is not a list",
      "write it as a list, then plan again",
    );
  const whole = list.value.items.every((item) => generators.has(follow(item, document)));
  const dropped = list.value.items.filter((item) => generators.has(follow(item, document)));
  const name = yamlText(added);
  return [
    ...(whole ? [] : yamlEdits(document, list.value, { drop: new Set(dropped), put: none, add: [] })),
    ...(isSeq(resources?.value)
      ? yamlEdits(document, resources.value, { drop: new Set(), put: none, add: [name] })
      : []),
    ...yamlEdits(document, root, {
      drop: new Set(whole ? [list.pair] : []),
      put: none,
      add: resources === null ? [`resources:\n  - ${name}`] : [],
    }),
  ];
}

/** Reads the result again: nothing but the generators and the one resource may differ. */
async function mustBeSame(
  before: Manifests,
  text: string,
  generators: ReadonlySet<unknown>,
  added: string,
): Promise<void> {
  const [document] = before.documents;
  const after = await readManifests(before.file, text).catch(() => null);
  const [now] = after?.documents ?? [];
  const was = document === undefined ? null : (plain(document) as { readonly [key: string]: readonly unknown[] });
  const list = document === undefined ? null : (entry(document.root, "secretGenerator", document)?.value ?? null);
  const kept =
    isSeq(list) && document !== undefined
      ? list.items.flatMap((item, at) =>
          generators.has(follow(item, document)) ? [] : [was?.["secretGenerator"]?.[at]],
        )
      : [];
  const { secretGenerator: _, ...rest } = was ?? {};
  const expected = {
    ...rest,
    resources: [...(was?.["resources"] ?? []), `'${added}`],
    ...(kept.length === 0 ? {} : { secretGenerator: kept }),
  };
  if (now === undefined || !isDeepStrictEqual(plain(now), expected))
    throw new UnsprawlError(
      "refused",
      `${before.file} would be read differently afterwards`,
      "write its lines plainly",
    );
}
