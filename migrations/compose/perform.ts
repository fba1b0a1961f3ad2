import type { Delivery, Owner } from "../../src/contract/delivery.ts";
import type { Migration, Work } from "../../src/contract/migration.ts";
import type { ComposeCli } from "./engine/cli.ts";
import { composeEnvironment, missingVariables } from "./engine/child.ts";
import { carriedSecret } from "./rewrite/carries.ts";
import { onlyDelivery } from "./rewrite/compare.ts";
import type { ComposeProject } from "./syntax/project.ts";
import { rewriteProject, type ServiceChange } from "./rewrite/index.ts";
import { declaredFacts } from "./engine/unstarted.ts";
import { deliveryNamed } from "../../src/engine/choose.ts";
import { readFacts, type Facts } from "../../src/engine/facts.ts";
import { isUnhealthy } from "../../src/engine/recreate/health.ts";
import { recordProof, verifyContainer, type ContainerProof } from "../../src/engine/recreate/prove.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import {
  valuesByName,
  valueKey,
  type DeliveryName,
  type DeliverStep,
  type Plan,
  type Step,
} from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import { rewrittenFiles, type Rewrite } from "../../src/files/rewritten.ts";
import { cmd } from "../../src/kit/shell.ts";
import { containersOf, projectOf } from "./find.ts";
import type { ComposeTools } from "./index.ts";
import { bareSubject, NOBODY, composeSite, subjectOf, wishOf } from "./delivery/wish.ts";
import { composeChange, type BareService, type ComposeChange, type ComposeSite } from "./delivery/change.ts";
import { withoutShared } from "./delivery/shared.ts";
import { serviceConsumer, supplyService, withdrawService } from "./delivery/supplied.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import { sameConfig, sameInputs } from "./inputs.ts";
import { rewordings } from "./words/index.ts";
import { givenTo } from "./words/implied.ts";
import { recreator } from "./engine/recreate.ts";
import { stateBefore } from "./engine/standing.ts";
import { NO_CHANGE } from "../../src/engine/recreate/body.ts";
import { unchangedContainers } from "./engine/unchanged.ts";
import { rewriteOf, serviceOf, targetOf } from "./steps.ts";
import { siblingId } from "../../src/model/step-id.ts";
import { recordedOwner } from "../../src/files/delivered.ts";

type Performer = Pick<Migration, "unchanged" | "undo" | "scrub" | "render"> & { readonly step: Migration["perform"] };

/** Performs a plan's steps on a project. All are idempotent. */
export function performer(tools: ComposeTools, cli: (names: readonly string[]) => Promise<ComposeCli>): Performer {
  const { open, key } = tools;
  const deliveryOf = (name: DeliveryName): Delivery => deliveryNamed(tools.deliveries, name);
  const files = rewrittenFiles(tools);
  const cliOf = async (rewrite: Rewrite): Promise<ComposeCli> => {
    const { name, passes } = targetOf(rewrite);
    const missing = missingVariables(await project(rewrite), passes, tools.env);
    if (missing.length === 0) return cli(passes);
    throw new UnsprawlError(
      "refused",
      `${missing.join(", ")} was set when ${name} was planned and is not now, so Compose would create different containers`,
      cmd`export ${missing[0] ?? ""}=… as it was then, then try again`,
    );
  };
  const project = async (rewrite: Rewrite): Promise<ComposeProject> => {
    const target = targetOf(rewrite);
    return projectOf(target, composeEnvironment(tools.env, target.passes));
  };
  const recreation = recreator(tools, cliOf);

  return {
    async unchanged(step, plan) {
      if (step.kind === "rewrite") {
        await files.unchanged(step);
        sameInputs(step, await project(step), key, false);
        await sameConfig(step, await cliOf(step), key);
        for (const service of targetOf(step).unstarted)
          if ((await containersOf(await open(), targetOf(step), service)).length > 0)
            throw new UnsprawlError(
              "changed",
              `${service} has a container now, but had none when the plan was made`,
              "unsprawl plan again",
            );
      }
      if (step.kind === "recreate") await unchangedContainers(await open(), step, plan, key);
    },

    async step(step, work) {
      const rewrite = rewriteOf(work.plan.steps, step.unit);
      if (step.kind === "deliver") await deliver(step, rewrite, work);
      if (step.kind === "rewrite") await rewriteFiles(step, work);
      if (step.kind === "recreate") {
        sameInputs(rewrite, await project(rewrite), key, true);
        const { sharers } = targetOf(rewrite);
        await recreation.recreate(rewrite, work, async (service) =>
          sharers.includes(service) ? NO_CHANGE : changeOf(service, rewrite, work),
        );
      }
      if (step.kind === "check") await check(step, rewrite, work);
    },

    async undo(steps, work) {
      const rewrite = rewriteOf(steps, steps[0]?.unit ?? "");
      await files.restore(await withoutShared(await open(), rewrite), work);
      await files.forget(rewrite, work.plan);
      await recreation.bringBack(steps, rewrite, work);
      for (const step of steps) {
        if (step.kind !== "deliver") continue;
        const owner = recordedOwner(work.record, step.id);
        if (targetOf(rewrite).isCommitted && owner !== null)
          await withdrawService(tools.supplies, consumerOf(step, rewrite, work.plan, owner));
        else await deliveryOf(step.delivery).discard(idOf(step, rewrite, work.plan.id));
      }
    },

    async scrub(steps, { plan, record }) {
      const rewrite = rewriteOf(steps, steps[0]?.unit ?? "");
      const { name } = targetOf(rewrite);
      for (const step of steps) {
        if (step.kind !== "recreate") continue;
        const docs = await containersOf(await open(), targetOf(rewrite), serviceOf(step));
        const { unhealthy } = stateBefore(step.id, record);
        const down = docs.find((doc) => !doc.State.Running || (isUnhealthy(doc) && !unhealthy));
        if (docs.length === 0 || down)
          throw new UnsprawlError(
            "refused",
            `${serviceOf(step)} of ${name} is ${down?.State.Running === true ? "unhealthy" : "not running"}, so the original files are kept`,
            cmd`docker compose up -d ${serviceOf(step)}, or: unsprawl rollback ${plan.id}`,
          );
      }
      return files.forget(rewrite, plan);
    },

    async render(steps, values, plan, record) {
      const rewrite = rewriteOf(steps, steps[0]?.unit ?? "");
      let files = 0;
      for (const step of steps) {
        const owner = step.kind === "deliver" ? recordedOwner(record, step.id) : null;
        if (step.kind !== "deliver" || owner === null) continue;
        await place(step, rewrite, plan, owner, values);
        files += step.moves.length;
      }
      return files;
    },
  };

  /** Puts the values of a service where its containers mount them. */
  async function place(
    step: DeliverStep,
    rewrite: Rewrite,
    plan: Plan,
    owner: Owner,
    values: ReadonlyMap<string, Secret>,
  ): Promise<void> {
    const own = valuesByName(step.moves, values);
    if (targetOf(rewrite).isCommitted) await supplyService(tools.supplies, consumerOf(step, rewrite, plan, owner), own);
    else await deliveryOf(step.delivery).prepare(idOf(step, rewrite, plan.id), owner, step.moves, own);
  }

  function consumerOf(step: DeliverStep, rewrite: Rewrite, { store }: Plan, owner: Owner): Consumer {
    return serviceConsumer(tools.memory(), targetOf(rewrite), step, store, owner);
  }

  function idOf(step: Step, rewrite: Rewrite, runId: string): string {
    return subjectOf({} as Facts["subject"], targetOf(rewrite).name, serviceOf(step), runId).id;
  }

  /** A container of the service, and the service as deliveries see it: without what any run added. */
  async function known(
    step: Extract<Step, { readonly kind: "deliver" | "check" }>,
    rewrite: Rewrite,
    runId: string,
  ): Promise<Facts & { readonly bare: BareService }> {
    const engine = await open();
    const { name, isCommitted, unstarted, byOption } = targetOf(rewrite);
    const service = serviceOf(step);
    const [first] = await containersOf(engine, targetOf(rewrite), service);
    const where = { project: name, service, runId };
    const bareIn = (found: Facts): BareService =>
      bareSubject({ memory: tools.memory() }, found, where, step.moves, byOption[service]);
    if (!first && unstarted.includes(service)) {
      const config = await (await cliOf(rewrite)).config(targetOf(rewrite));
      const facts = await declaredFacts({ engine, registry: tools.registry }, config, where, step.delivery);
      return { ...facts, bare: bareIn(facts) };
    }
    if (!first)
      throw new UnsprawlError(
        "changed",
        `no container of ${service} exists any longer`,
        cmd`unsprawl rollback ${runId}`,
      );
    const found = await readFacts(engine, first.Id, runId);
    if (isCommitted) return { ...found, bare: bareIn(found) };
    const subject = subjectOf(found.subject, name, service, runId);
    const ours = (first.Mounts ?? [])
      .filter(({ Source }) => Source?.includes(`/units/${subject.id}/`))
      .map((one) => one.Destination);
    const mountTargets = subject.mountTargets.filter((target) => !ours.includes(target));
    return {
      ...found,
      bare: { subject: { ...subject, mountTargets }, earlier: [], earlierCheck: [], health: null, hasScript: false },
    };
  }

  async function deliver(step: DeliverStep, rewrite: Rewrite, work: Work): Promise<void> {
    const delivery = deliveryOf(step.delivery);
    const { subject } = (await known(step, rewrite, work.plan.id)).bare;
    await delivery.allow(subject.id, subject.consumer, step.moves);
    const owner = recordedOwner(work.record, step.id) ?? (await delivery.owner(subject));
    if (owner === null) return;
    // Recorded for `render`, which works without the engine and the image.
    work.record.done(`${step.id}/owner`, owner);
    await place(step, rewrite, work.plan, owner, work.values);
  }

  async function rewriteFiles(step: Rewrite, work: Work): Promise<void> {
    const target = targetOf(step);
    const compose = await cliOf(step);
    if (target.unstarted.length > 0)
      work.say(
        `${target.unstarted.join(", ")}: store read back, files rewritten; never started, so nothing else is verified`,
      );
    let prove = async (): Promise<void> => undefined;
    await files.write(step, work, async () => {
      work.phase("comparing the project before and after with Docker Compose");
      const [before, wishes] = [await compose.config(target), await wishesOf(step, work)];
      // The plan verified copies; this verifies the files themselves.
      prove = async () => onlyDelivery(before, await compose.config(target), wishes);
      // Secrets that remain elsewhere were accepted at planning time.
      const made = await rewriteProject(await project(step), wishes, new Set(["elsewhere"]), undefined, target.isStack);
      return new Map(made.files.map(({ file, text }) => [file, text]));
    });
    // Somebody who has written since makes Compose read something else.
    await prove().catch((error: unknown) => Promise.reject(files.changedSince(step) ?? error));
  }

  /** The planned changes of the services. The plan records where in each value the secret is. */
  async function wishesOf(step: Rewrite, work: Work): Promise<ServiceChange[]> {
    const { spans, isCommitted } = targetOf(step);
    if (!isCommitted)
      throw new UnsprawlError(
        "refused",
        `run ${work.plan.id} was started by an earlier version of unsprawl, which would write different files`,
        cmd`unsprawl rollback ${work.plan.id}, then plan again`,
      );
    const wishes: ServiceChange[] = [];
    const delivered = work.plan.steps.filter(
      (one): one is DeliverStep => one.kind === "deliver" && one.unit === step.unit,
    );
    const given = new Map(delivered.map((one) => [serviceOf(one), givenTo(one.moves, work.values)]));
    const cli = await cliOf(step);
    const at = { ...tools, cli, call: targetOf(step), before: await cli.config(targetOf(step)) };
    const words = await rewordings(await project(step), at, given);
    for (const one of delivered) {
      const { bare } = await known(one, step, work.plan.id);
      const secrets = one.moves.map((move) => {
        const value = work.values.get(valueKey(move));
        if (!value)
          throw new UnsprawlError("malformed", `the plan has no put step for ${move.name}`, "unsprawl plan again");
        // Plans of earlier versions name it by its place.
        const span = spans[valueKey(move)] ?? spans[`${move.location.subjectName}/${move.name}`] ?? null;
        return { name: move.name, masked: "", ...carriedSecret(value, span) };
      });
      const site = await placeIn(one, step, work);
      wishes.push(wishOf(site, bare, deliveryOf(one.delivery), one.moves, secrets, words(site.service, bare)));
    }
    return wishes;
  }

  /** What the delivery changes in a service that has not been recreated yet. */
  async function changeOf(service: string, rewrite: Rewrite, work: Work): Promise<ComposeChange> {
    const step = work.plan.steps.find(
      (one) => one.kind === "deliver" && one.unit === rewrite.unit && serviceOf(one) === service,
    );
    if (step?.kind !== "deliver")
      throw new UnsprawlError("malformed", `the plan delivers nothing to ${service}`, "unsprawl plan again");
    const { bare } = await known(step, rewrite, work.plan.id);
    const change = deliveryOf(step.delivery).change(bare.subject, step.moves);
    const { isCommitted, reworded, labels } = targetOf(rewrite);
    if (!isCommitted) return change;
    const changed = composeChange(change, bare, step.moves, await placeIn(step, rewrite, work));
    return { ...changed, reworded: reworded.includes(service), relabelled: labels[service] ?? [] };
  }

  async function placeIn(step: Step, rewrite: Rewrite, work: Work): Promise<ComposeSite> {
    const owner = recordedOwner(work.record, step.id) ?? NOBODY;
    const moved = work.plan.steps.flatMap((one) =>
      one.kind === "deliver" && one.unit === rewrite.unit
        ? [[serviceOf(one), one.moves.map(({ name }) => name)] as const]
        : [],
    );
    return composeSite({ memory: tools.memory() }, await project(rewrite), serviceOf(step), owner, moved);
  }

  async function check(step: Extract<Step, { kind: "check" }>, rewrite: Rewrite, work: Work): Promise<void> {
    const engine = await open();
    const { bare, info } = await known(step, rewrite, work.plan.id);
    const delivery = deliveryOf(step.delivery);
    const before = stateBefore(siblingId(step, "recreate"), work.record);
    const docs = await containersOf(engine, targetOf(rewrite), serviceOf(step));
    const proofs: ContainerProof[] = [];
    for (const { Id } of docs)
      proofs.push(
        await verifyContainer({
          ...{ engine, id: Id, step, delivery, subject: bare.subject },
          ...{ dockerRoot: info.DockerRootDir, before, work, key },
        }),
      );
    recordProof(step, proofs, work);
  }
}
