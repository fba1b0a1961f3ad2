import type { Delivery } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { Blocked } from "./rewrite/blocked.ts";
import type { PassedEnvironment } from "./engine/child.ts";
import type { ComposeCli, ComposeConfig, ProjectCall } from "./engine/cli.ts";
import { onlyDelivery } from "./rewrite/compare.ts";
import type { ComposeProject } from "./syntax/project.ts";
import { sourceText } from "./syntax/given.ts";
import { cmd } from "../../src/kit/shell.ts";
import { mustBeFound } from "./delivery/change.ts";
import { forReturning } from "./delivery/returning.ts";
import { bareSubject, NOBODY, composeSite, wishOf, type MovedNames } from "./delivery/wish.ts";
import type { ServiceChange } from "./rewrite/change.ts";
import { rewriteProject, textsOf, type Rewritten } from "./rewrite/index.ts";
import { newToFile, repeatedOfImage } from "./syntax/copied-words.ts";
import { withShadow } from "./engine/shadow.ts";
import { carriedSecret } from "./rewrite/carries.ts";
import { chooseDelivery, filesMadeAtStart, whyLeft, wishedDelivery } from "../../src/engine/choose.ts";
import type { Registry } from "../../src/images/registry/client.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { readFacts, type Facts } from "../../src/engine/facts.ts";
import { declaredFacts, isUnseen } from "./engine/unstarted.ts";
import { firstInitNotes } from "../../src/engine/first-init.ts";
import { loopingNote } from "../../src/engine/recreate/looping.ts";
import { unhealthyNote } from "../../src/engine/recreate/health.ts";
import { platformNotes } from "../../src/engine/platforms.ts";
import { remainingNotes, remainingPlaces, type RemainingPlace } from "../../src/engine/leftovers.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import { mayCreate } from "./engine/creates.ts";
import { projectCall, servicesWithContainers } from "./find.ts";
import { mustBeNoPlatforms, platformLabels } from "./platform.ts";
import { isEnabled, usableCall } from "./profiles.ts";
import { lossWarnings } from "./engine/losses.ts";
import { writableFolders, writerName } from "./engine/places.ts";
import { mustHoldNoSecret } from "./engine/copied.ts";
import { fileNames } from "./words/rewording.ts";
import { rewordings, type Rewordings } from "./words/index.ts";
import { givenBy, has, withImplied } from "./words/implied.ts";
import { mustBeTraefik } from "./labels/index.ts";
import { forWords, mustBeFilledIn, mustHaveShell, withoutWords } from "./words/refuse.ts";
import { maskedOf, spanOf, stepsOf } from "./plan-steps.ts";
import { leftBehind, without, type AlongOf } from "./along.ts";
import { alongNotes, repeatedNote, rewordedNotes, warningsOf } from "./warnings.ts";
import { inStack, isNewStack, mustBeDeployed, stackDeploy, stackOf } from "./engine/stack.ts";
import { servicesSharing, sharingParts } from "./engine/sharing.ts";
import { mustRunNothing, matchingContainers, type Settling } from "./engine/matching-containers.ts";

export type ComposeApplyInput = {
  readonly engine: Engine;
  readonly registry: (host: string) => Promise<Registry>;
  readonly cli: ComposeCli;
  readonly project: ComposeProject;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  /** A folder in memory for trying out the files. */
  readonly memory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly passed: PassedEnvironment;
  readonly detector: () => Promise<Detector>;
  /** The variable that one moves along with; null for a finding. */
  readonly like: (one: Selected) => AlongOf | null;
};

/** `isStack`: `docker stack deploy` makes it of the files. */
export type PlannedProject = ComposeApplyInput & { readonly isStack: boolean };

/** One service of the plan: its containers, the chosen delivery, and the required changes to the files. */
export type ServicePart = {
  readonly service: string;
  readonly docs: readonly ContainerDoc[];
  /** Its containers differ from the files, which was accepted. */
  readonly drift: boolean;
  readonly known: Facts;
  /** Where inspect still shows plain words. */
  readonly tolerated: readonly RemainingPlace[];
  /** Whether the file repeats what its image runs. */
  readonly repeats: boolean;
  readonly delivery: Delivery;
  readonly why: string;
  readonly warnings: readonly string[];
  readonly wish: ServiceChange;
  readonly selected: readonly Selected[];
};

/**
 * Plans a project: all services with variables to migrate, together. What cannot be migrated is left with its reason,
 * including everything that would have to be migrated with it; the rest is planned without it.
 */
export async function planProject(
  input: ComposeApplyInput,
  unit: string,
  byService: ReadonlyMap<string, readonly Selected[]>,
  options: PlanOptions,
): Promise<UnitPlan> {
  const { all, implied } = withImplied(input.project, byService);
  const running = await servicesWithContainers(input.engine, projectCall(input.project), [...all.keys()]);
  const { call, config: before } = await usableCall(input, running);
  const platform = platformLabels(input.project, before);
  mustBeNoPlatforms(platform, options.accept);
  const stack = await stackOf(input.engine, input.project);
  const isStack = stack !== null || (running.length === 0 && (await isNewStack(input.engine, before)));
  const deploy = isStack ? stackDeploy(input.project, stack) : null;
  const moving = { ...input, isStack, deliveries: isStack ? input.deliveries.map(inStack) : input.deliveries };
  const inputs = [...textsOf(moving.project).keys()];
  const settling = async (): Promise<Settling> => {
    mustRunNothing(before);
    const writer = writerName(inputs, await writableFolders(moving.engine));
    const { found } = await servicesSharing(moving.engine, isStack ? [] : running, { call });
    // Of a service without a container, Compose would create what its profile may not even want.
    const foreseen = running.length === 0 ? new Map() : await moving.cli.foresee(call, [...running, ...found.keys()]);
    const { engine, cli, passed } = moving;
    return { engine, cli, call, before, foreseen, passed, writer };
  };
  let known: Promise<Settling> | null = null;
  const left: { selected: Selected; reason: string; hint: string | null }[] = [];
  /** Why others that are filled from the same text stay: the cause that the findings themselves stay too. */
  const causes: { selected: Selected; reason: string; hint: string | null }[] = [];
  let going = all;
  for (;;) {
    try {
      const parts: ServicePart[] = [];
      const words = await rewordings(moving.project, { ...moving, call, before }, givenBy(going));
      const moved = Array.from(going, ([name, own]) => [name, own.map(({ move }) => move.name)] as const);
      for (const [service, selected] of going) {
        const set = selected.filter(({ move }) => has(moving.project, service, move.name));
        if (stack !== null) await mustBeDeployed(input.engine, input.project, stack, service, set);
        parts.push(await partOf(moving, await (known ??= settling()), service, selected, options, words, moved));
      }
      const stays = (service: string, name: string): boolean =>
        (byService.get(service) ?? []).some(
          (one) => one.move.name === name && left.some(({ selected }) => selected === one),
        );
      const sharing =
        isStack || parts.length === 0 ? [] : await sharingParts(moving, await (known ??= settling()), parts, options);
      const rewritten = await tried(moving, call, parts, before, options.accept, stays);
      const planned = { unit, call, parts, rewritten, before, options, sharing };
      const steps = parts.length === 0 ? [] : stepsOf(moving, planned);
      const warnings = warningsOf(parts, rewritten, { ...moving.passed, deploy }, sharing);
      return { unit, steps, left, warnings: [...platformNotes("project", platform), ...warnings] };
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      const stays = [...going].flatMap(([service, own]) => own.filter(({ move }) => error.blocks(service, move.name)));
      if (stays.length === 0) throw error;
      const project = error.beside === null || byService.has(error.beside) ? null : sourceText(input.project);
      for (const selected of stays) {
        const isOne = project !== null && selected.finding.location.subject === "container";
        const hint = isOne ? cmd`unsprawl plan ${project} --to STORE plans all services together` : error.hint;
        const own = { selected, reason: error.message, hint };
        const cause = causes.find((one) => one.selected.value.equals(selected.value));
        if (implied.has(selected)) causes.push(own);
        else left.push({ ...own, ...(cause === undefined ? {} : { reason: cause.reason, hint: cause.hint }) });
      }
      going = without(going, stays);
      const behind = leftBehind(going, (one) => input.like(one) !== null && !implied.has(one));
      for (const one of behind) {
        const reason = `moves only along with ${input.like(one)?.name ?? ""}, which stays`;
        left.push({ selected: one, reason, hint: error.hint });
      }
      going = without(going, behind);
    }
  }
}

/**
 * The new files. Verified on copies first: Compose must resolve them to the same configuration except for the delivery.
 */
async function tried(
  { project, memory, cli, isStack }: PlannedProject,
  call: ProjectCall,
  parts: readonly ServicePart[],
  before: ComposeConfig,
  accept: ReadonlySet<string>,
  stays: (service: string, name: string) => boolean,
): Promise<Rewritten> {
  const wishes = parts.map(({ wish }) => wish);
  const rewritten = await rewriteProject(project, wishes, accept, stays, isStack);
  await withShadow(memory, project, rewritten.files, async (shadow, back) => {
    onlyDelivery(before, back(await cli.config(shadow(call))), wishes);
  });
  return rewritten;
}

async function partOf(
  moving: ComposeApplyInput,
  settling: Settling,
  service: string,
  selected: readonly Selected[],
  options: PlanOptions,
  words: Rewordings,
  moved: MovedNames,
): Promise<ServicePart> {
  const { call, before } = settling;
  const whole = (error: UnsprawlError): Blocked => new Blocked(error.message, error.hint, (one) => one === service);
  try {
    isEnabled(settling, service, moving.project);
    const moves = selected.map(({ move }) => move);
    const { docs, drift } = await matchingContainers(
      settling,
      service,
      selected.filter(({ move }) => has(moving.project, service, move.name)),
      options.accept,
    );
    const where = { project: call.name, service, runId: options.runId };
    const [first] = docs;
    const known =
      first === undefined
        ? await declaredFacts(moving, before, where, options.deliver)
        : await readFacts(moving.engine, first.Id, options.runId);
    const bare = bareSubject(moving, known, where, moves);
    const rewording = words(service, bare);
    mustBeFilledIn(moving.project, service, selected, rewording, bare.subject.env, moving.passed);
    const shown = withoutWords(known.doc, rewording);
    const tolerated = remainingPlaces(
      shown,
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
    const deliveries = forReturning(
      forWords(moving.deliveries, rewording, bare.subject),
      options.deliver,
      moving.project,
      service,
      moved,
    );
    const chosen = isUnseen(known)
      ? await wishedDelivery(deliveries, options.deliver, service, subject, selected)
      : await chooseDelivery(deliveries, options.deliver, service, subject, selected);
    const [left] = chosen.left;
    if (left !== undefined) {
      const { reason, hint } = whyLeft(left);
      const names = new Set(Array.from(chosen.left, (one) => (whyLeft(one).reason === reason ? one.name : "")));
      throw new Blocked(reason, hint, (its, name) => its === service && names.has(name));
    }
    const secrets = selected.map(({ move, value, finding }) => ({
      name: move.name,
      masked: maskedOf(finding),
      ...carriedSecret(value, spanOf(finding, move)),
    }));
    const owner = await chosen.delivery.owner(subject);
    if (owner !== null && chosen.delivery.name !== "volume") mustBeFound(moving.memory, moving.env);
    const site = composeSite(moving, moving.project, service, owner ?? NOBODY, moved);
    const wish = wishOf(
      site,
      { ...bare, subject: { ...bare.subject, byOption: subject.byOption } },
      chosen.delivery,
      moves,
      secrets,
      rewording,
    );
    if (first !== undefined)
      await mayCreate(moving.engine, before, call, [{ service, docs, mounts: wish.change.mounts }]);
    mustHoldNoSecret(await moving.detector(), service, newToFile(moving.project, wish));
    const rewritten = docs.length === 0 ? [] : await filesMadeAtStart(moving.deliveries, subject);
    const warnings = [
      ...chosen.warnings,
      ...selected.flatMap((one) => alongNotes(one.move.name, moving.like(one))),
      ...remainingNotes(tolerated),
      ...docs.slice(0, 1).flatMap((doc) => [...unhealthyNote(doc), ...loopingNote(doc)]),
      ...(await lossWarnings(settling, { service, docs, rewritten }, options.accept)),
    ];
    const repeated = repeatedOfImage(moving.project, wish);
    warnings.push(
      ...(repeated.length > 0 ? [repeatedNote(repeated)] : []),
      ...rewordedNotes(rewording, service, (name) => has(moving.project, service, name)),
      ...firstInitNotes(
        known.doc,
        moves.map(({ name }) => name),
      ),
    );
    return {
      service,
      docs,
      drift,
      known,
      tolerated,
      repeats: repeated.length > 0,
      ...chosen,
      warnings,
      wish,
      selected,
    };
  } catch (error) {
    if (error instanceof UnsprawlError && OF_ONE.has(error.code) && !(error instanceof Blocked)) throw whole(error);
    throw error;
  }
}

/** Faults of one service, such as a volume that cannot be mounted just now: the others are planned without it. */
const OF_ONE: ReadonlySet<string> = new Set(["refused", "failed", "absent", "malformed"]);
