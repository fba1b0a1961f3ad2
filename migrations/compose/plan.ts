import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { Blocked } from "./rewrite/blocked.ts";
import type { ComposeConfig, ProjectCall } from "./engine/cli.ts";
import { onlyDelivery } from "./rewrite/compare.ts";
import { rewriteProject, textsOf, type Rewritten } from "./rewrite/index.ts";
import { withShadow } from "./engine/shadow.ts";
import { projectCall, servicesWithContainers } from "./find.ts";
import { platformNotes } from "../../src/engine/platforms.ts";
import { mustBeNoPlatforms, platformLabels } from "./platform.ts";
import { usableCall } from "./profiles.ts";
import { writableFolders, writerName } from "./engine/places.ts";
import { rewordings } from "./words/index.ts";
import { givenBy, has, withImplied } from "./words/implied.ts";
import { stepsOf, type PlannedProject } from "./plan-steps.ts";
import { warningsOf } from "./warnings.ts";
import { inStack, isNewStack, mustBeDeployed, stackDeploy, stackOf } from "./engine/stack.ts";
import { servicesSharing, sharingParts } from "./engine/sharing.ts";
import { mustRunNothing, type Settling } from "./engine/matching-containers.ts";
import { partOf } from "./plan-service.ts";
import { Remaining } from "./remaining.ts";
import type { ComposeApplyInput, ServicePart } from "./service-part.ts";

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
  const moving = { ...input, isStack, deliveries: isStack ? inStack(input.deliveries) : input.deliveries };
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
  const remaining = new Remaining(all, implied, input);
  for (;;) {
    try {
      const { going, left } = remaining;
      const parts: ServicePart[] = [];
      const words = await rewordings(moving.project, { ...moving, call, before }, givenBy(going));
      const moved = Array.from(going, ([name, own]) => [name, own.map(({ move }) => move.name)] as const);
      for (const [service, selected] of going) {
        const set = selected.filter(({ move }) => has(moving.project, service, move.name));
        if (stack !== null) await mustBeDeployed(input.engine, input.project, stack, service, set);
        known ??= settling();
        parts.push(await partOf({ moving, settling: await known, service, selected, options, words, moved }));
      }
      const stays = (service: string, name: string): boolean =>
        (byService.get(service) ?? []).some(
          (one) => one.move.name === name && left.some(({ selected }) => selected === one),
        );
      const isShared = !isStack && parts.length > 0;
      const sharing = isShared ? await sharingParts(moving, await (known ??= settling()), parts, options) : [];
      const rewritten = await tried(moving, call, parts, before, options.accept, stays);
      const planned = { unit, call, parts, rewritten, before, options, sharing };
      const steps = parts.length === 0 ? [] : stepsOf(moving, planned);
      const warnings = warningsOf(parts, rewritten, { ...moving.passed, deploy }, sharing);
      return { unit, steps, left, warnings: [...platformNotes("project", platform), ...warnings] };
    } catch (error) {
      if (!(error instanceof Blocked) || !remaining.leave(error, byService)) throw error;
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
