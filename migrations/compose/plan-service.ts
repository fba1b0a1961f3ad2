import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import type { PlanOptions, Selected } from "../../src/contract/migration.ts";
import { Blocked } from "./rewrite/blocked.ts";
import { mustBeFound, type BareService } from "./delivery/change.ts";
import { forReturning } from "./delivery/returning.ts";
import { bareSubject, NOBODY, composeSite, wishOf, type MovedNames } from "./delivery/wish.ts";
import type { ServiceChange } from "./rewrite/change.ts";
import { newToFile, repeatedOfImage } from "./syntax/copied-words.ts";
import { chooseDelivery, filesMadeAtStart, whyLeft, wishedDelivery } from "../../src/engine/choose.ts";
import { readFacts, type Facts } from "../../src/engine/facts.ts";
import { firstInitNotes } from "../../src/engine/first-init.ts";
import { unhealthyNote } from "../../src/engine/recreate/health.ts";
import { loopingNote } from "../../src/engine/recreate/looping.ts";
import { carriedSecret } from "./rewrite/carries.ts";
import { declaredFacts, isUnseen } from "./engine/unstarted.ts";
import { remainingNotes, remainingPlaces, type RemainingPlace } from "../../src/engine/leftovers.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { mayCreate } from "./engine/creates.ts";
import { isEnabled } from "./profiles.ts";
import { lossWarnings } from "./engine/losses.ts";
import { mustHoldNoSecret } from "./engine/copied.ts";
import { fileNames, type Rewording } from "./words/rewording.ts";
import type { Rewordings } from "./words/index.ts";
import { has } from "./words/implied.ts";
import { mustBeTraefik } from "./labels/index.ts";
import { forWords, mustBeFilledIn, mustHaveShell, withoutWords } from "./words/refuse.ts";
import { maskedOf, spanOf } from "./plan-steps.ts";
import { alongNotes, repeatedNote, rewordedNotes } from "./warnings.ts";
import { matchingContainers, type Settling } from "./engine/matching-containers.ts";
import type { ServicePart, ComposeApplyInput } from "./service-part.ts";

/** A service with the secrets that are moved out of it, and what the plans of its project share. */
type PartInput = {
  readonly moving: ComposeApplyInput;
  readonly settling: Settling;
  readonly service: string;
  readonly selected: readonly Selected[];
  readonly options: PlanOptions;
  readonly words: Rewordings;
  readonly moved: MovedNames;
};

export async function partOf(input: PartInput): Promise<ServicePart> {
  try {
    return await plannedPart(input);
  } catch (error) {
    if (error instanceof UnsprawlError && OF_ONE.has(error.code) && !(error instanceof Blocked))
      throw new Blocked(error.message, error.hint, (one) => one === input.service);
    throw error;
  }
}

async function plannedPart(input: PartInput): Promise<ServicePart> {
  const { moving, settling, service, selected, options } = input;
  isEnabled(settling, service, moving.project);
  const { docs, drift } = await matchingContainers(
    settling,
    service,
    selected.filter(({ move }) => has(moving.project, service, move.name)),
    options.accept,
  );
  const runs = await serviceRuns(input, docs);
  const { known, subject, tolerated } = runs;
  const chosen = await chosenDelivery(input, runs);
  const wish = await wishFor(input, runs, chosen.delivery);
  if (docs.length > 0)
    await mayCreate(moving.engine, settling.before, settling.call, [{ service, docs, mounts: wish.change.mounts }]);
  mustHoldNoSecret(await moving.detector(), service, newToFile(moving.project, wish));
  const rewritten = docs.length === 0 ? [] : await filesMadeAtStart(moving.deliveries, subject);
  const repeated = repeatedOfImage(moving.project, wish);
  const warnings = [
    ...chosen.warnings,
    ...selected.flatMap((one) => alongNotes(one.move.name, moving.like(one))),
    ...remainingNotes(tolerated),
    ...docs.slice(0, 1).flatMap((doc) => [...unhealthyNote(doc), ...loopingNote(doc)]),
    ...(await lossWarnings(settling, { service, docs, rewritten }, options.accept)),
    ...(repeated.length > 0 ? [repeatedNote(repeated)] : []),
    ...rewordedNotes(runs.rewording, service, (name) => has(moving.project, service, name)),
    ...firstInitNotes(
      known.doc,
      selected.map(({ move }) => move.name),
    ),
  ];
  return { service, docs, drift, known, tolerated, repeats: repeated.length > 0, ...chosen, warnings, wish, selected };
}

/** What a service runs, by its container or else by its image, and with which words it will. */
type ServiceRuns = {
  readonly known: Facts;
  readonly bare: BareService;
  readonly rewording: Rewording | null;
  readonly subject: DeliverySubject & { readonly byOption: ReadonlySet<string> };
  readonly tolerated: readonly RemainingPlace[];
};

async function serviceRuns(input: PartInput, docs: readonly ContainerDoc[]): Promise<ServiceRuns> {
  const { moving, settling, service, selected, options } = input;
  const where = { project: settling.call.name, service, runId: options.runId };
  const [first] = docs;
  const known =
    first === undefined
      ? await declaredFacts(moving, settling.before, where, options.deliver)
      : await readFacts(moving.engine, first.Id, options.runId);
  const bare = bareSubject(
    moving,
    known,
    where,
    selected.map(({ move }) => move),
  );
  const rewording = input.words(service, bare);
  mustBeFilledIn(moving.project, service, selected, rewording, bare.subject.env, moving.passed);
  const tolerated = remainingPlaces(
    withoutWords(known.doc, rewording),
    selected,
    ({ move }, message, hint) => new Blocked(message, hint, (its, name) => its === service && name === move.name),
  );
  const subject = {
    ...bare.subject,
    health: rewording?.health ?? bare.subject.health,
    byOption: fileNames(rewording),
  };
  if (!isUnseen(known)) await mustHaveShell(service, subject, rewording);
  await mustBeTraefik(service, subject, rewording, moving.deliveries);
  return { known, bare, rewording, subject, tolerated };
}

/** The delivery that fits all of the secrets; throws `Blocked` for those that it does not fit. */
async function chosenDelivery(
  { moving, service, selected, options, moved }: PartInput,
  { known, bare, rewording, subject }: ServiceRuns,
): Promise<Awaited<ReturnType<typeof chooseDelivery>>> {
  const inWords = forWords(moving.deliveries, rewording, bare.subject);
  const deliveries = forReturning(inWords, options.deliver, moving.project, service, moved);
  const choose = isUnseen(known) ? wishedDelivery : chooseDelivery;
  const chosen = await choose(deliveries, options.deliver, service, subject, selected);
  const [left] = chosen.left;
  if (left === undefined) return chosen;
  const { reason, hint } = whyLeft(left);
  const names = new Set(Array.from(chosen.left, (one) => (whyLeft(one).reason === reason ? one.name : "")));
  throw new Blocked(reason, hint, (its, name) => its === service && names.has(name));
}

async function wishFor(
  { moving, service, selected, moved }: PartInput,
  { bare, rewording, subject }: ServiceRuns,
  delivery: Delivery,
): Promise<ServiceChange> {
  const secrets = selected.map(({ move, value, finding }) => ({
    name: move.name,
    masked: maskedOf(finding),
    ...carriedSecret(value, spanOf(finding, move)),
  }));
  const owner = await delivery.owner(subject);
  if (owner !== null && delivery.name !== "volume") mustBeFound(moving.memory, moving.env);
  return wishOf(
    composeSite(moving, moving.project, service, owner ?? NOBODY, moved),
    { ...bare, subject: { ...bare.subject, byOption: subject.byOption } },
    delivery,
    selected.map(({ move }) => move),
    secrets,
    rewording,
  );
}

/** Faults of one service, such as a volume that cannot be mounted just now: the others are planned without it. */
const OF_ONE: ReadonlySet<string> = new Set(["refused", "failed", "absent", "malformed"]);
