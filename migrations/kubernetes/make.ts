import { copiesOf } from "./syntax/environment.ts";
import {
  externalSecrets,
  formOf,
  type ClusterStores,
  type ManifestStore,
  type WantedSecret,
} from "./external-secrets.ts";
import { isKustomization, type Manifests, type Resource } from "./syntax/manifest.ts";
import { secretNames, storeName as secretStoreName } from "./names.ts";
import { makeKustomization, type MaskedMove, type RewrittenManifest } from "./kustomize.ts";
import { manifestsOf, envPlaceAt } from "./syntax/place.ts";
import { rewriteManifests } from "./rewrite.ts";
import type { Rewrite } from "../../src/files/rewritten.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Step, StoreTarget } from "../../src/model/plan.ts";
import type { SecretVariable } from "./proof.ts";

/** The new texts of the two files. Throws `refused`, or `changed` if a variable is gone. */
export async function makeFiles(
  manifests: Manifests,
  shown: readonly MaskedMove[],
  storeName: string,
  store: ManifestStore,
): Promise<RewrittenManifest> {
  if (isKustomization(manifests.file)) return makeKustomization(manifests, shown, storeName, store);
  const names = secretNames(manifests);
  const wishes: SecretVariable[] = [];
  const secrets = new Map<Resource, WantedSecret["data"][number][]>();
  for (const { move, masked } of shown) {
    const place = envPlaceAt(manifests, move.location);
    if (place === null)
      throw new UnsprawlError("changed", `${move.location.path} has changed since the plan was made`, "plan again");
    const { resource } = place;
    const secret = names.get(resource) ?? "";
    for (const copy of copiesOf(place, manifests)) wishes.push({ place: copy, secret, masked });
    secrets.set(resource, [...(secrets.get(resource) ?? []), { secretKey: place.key, remote: move.key }]);
  }
  const wanted = [...secrets].map(([resource, data]) => ({
    name: names.get(resource) ?? "",
    namespace: resource.namespace,
    data,
  }));
  return {
    manifest: await rewriteManifests(manifests, wishes),
    secrets: externalSecrets(wanted, store, secretStoreName(manifests.file, storeName)),
    wanted,
    workloads: [...secrets.keys()],
  };
}

/** The texts of a planned rewrite, from the current manifest. */
export async function rewrittenTexts(
  step: Rewrite,
  store: StoreTarget,
  stores: ClusterStores,
): Promise<ReadonlyMap<string, string>> {
  const { file, secrets, ...facts } = step.target;
  const [first] = step.moves;
  const manifests = first === undefined ? null : await manifestsOf(first.location);
  if (manifests === null || typeof file !== "string" || typeof secrets !== "string" || manifests.file !== file)
    throw new UnsprawlError("malformed", "the plan does not say which manifest it rewrites", "unsprawl plan again");
  const shown = step.moves.map((move) => ({ move, masked: "" }));
  const made = await makeFiles(manifests, shown, store.name, {
    form: await formOf(store, stores),
    settings: store.settings,
    facts,
  });
  return new Map([
    [secrets, made.secrets],
    [file, made.manifest.text],
  ]);
}

export function rewriteStep(steps: readonly Step[]): Rewrite {
  const found = steps.find((step): step is Rewrite => step.kind === "rewrite");
  if (found) return found;
  throw new UnsprawlError("malformed", "the plan has no rewrite step for this file", "unsprawl plan again");
}
