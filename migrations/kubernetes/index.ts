/**
 * `kubernetes`: moves variables of workloads out of manifest files. `value: X` becomes a reference to a Secret's key,
 * and a new file beside the manifest makes External Secrets create that Secret from the store. No cluster is queried or
 * changed: the user applies the manifests. Everything in one file moves together.
 */
import { rewrittenFiles } from "../../src/files/rewritten.ts";
import { existingSecretKey } from "./syntax/helm.ts";
import { readText } from "../../src/files/read.ts";
import { shortName } from "./names.ts";
import { copiesOf, envPlaces } from "./syntax/environment.ts";
import { secretLiteralAt } from "./syntax/kustomization.ts";
import { literalRefusal } from "./kustomize.ts";
import { fileOf, manifestsOf, namespaceOf, envPlaceAt } from "./syntax/place.ts";
import { rewriteManifests } from "./rewrite.ts";
import type { Migration } from "../../src/contract/migration.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { nameMayHoldSecret, type Finding } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";
import { rewrittenTexts, rewriteStep } from "./make.ts";
import { planFile, type KubernetesTools } from "./plan.ts";
import { refusalElsewhere } from "./refuse.ts";
import type { Refusal } from "../../src/model/plan.ts";

export function kubernetesMigration(tools: KubernetesTools): Migration {
  const files = rewrittenFiles(tools);
  return {
    name: "kubernetes",
    engine: async () => ({ id: "files", address: "files" }),
    async unit({ location }) {
      if (!location.source.startsWith("kubernetes:")) return null;
      const file = fileOf(location);
      return { id: file, name: `kubernetes:${shortName(file, tools.cwd)}` };
    },
    async refuses(finding) {
      const { location } = finding;
      if (location.subject === "file") return helmValue(finding);
      if (location.where === "env") return variable(finding);
      const manifests = await manifestsOf(location);
      const literal = manifests === null ? null : secretLiteralAt(manifests, location);
      return literal === null ? refusalElsewhere(finding) : literalRefusal(literal);
    },
    async names({ location }) {
      const manifests = await manifestsOf(location);
      const place = manifests === null ? null : envPlaceAt(manifests, location);
      const literal = manifests === null ? null : secretLiteralAt(manifests, location);
      return {
        subject: place?.subject ?? literal?.object ?? location.subjectName,
        project: namespaceOf(location),
        standIn: true,
      };
    },
    plan: async (unit, selected, options) => planFile(tools, unit, selected, options),
    async read({ location }) {
      const manifests = await manifestsOf(location);
      const place = manifests === null ? null : envPlaceAt(manifests, location);
      const value = place?.value ?? (manifests === null ? null : secretLiteralAt(manifests, location)?.value);
      return value === null || value === undefined ? null : Secret.of(value);
    },
    async unchanged(step) {
      if (step.kind === "rewrite") await files.unchanged(step);
    },
    async perform(step, work) {
      if (step.kind !== "rewrite") return;
      const written = await files.write(step, work, () => rewrittenTexts(step, work.plan.store, tools));
      if (written) work.say(`rewrite ${step.files.map(({ file }) => file).join(", ")}`);
    },
    async undo(steps, work) {
      await files.restore(rewriteStep(steps), work);
    },
    undoNeedsValues: async (steps) => files.needsValues(rewriteStep(steps)),
    scrub: async (steps, { plan }) => files.forget(rewriteStep(steps), plan),
    // Nothing is mounted: the cluster creates its Secrets itself.
    render: async () => 0,
  };
}

async function variable({ location, name, part, masked }: Finding): Promise<Refusal | null> {
  const manifests = await manifestsOf(location);
  const place = manifests === null ? null : envPlaceAt(manifests, location);
  if (manifests === null || place === null)
    throw new UnsprawlError("changed", `${location.path} has changed since it was scanned`, "scan again");
  if (nameMayHoldSecret({ name, part }) || !isSecretKey(place.key))
    return { reason: "its name cannot be the key of a Secret", hint: "rename it, then scan again" };
  const other = envPlaces(manifests).find(
    ({ resource, key, value }) => resource === place.resource && key === place.key && value !== place.value,
  );
  if (other !== undefined)
    return {
      reason: `would use the same key as ${other.path} in the Secret`,
      hint: "rename one of the two, then scan again",
    };
  if (place.uses.length > 0)
    return {
      reason: `holds ${place.uses.map((use) => `$(${use})`).join(", ")}, which Kubernetes fills in only where a value is written`,
      hint: "give the application the parts as separate variables, then scan again",
    };
  if (!place.once)
    return {
      reason: `is set twice in ${place.containerPath}, and only the last one counts`,
      hint: "remove the other one, then scan again",
    };
  try {
    // Tried alone, so that an anchor keeps back only what shares it.
    const wanted = copiesOf(place, manifests).map((copy) => ({ place: copy, secret: "tried", masked }));
    await rewriteManifests(manifests, wanted);
    return null;
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "refused") return { reason: error.message, hint: error.hint };
    throw error;
  }
}

/** Source: k8s.io/apimachinery, validation: IsConfigMapKey. */
function isSecretKey(key: string): boolean {
  return /^[-._A-Za-z0-9]{1,253}$/.test(key) && key !== "." && !key.startsWith("..");
}

async function helmValue({ location }: Finding): Promise<Refusal> {
  const file = fileOf(location);
  const key = await existingSecretKey(file, await readText(file), location);
  return key === null
    ? {
        reason: "is a Helm value: how the chart's templates use it is not known",
        hint: "give the chart a key that names an existing Secret, and read it by secretKeyRef",
      }
    : {
        reason: `is a Helm value, and the chart accepts an existing Secret instead: ${key}`,
        hint: cmd`let External Secrets create one, set ${key} to its name, and remove the value`,
      };
}
