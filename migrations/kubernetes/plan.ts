import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { fileChange } from "../../src/files/rewritten.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { FILL_IN, formOf, type ClusterStores } from "./external-secrets.ts";
import { secretsFile, shortName } from "./names.ts";
import { isKustomization } from "./syntax/manifest.ts";
import { manifestsOf } from "./syntax/place.ts";
import { linesWith } from "./residue.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Step } from "../../src/model/plan.ts";
import { makeFiles } from "./make.ts";
import { stepId } from "../../src/model/step-id.ts";
import type { Provider } from "../../src/contract/provider.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import type { RewrittenManifest } from "./kustomize.ts";

export type KubernetesTools = ClusterStores & {
  readonly store: (name: string) => Promise<Provider>;
  readonly key: FingerprintKey;
  /** The state folder: where the files' sealed copies are kept for a rollback. */
  readonly state: () => string;
  /** Shown file names are relative to this folder. */
  readonly cwd: string;
};

/** Plans one manifest file: its new text, and the new file beside it. */
export async function planFile(
  tools: KubernetesTools,
  unit: string,
  selected: readonly Selected[],
  { store }: PlanOptions,
): Promise<UnitPlan> {
  const [first] = selected;
  const manifests = first === undefined ? null : await manifestsOf(first.move.location);
  if (manifests === null)
    throw new UnsprawlError("changed", `${unit} no longer contains a manifest`, "unsprawl plan again");
  const form = await formOf(store, tools);
  const { file, text } = manifests;
  const { settings } = store;
  const facts = (await form.facts?.(settings, () => tools.store(store.name))) ?? {};
  const shown = selected.map(({ move, finding: { masked } }) => ({ move, masked }));
  const made = await makeFiles(manifests, shown, store.name, { form, settings, facts });
  const secrets = secretsFile(file);
  const lines = made.secrets.trimEnd().split("\n");
  const diff = lines.map((line) => ({ sign: "+", path: basename(secrets), text: line }) as const);
  const step: Step = {
    id: stepId({ kind: "rewrite", unit }),
    kind: "rewrite",
    unit,
    moves: selected.map(({ move }) => move),
    // The new file first: a manifest never refers to what nothing creates.
    files: [
      fileChange(secrets, null, made.secrets, diff, tools.key),
      fileChange(file, text, made.manifest.text, made.manifest.diff, tools.key),
    ],
    target: { ...facts, file, secrets },
  };
  return { unit, steps: [step], warnings: [...order(file, secrets, made, tools.cwd), ...left(made, selected, file)] };
}

/** What to apply, and when. */
function order(file: string, secrets: string, { wanted, workloads }: RewrittenManifest, cwd: string): string[] {
  const [manifest, made] = [shortName(file, cwd), shortName(secrets, cwd)];
  if (isKustomization(file))
    return [
      cmd`nothing in a cluster changes until it is applied: fill in ${FILL_IN} in ${made}, then kubectl apply -k ${dirname(manifest)}`,
      "the Secret's name no longer has a digest: pods do not restart when a value changes, and overlays that merge into the generator or add a prefix to names must be changed too",
    ];
  const ready = wanted.map(({ name, namespace }) => {
    const space = namespace === null ? "" : cmd` -n ${namespace}`;
    return cmd`kubectl wait${bare(space)} --for=condition=Ready externalsecret/${name}`;
  });
  const fixed = workloads.filter(({ kind }) => kind === "Job" || kind === "Pod").map(({ label }) => label);
  const kustomization = ["kustomization.yaml", "kustomization.yml", "Kustomization"].find((name) =>
    existsSync(join(dirname(file), name)),
  );
  return [
    cmd`nothing in a cluster changes until it is applied, in this order: fill in ${FILL_IN} in ${made}; kubectl apply -f ${made}; ${bare(ready.join("; "))}; kubectl apply -f ${manifest}`,
    ...(fixed.length === 0
      ? []
      : [cmd`the pods of ${bare(fixed.join(", "))} cannot change in place: kubectl replace --force -f ${manifest}`]),
    ...(kustomization === undefined
      ? []
      : [
          `add ${basename(secrets)} to resources: in ${kustomization}; an overlay must no longer set the value of these variables, and a namePrefix or nameSuffix does not reach secretStoreRef`,
        ]),
  ];
}

/** Where the values still are. */
function left({ manifest }: RewrittenManifest, selected: readonly Selected[], file: string): string[] {
  const lines = selected.flatMap(({ move, value }) => {
    const found = linesWith(manifest.text, value);
    return found.length === 0
      ? []
      : [`${move.name} also stands in ${basename(file)}, line ${found.join(", ")} (as it will be), and stays there`];
  });
  return [
    ...lines,
    "a cluster keeps the values in old ReplicaSets or ControllerRevisions, in running pods and in last-applied annotations until they are replaced, and the repository keeps them in its history: rotate them",
  ];
}
