/*
 * `image`: takes values out of images of the engine, in config and history, and moves their tags to the cleaned image.
 * The old image stays until scrub.
 */
import type { Detector } from "../../src/contract/detector.ts";
import type { Migration, PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Stays } from "../../src/images/clean/clean.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import {
  cleanImage,
  previewCleaned,
  scrubImage,
  tagsOf,
  inspectImage,
  uncleanImage,
  usersOf,
  type InspectedImage,
} from "./engine.ts";
import { refusal } from "../../src/images/clean/refuse.ts";
import { selectedValues, otherSecretsIn, secretInText, valueAt } from "../../src/images/clean/texts.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { stepId } from "../../src/model/step-id.ts";

export type ImageTools = {
  readonly open: () => Promise<Engine>;
  readonly deliveries: readonly Delivery[];
  readonly detector: () => Promise<Detector>;
};

/**
 * `image`: takes values out of an image's config and history without a rebuild: a new image with the same layers, to
 * which the tags are moved. The old one is kept until scrub. Containers that were made from it are not touched.
 */
export function imageMigration({ open, deliveries, detector }: ImageTools): Migration {
  return {
    name: "image",
    async engine() {
      const engine = await open();
      return { id: (await engine.info()).ID, address: engine.connection.address };
    },
    async unit({ location }) {
      // Findings about images that a scan of containers reports along the way are not for this migration.
      if (location.subject !== "image" || !location.source.startsWith("image:")) return null;
      return { id: location.subjectId, name: location.subjectName };
    },
    refuses: async (finding) => refusal(finding),
    async names({ location }) {
      const [named = ""] = location.subjectName.split("@");
      const path = named.split("/").map((part, at, { length }) => (at === length - 1 ? part.replace(/:.*/, "") : part));
      return { subject: path.at(-1) ?? "", project: path.at(-2) ?? "", standIn: true };
    },
    part: async ({ finding, candidate, part }) => secretInText(finding, candidate.value, part),
    async plan(unit, selected, options) {
      return planImage(await open(), unit, selected, options, await detector(), runtimeOf(deliveries));
    },
    async read({ location, name }) {
      const told = await inspectImage(await open(), location.subjectId);
      return told === null ? null : valueAt(location, told.doc, told.history, await detector(), name);
    },
    async unchanged(step) {
      if (step.kind !== "clean") return;
      for (const tag of step.image.tags)
        if ((await (await open()).image(tag))?.Id !== step.image.id)
          throw new UnsprawlError("changed", `${tag} is not the image that the plan saw`, "unsprawl plan again");
    },
    async perform(step, work) {
      if (step.kind === "clean") await cleanImage(await open(), step, work);
    },
    async undo(steps, work) {
      for (const step of steps) if (step.kind === "clean") await uncleanImage(await open(), step, work);
    },
    async scrub(steps, work) {
      const removed: string[] = [];
      for (const step of steps)
        if (step.kind === "clean") removed.push(...(await scrubImage(await open(), step, work)));
      return removed;
    },
    render: async () => 0,
  };
}

async function planImage(
  engine: Engine,
  unit: string,
  selected: readonly Selected[],
  options: PlanOptions,
  detector: Detector,
  runtime: string,
): Promise<UnitPlan> {
  const id = selected[0]?.finding.location.subjectId ?? "";
  const told = await inspectImage(engine, id);
  if (told === null) throw new UnsprawlError("changed", `the image ${unit} is gone`, "unsprawl scan image:*");
  const tags = tagsOf(told.doc);
  if (tags.length === 0)
    throw new UnsprawlError(
      "refused",
      `the image ${unit} has no tag: nothing would name the cleaned one`,
      cmd`docker tag ${id.slice(0, 19)} NAME:TAG, or docker rmi it`,
    );
  const stays = await staysIn(engine, unit, options, runtime);
  const leaving = selectedValues(selected);
  const { diff, tolerated, bytes } = previewCleaned(told, leaving, stays);
  const moves = selected.map(({ move }) => move);
  return {
    unit,
    steps: [
      { id: stepId({ kind: "clean", unit }), kind: "clean", unit, moves, image: { id, tags }, stays, diff: [...diff] },
    ],
    warnings: [
      ...tolerated.map(({ name, path }) => `the value of ${name} is a plain word that also stands at ${path}`),
      ...(await warnings(engine, told, selected, stays, runtime)),
      ...otherSecretsIn(bytes, detector),
    ],
  };
}

/** The name of the OCI runtime that resolves references. */
const runtimeOf = (deliveries: readonly Delivery[]): string =>
  deliveries.find(({ name }) => name === "runtime")?.change({} as DeliverySubject, []).runtime ?? "unsprawl";

/** A host without the runtime would pass the reference to the application as if it were the value. */
async function staysIn(engine: Engine, unit: string, { deliver }: PlanOptions, runtime: string): Promise<Stays> {
  if (deliver === "runtime") return "reference";
  if (deliver !== "auto")
    throw new UnsprawlError(
      "refused",
      `the image ${unit} cannot bring ${deliver === "file" ? "mounted files" : "a mounted shim"} with it`,
      "--deliver runtime leaves references in it; without --deliver they stay only where this engine resolves them",
    );
  const { Runtimes = {} } = await engine.info();
  return runtime in Runtimes ? "reference" : "nothing";
}

async function warnings(
  engine: Engine,
  { doc }: InspectedImage,
  selected: readonly Selected[],
  stays: Stays,
  runtime: string,
): Promise<string[]> {
  const set = (doc.Config?.Env ?? []).map((entry) => entry.slice(0, entry.indexOf("=")));
  const names = selected.map(({ move }) => move.name).filter((name) => set.includes(name));
  const notes: string[] = [];
  if (names.length > 0)
    notes.push(
      stays === "reference"
        ? cmd`${bare(names.join(", "))}: references, which only the OCI runtime resolves (docker run --runtime ${runtime}), and only for containers that may use them: unsprawl runtime allow CONTAINER NAME REFERENCE`
        : `${names.join(", ")}: no longer set by the image; anyone who runs it provides it, as a platform secret or by reference`,
    );
  const users = await usersOf(engine, doc.Id);
  if (users.length > 0)
    notes.push(
      `${users.join(", ")} still ${users.length > 1 ? "run the old image and show its values until they are" : "runs the old image and shows its values until it is"} recreated`,
    );
  const digests = Array.isArray(doc["RepoDigests"]) ? (doc["RepoDigests"] as string[]) : [];
  if (digests.length > 0)
    notes.push(
      "its digest changes: anyone who pins the old one keeps it, and its signatures and attestations become invalid",
    );
  notes.push(
    "registries, pulled copies and the build cache keep what they have (unsprawl migrate registry:…, docker builder prune): rotate what was in it",
  );
  return notes;
}
