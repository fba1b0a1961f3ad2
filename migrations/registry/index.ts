/*
 * `registry`: takes values out of an image in a registry and moves its tags to the cleaned one, without pulling a
 * layer. read/ is the source.
 */
import type { Detector } from "../../src/contract/detector.ts";
import type { Migration, PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import type { SourceReading } from "../../src/contract/source.ts";
import type { Stays } from "../../src/images/clean/clean.ts";
import { refusal } from "../../src/images/clean/refuse.ts";
import { holdsText, selectedValues, otherSecretsIn, secretInText } from "../../src/images/clean/texts.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";
import { isAt } from "../../src/model/location.ts";
import type { CleanStep } from "../../src/model/plan.ts";
import type { Registry } from "../../src/images/registry/client.ts";
import { repositoryText, parseReference, isGlob } from "../../src/images/registry/reference.ts";
import { cleanRemote, scrubRemote, treeOf, uncleanRemote, type Tagged } from "./perform.ts";
import { stepId } from "../../src/model/step-id.ts";

export type RegistryMigrationTools = {
  readonly registry: (host: string) => Promise<Registry>;
  /** Reads a source again, such as `registry:HOST/REPO:TAG`. */
  readonly readings: (source: string) => AsyncIterable<SourceReading>;
  readonly detector: () => Promise<Detector>;
};

/**
 * `registry`: takes values out of an image in a registry: only new configs and manifests are uploaded, and the tag is
 * moved to them. The old image is kept under another tag until scrub.
 */
export function registryMigration({ registry: open, readings, detector }: RegistryMigrationTools): Migration {
  const opened = new Map<string, Promise<Registry>>();
  const registry = (host: string): Promise<Registry> => {
    const found = opened.get(host) ?? open(host);
    opened.set(host, found);
    return found;
  };
  const read = new Map<string, Promise<readonly Candidate[]>>();
  /** The candidates of a source; images are named by digest, so that what was read stays true. */
  const candidates = (source: string): Promise<readonly Candidate[]> => {
    const found = read.get(source) ?? all(readings(source));
    read.set(source, found);
    return found;
  };
  return {
    name: "registry",
    // A registry has no lock: the tag is compared right before it is moved.
    engine: async () => ({ id: "registries", address: "registries" }),
    async unit({ location }) {
      if (location.subject !== "image" || !location.source.startsWith("registry:")) return null;
      const name = unitName(location.source);
      return { id: name, name };
    },
    async refuses(finding) {
      return refusal(finding) ?? oneTag(finding);
    },
    async names({ location }) {
      const path = taggedOf(location.source)?.repository.split("/") ?? [location.subjectName];
      return { subject: path.at(-1) ?? "", project: path.at(-2) ?? "", standIn: true };
    },
    part: async ({ finding, candidate, part }) => secretInText(finding, candidate.value, part),
    async plan(unit, selected, options) {
      return planRemote(registry, unit, selected, options, await detector());
    },
    async read({ location, name }, _unit, lasting) {
      // Its tag may name another image by now, or none.
      const found = (await (lasting ? all(readings(location.source)) : candidates(location.source))).find(
        (one) =>
          one.location.subjectId === location.subjectId &&
          isAt(location, one.location.place) &&
          one.location.where === location.where &&
          (holdsText(location) || one.name === name),
      );
      if (found === undefined || !holdsText(location)) return found?.value ?? null;
      const { where, path } = location;
      return (await detector()).part({ name: found.name, where, value: found.value, path });
    },
    async unchanged(step) {
      if (step.kind !== "clean") return;
      const { host, repository, tag } = taggedIn(step);
      const { digest } = await (await registry(host)).manifest(repository, tag, new AbortController().signal);
      if (digest !== step.image.id)
        throw new UnsprawlError("changed", `${step.unit} is not the image that the plan saw`, "unsprawl plan again");
    },
    async perform(step, work) {
      if (step.kind === "clean") await cleanRemote(await registry(taggedIn(step).host), taggedIn(step), step, work);
    },
    async undo(steps, work) {
      for (const step of steps)
        if (step.kind === "clean") await uncleanRemote(await registry(taggedIn(step).host), taggedIn(step), step, work);
    },
    async scrub(steps, work) {
      const removed: string[] = [];
      for (const step of steps)
        if (step.kind === "clean")
          removed.push(...(await scrubRemote(await registry(taggedIn(step).host), taggedIn(step), step, work)));
      return removed;
    },
    render: async () => 0,
  };
}

async function all(readings: AsyncIterable<SourceReading>): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const reading of readings) if (reading.kind === "subject") found.push(...reading.candidates);
  return found;
}

/** The tag that a source names; null for a digest and for several. */
function taggedOf(source: string): Tagged | null {
  const { host, repository, tag, digest } = parseReference(source.slice("registry:".length));
  if (repository === null || tag === null || digest !== null || isGlob(repository) || isGlob(tag)) return null;
  return { host, repository, tag };
}

function taggedIn(step: CleanStep): Tagged {
  const tagged = taggedOf(`registry:${step.image.tags[0] ?? ""}`);
  if (tagged !== null) return tagged;
  throw new UnsprawlError("malformed", `the plan's ${step.unit} is not a tag in a registry`, "unsprawl plan again");
}

function unitName(source: string): string {
  const tagged = taggedOf(source);
  return tagged === null ? source : `${repositoryText(tagged.host, tagged.repository)}:${tagged.tag}`;
}

function oneTag({ location }: Finding): { readonly reason: string; readonly hint: string } | null {
  if (taggedOf(location.source) !== null) return null;
  const [first = ""] = location.subjectName.split(/[,; ]/);
  return {
    reason: "is in one of several images, or of one without a tag: images in a registry are cleaned one tag at a time",
    hint: cmd`unsprawl plan registry:${first} --to STORE`,
  };
}

async function planRemote(
  open: RegistryMigrationTools["registry"],
  unit: string,
  selected: readonly Selected[],
  { deliver }: PlanOptions,
  detector: Detector,
): Promise<UnitPlan> {
  const tagged = taggedOf(`registry:${unit}`);
  if (tagged === null)
    throw new UnsprawlError("refused", `${unit} is not a tag in a registry`, "registry:HOST/REPO:TAG");
  if (deliver !== "auto" && deliver !== "runtime")
    throw new UnsprawlError(
      "refused",
      `an image cannot bring what --deliver ${deliver} mounts`,
      "--deliver runtime leaves references in it, for hosts that resolve them",
    );
  const stays: Stays = deliver === "runtime" ? "reference" : "nothing";
  const { signal } = new AbortController();
  const registry = await open(tagged.host);
  const top = await registry.manifest(tagged.repository, tagged.tag, signal);
  const tree = await treeOf(registry, tagged, top, selectedValues(selected), stays, signal);
  if (tree.root.digest === top.digest)
    throw new UnsprawlError("refused", `${unit} no longer holds what the scan saw`, "unsprawl plan again");
  const moves = selected.map(({ move }) => move);
  const bytes = tree.blobs.reduce((sum, one) => sum + one.bytes.length, 0);
  const image = { id: top.digest, tags: [unit] };
  const diff = unique(tree.configs.flatMap((one) => one.diff));
  return {
    unit,
    steps: [{ id: stepId({ kind: "clean", unit }), kind: "clean", unit, moves, image, stays, diff }],
    warnings: [
      `${tree.blobs.length} documents of ${bytes} bytes are uploaded, no layer; ${tree.configs.length} ${tree.configs.length === 1 ? "platform is" : "platforms are"} cleaned`,
      stays === "reference"
        ? "its variables are references, which only unsprawl's OCI runtime resolves, and only for containers that may use them: unsprawl runtime allow CONTAINER NAME REFERENCE"
        : "its variables are no longer set: anyone who runs it provides them, as platform secrets or by reference",
      `its digest changes: anyone who pins ${top.digest.slice(0, 19)} keeps the old one, and its signatures become invalid`,
      ...tree.voided.map((digest) => `the attestation ${digest.slice(0, 19)} becomes invalid and is no longer listed`),
      ...tree.missing.map((platform) => `${platform} could not be read and is left unchanged`),
      ...new Set(tree.configs.flatMap((one) => otherSecretsIn(one.bytes, detector))),
      "anyone who pulled it has the values: rotate them",
    ],
  };
}

function unique<T>(list: readonly T[]): T[] {
  const seen = new Set<string>();
  return list.filter((one) => seen.size < seen.add(JSON.stringify(one)).size);
}
