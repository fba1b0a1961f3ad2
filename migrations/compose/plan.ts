import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import type { ComposeCli, ComposeConfig, ProjectCall } from "../../src/compose/cli.ts";
import { onlyDelivery } from "../../src/compose/compare.ts";
import type { Project } from "../../src/compose/project.ts";
import { rewriteProject, textsOf, type Rewritten, type Wish } from "../../src/compose/rewrite.ts";
import { withShadow } from "../../src/compose/shadow.ts";
import { carrier, type Span } from "../../src/compose/carries.ts";
import { chooseDelivery } from "../../src/docker/choose.ts";
import { driftDigest } from "../../src/docker/drift.ts";
import type { Engine } from "../../src/docker/engine.ts";
import { facts, type Facts } from "../../src/docker/facts.ts";
import { leftovers } from "../../src/docker/leftovers.ts";
import type { ContainerDoc } from "../../src/docker/types.ts";
import { fileChange } from "../../src/files/rewritten.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { keyedDigest, type FingerprintKey } from "../../src/model/fingerprint.ts";
import type { SecretPart } from "../../src/model/finding.ts";
import { valueKey, type DeliveryName, type Move, type Step } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { callOf, containersOf } from "./find.ts";

export type Moving = {
  readonly engine: Engine;
  readonly cli: ComposeCli;
  readonly project: Project;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  /** A folder in memory, where the files may be tried out. */
  readonly memory: string;
};

/** One service of the plan: its containers, the delivery that fits them, and what the files must become for it. */
export type Part = {
  readonly service: string;
  readonly docs: readonly ContainerDoc[];
  readonly known: Facts;
  readonly delivery: Delivery;
  readonly why: string;
  readonly warnings: readonly string[];
  readonly wish: Wish;
  readonly selected: readonly Selected[];
};

/** Plans a project: every service whose variables move, at once. */
export async function planProject(
  moving: Moving,
  unit: string,
  byService: ReadonlyMap<string, readonly Selected[]>,
  options: PlanOptions,
): Promise<UnitPlan> {
  const call = callOf(moving.project);
  const before = await moving.cli.config(call);
  const hashes = await moving.cli.hashes(call);
  const parts: Part[] = [];
  for (const [service, selected] of byService) {
    const moves = selected.map(({ move }) => move);
    const docs = await settled(moving, call, service, hashes, before, selected, options.accept);
    const known = await facts(moving.engine, docs[0]?.Id ?? "", options.runId);
    const subject = subjectOf(known.subject, call.name, service, options.runId);
    const chosen = await chooseDelivery(moving.deliveries, options.deliver, service, subject, moves);
    const secrets = selected.map(({ move, value, finding: { masked, part } }) => ({
      name: move.name,
      masked,
      carries: carrier(value, spanOf(part)),
    }));
    const wish = wishOf(service, subject, known, chosen.delivery, moves, secrets);
    parts.push({ service, docs, known, ...chosen, wish, selected });
  }
  const wishes = parts.map(({ wish }) => wish);
  const rewritten = await rewriteProject(moving.project, wishes, options.accept);
  await withShadow(moving.memory, moving.project, rewritten.files, async (shadow, back) => {
    onlyDelivery(before, back(await moving.cli.config(shadow(call))), wishes);
  });
  return {
    unit,
    steps: stepsOf(moving, unit, call, parts, rewritten, textsOf(moving.project), options),
    warnings: warningsOf(parts, rewritten),
  };
}

/** The subject of a service's delivery, the same for all its copies and before and after they are made anew. */
export function subjectOf(subject: DeliverySubject, project: string, service: string, runId: string): DeliverySubject {
  const id = `${`${project}_${service}`.replace(/[^\w.-]/g, "_")}-${runId}`;
  return { ...subject, id };
}

export function wishOf(
  service: string,
  subject: DeliverySubject,
  { doc }: Facts,
  delivery: Delivery,
  moves: readonly Move[],
  secrets: Wish["moves"],
): Wish {
  const test = doc.Config.Healthcheck?.Test ?? [];
  return {
    service,
    change: delivery.change(subject, moves),
    moves: secrets,
    entrypoint: subject.entrypoint,
    cmd: subject.cmd,
    health: test.length > 0 ? test : null,
  };
}

/** The service's containers, when they are what the files say and hold what is to move. Throws `refused` or `changed`. */
async function settled(
  { engine }: Moving,
  call: ProjectCall,
  service: string,
  hashes: ReadonlyMap<string, string>,
  before: ComposeConfig,
  selected: readonly Selected[],
  accept: ReadonlySet<string>,
): Promise<ContainerDoc[]> {
  const docs = await containersOf(engine, call.name, service);
  if (docs.length === 0)
    throw new UnsprawlError(
      "refused",
      `no container of ${service} exists, so its image cannot be looked at`,
      `docker compose --project-directory ${call.dir} create ${service}, then plan again`,
    );
  const stale = docs.some(({ Config }) => Config.Labels?.["com.docker.compose.config-hash"] !== hashes.get(service));
  if (stale && !accept.has("drift"))
    throw new UnsprawlError(
      "refused",
      `the container of ${service} is not what its Compose files say: making it anew would change more than the secret`,
      `docker compose --project-directory ${call.dir} up -d ${service}, then plan again; or --accept drift`,
    );
  const environment = before.services[service]?.environment ?? {};
  for (const { move, value } of selected) {
    const told = environment[move.name];
    if (typeof told !== "string" || !value.equals(Secret.of(told.replaceAll("$$", "$"))))
      throw new UnsprawlError(
        "refused",
        `${move.name} of ${service} has another value than its Compose files give it`,
        `docker compose --project-directory ${call.dir} up -d ${service}, then plan again`,
      );
  }
  return docs;
}

function spanOf({ start, length }: SecretPart): Span {
  return start === null || length === null ? null : { start, length };
}

function stepsOf(
  { key }: Moving,
  unit: string,
  call: ProjectCall,
  parts: readonly Part[],
  { files }: Rewritten,
  texts: ReadonlyMap<string, string>,
  { graceMs, healthTimeoutMs }: PlanOptions,
): Step[] {
  const moved = parts.flatMap(({ selected }) => selected);
  const changes = files.map(({ file, text, diff }) => fileChange(file, texts.get(file) ?? null, text, diff, key));
  const spans = Object.fromEntries(moved.map(({ move, finding }) => [valueKey(move), spanOf(finding.part)]));
  const common = ({ delivery, selected }: Part): { delivery: DeliveryName; moves: readonly Move[] } => ({
    delivery: delivery.name,
    moves: selected.map(({ move }) => move),
  });
  return [
    ...parts.map((part): Step => ({
      id: `deliver:${unit}/${part.service}`,
      kind: "deliver",
      unit,
      why: part.why,
      ...common(part),
    })),
    {
      id: `rewrite:${unit}`,
      kind: "rewrite",
      unit,
      moves: moved.map(({ move }) => move),
      files: changes,
      target: { ...call, services: parts.map(({ service }) => service), spans },
    },
    ...parts.flatMap((part): Step[] => [
      {
        id: `recreate:${unit}/${part.service}`,
        kind: "recreate",
        unit,
        subject: { id: part.known.doc.Id, name: part.service, image: part.known.doc.Image },
        digest: keyedDigest(part.docs.map((doc) => driftDigest(doc, key)).join(), key),
        diff: [{ sign: "~", path: part.service, text: `docker compose up --no-deps ${part.service}` }],
        ...common(part),
      },
      {
        id: `check:${unit}/${part.service}`,
        kind: "check",
        unit,
        graceMs,
        healthTimeoutMs,
        tolerated: leftovers(part.known.doc, part.selected),
        ...common(part),
      },
    ]),
  ];
}

function warningsOf(parts: readonly Part[], { notes }: Rewritten): string[] {
  return [
    ...parts.flatMap(({ service, warnings }) => warnings.map((text) => `${service}: ${text}`)),
    ...notes,
    "Compose removes each old container when the new one is made, with its logs and what was written into its own layer",
  ];
}
