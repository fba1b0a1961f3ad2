import { cmd } from "../../src/kit/shell.ts";
import { CONTAINERS, containersOf } from "./syntax/environment.ts";
import type { Manifests } from "./syntax/manifest.ts";
import { manifestsOf, resourceAt } from "./syntax/place.ts";
import { LAST_APPLIED } from "./manifest-texts.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fieldRole } from "../../src/model/place.ts";
import type { Finding } from "../../src/model/finding.ts";
import { entry, isSeq, scalarText } from "../../src/kit/text/yaml-nodes.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Why a finding outside a container's variables stays where it is. */
export async function refusalElsewhere({ location, name }: Finding): Promise<Refusal> {
  const { where, path, place } = location;
  const role = fieldRole(place);
  if (role === "last-applied")
    return {
      reason: "is in kubectl's copy of what was applied before",
      hint: cmd`remove ${LAST_APPLIED} from the file: kubectl apply writes it again`,
    };
  if (where === "annotation" || where === "label")
    return {
      reason: `is in ${path}, which anyone who may list objects can read`,
      hint: "give the application a variable or a file for it, then scan again",
    };
  if (where === "cmd" || where === "entrypoint" || where === "healthcheck")
    return {
      reason: `is in ${path}, not in a variable`,
      hint: "set a variable, write $(NAME) in its place, then scan again",
    };
  if (role === "http-header")
    return {
      reason: `is a header in ${path}, where Kubernetes substitutes nothing`,
      hint: "use a command probe instead, with $(NAME) for a variable, then scan again",
    };
  if (role === "helm-release")
    return {
      reason: "is in what Helm keeps of a release",
      hint: "move it out of the chart's values, helm upgrade, then delete the Secrets of earlier revisions",
    };
  const manifests = await manifestsOf(location);
  const resource = manifests === null ? null : resourceAt(manifests, location);
  if (manifests === null || resource === null)
    throw new UnsprawlError("changed", `${path} has changed since it was scanned`, "scan again");
  const { kind, name: object } = resource;
  if (kind === "ConfigMap") {
    const users = usersOf(manifests, object);
    const by = users.length === 0 ? "" : `, which ${users.join(", ")} ${users.length === 1 ? "reads" : "read"}`;
    return {
      reason: `is in a ConfigMap${by}`,
      hint: cmd`write ${name} as a variable of the container, take it out of the ConfigMap, then scan again`,
    };
  }
  if (kind === "Secret")
    return {
      reason: "is in a Secret's manifest, where base64 hides nothing",
      hint: cmd`unsprawl scan shows it until the manifest is gone: write an ExternalSecret named ${object} in its place`,
    };
  if (kind === "Kustomization")
    return { reason: `is a literal in ${path}`, hint: cmd`put ${name} into a secretGenerator, then scan again` };
  return {
    reason: `is in ${path}: whether a ${kind} takes a Secret's key there is not known`,
    hint: "let it name a Secret, then scan again",
  };
}

/** The objects in the same file that have a ConfigMap's values in their environment. */
function usersOf(manifests: Manifests, name: string): string[] {
  return manifests.resources
    .filter((resource) =>
      CONTAINERS.flatMap((list) => containersOf(resource, list)).some(({ node }) => {
        const named = (item: unknown, keys: readonly string[]): boolean => {
          let at: unknown = item;
          for (const key of [...keys, "name"]) at = entry(at, key, resource.file)?.value ?? null;
          return scalarText(at as null) === name;
        };
        const list = (key: string): readonly unknown[] => {
          const found = entry(node, key, resource.file)?.value;
          return isSeq(found) ? found.items : [];
        };
        return (
          list("envFrom").some((item) => named(item, ["configMapRef"])) ||
          list("env").some((item) => named(item, ["valueFrom", "configMapKeyRef"]))
        );
      }),
    )
    .map(({ label }) => label);
}
