import type { Migration, Recorder, Work } from "../../src/contract/migration.ts";
import { deliveryNamed } from "../../src/engine/choose.ts";
import { NO_CHANGE } from "../../src/engine/recreate/body.ts";
import { isUnhealthy } from "../../src/engine/recreate/health.ts";
import { recordProof, verifyContainer, type ContainerProof } from "../../src/engine/recreate/prove.ts";
import { recordedOwner } from "../../src/files/delivered.ts";
import type { Rewrite } from "../../src/files/rewritten.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DeliverStep, Plan, RecreateStep, Step, StepOf } from "../../src/model/plan.ts";
import { siblingId } from "../../src/model/step-id.ts";
import { withoutShared } from "./delivery/shared.ts";
import type { ComposeCli } from "./engine/cli.ts";
import { Recreation } from "./engine/recreate.ts";
import { stateBefore } from "./engine/standing.ts";
import { unchangedContainers } from "./engine/unchanged.ts";
import { containersOf } from "./find.ts";
import { sameConfig, sameInputs } from "./inputs.ts";
import { ProjectAccess } from "./perform-access.ts";
import { DeliveredServices } from "./perform-services.ts";
import { onlyDelivery } from "./rewrite/compare.ts";
import { rewriteProject } from "./rewrite/index.ts";
import { rewriteOf, serviceOf, targetOf } from "./steps.ts";
import type { ComposeTools } from "./tools.ts";

/** Performs a plan's steps on a project. All are idempotent. */
export class Performer implements Pick<Migration, "unchanged" | "perform" | "undo" | "scrub" | "render"> {
  readonly #tools: ComposeTools;
  readonly #access: ProjectAccess;

  constructor(tools: ComposeTools, cli: (names: readonly string[]) => Promise<ComposeCli>) {
    this.#tools = tools;
    this.#access = new ProjectAccess(tools, cli);
  }

  async unchanged(step: Step, plan: Plan): Promise<void> {
    const { open, key } = this.#tools;
    if (step.kind === "recreate") await unchangedContainers(await open(), step, plan, key);
    if (step.kind !== "rewrite") return;
    await this.#access.files.unchanged(step);
    sameInputs(step, await this.#access.project(step), key, false);
    await sameConfig(step, await this.#access.cli(step), key);
    for (const service of targetOf(step).unstarted)
      if ((await containersOf(await open(), targetOf(step), service)).length > 0)
        throw new UnsprawlError(
          "changed",
          `${service} has a container now, but had none when the plan was made`,
          "unsprawl plan again",
        );
  }

  async perform(step: Step, work: Work): Promise<void> {
    const rewrite = rewriteOf(work.plan.steps, step.unit);
    const services = new DeliveredServices(this.#access, rewrite, work);
    if (step.kind === "deliver") await this.#deliver(step, services, work);
    if (step.kind === "rewrite") await this.#rewriteFiles(step, services, work);
    if (step.kind === "recreate") await this.#recreate(rewrite, services, work);
    if (step.kind === "check") await this.#check(step, services, work);
  }

  async undo(steps: readonly Step[], work: Work): Promise<void> {
    const rewrite = rewriteOf(steps, steps[0]?.unit ?? "");
    const { files } = this.#access;
    await files.restore(await withoutShared(await this.#tools.open(), rewrite), work);
    await files.forget(rewrite, work.plan);
    await this.#recreation(rewrite, work).back(steps);
    const services = new DeliveredServices(this.#access, rewrite, work);
    for (const step of steps) if (step.kind === "deliver") await services.withdraw(step);
  }

  async scrub(steps: readonly Step[], { plan, record }: Work): Promise<readonly string[]> {
    const rewrite = rewriteOf(steps, steps[0]?.unit ?? "");
    for (const step of steps) if (step.kind === "recreate") await this.#mustServe(step, rewrite, plan, record);
    return this.#access.files.forget(rewrite, plan);
  }

  async render(...[steps, values, plan, record]: Parameters<Migration["render"]>): Promise<number> {
    const services = new DeliveredServices(this.#access, rewriteOf(steps, steps[0]?.unit ?? ""), { plan, record });
    let files = 0;
    for (const step of steps) {
      const owner = step.kind === "deliver" ? recordedOwner(record, step.id) : null;
      if (step.kind !== "deliver" || owner === null) continue;
      await services.supply(step, owner, values);
      files += step.moves.length;
    }
    return files;
  }

  async #deliver(step: DeliverStep, services: DeliveredServices, work: Work): Promise<void> {
    const delivery = deliveryNamed(this.#tools.deliveries, step.delivery);
    const { subject } = (await services.known(step)).bare;
    await delivery.allow(subject.id, subject.consumer, step.moves);
    const owner = recordedOwner(work.record, step.id) ?? (await delivery.owner(subject));
    if (owner === null) return;
    // Recorded for `render`, which works without the engine and the image.
    work.record.done(`${step.id}/owner`, owner);
    await services.supply(step, owner, work.values);
  }

  async #rewriteFiles(step: Rewrite, services: DeliveredServices, work: Work): Promise<void> {
    const { files } = this.#access;
    const target = targetOf(step);
    const compose = await this.#access.cli(step);
    if (target.unstarted.length > 0)
      work.say(
        `${target.unstarted.join(", ")}: store read back, files rewritten; never started, so nothing else is verified`,
      );
    let prove = async (): Promise<void> => undefined;
    await files.write(step, work, async () => {
      work.phase("comparing the project before and after with Docker Compose");
      const [before, wishes] = [await compose.config(target), await services.wishes(work.values)];
      // The plan verified copies; this verifies the files themselves.
      prove = async () => onlyDelivery(before, await compose.config(target), wishes);
      // Secrets that remain elsewhere were accepted at planning time.
      const project = await this.#access.project(step);
      const made = await rewriteProject(project, wishes, new Set(["elsewhere"]), undefined, target.isStack);
      return new Map(made.files.map(({ file, text }) => [file, text]));
    });
    // Somebody who has written since makes Compose read something else.
    await prove().catch((error: unknown) => Promise.reject(files.changedSince(step) ?? error));
  }

  async #recreate(rewrite: Rewrite, services: DeliveredServices, work: Work): Promise<void> {
    sameInputs(rewrite, await this.#access.project(rewrite), this.#tools.key, true);
    const { sharers } = targetOf(rewrite);
    await this.#recreation(rewrite, work).forth(async (service) =>
      sharers.includes(service) ? NO_CHANGE : services.changeOf(service),
    );
  }

  #recreation(rewrite: Rewrite, work: Work): Recreation {
    return new Recreation(this.#tools, () => this.#access.cli(rewrite), rewrite, work);
  }

  async #check(step: StepOf<"check">, services: DeliveredServices, work: Work): Promise<void> {
    const { open, deliveries, key, sight } = this.#tools;
    const engine = await open();
    const { bare } = await services.known(step);
    const common = {
      ...{ engine, step, delivery: deliveryNamed(deliveries, step.delivery), subject: bare.subject, work, key },
      ...{ sight: await sight(engine), before: stateBefore(siblingId(step, "recreate"), work.record) },
    };
    const target = targetOf(rewriteOf(work.plan.steps, step.unit));
    const proofs: ContainerProof[] = [];
    for (const { Id } of await containersOf(engine, target, serviceOf(step)))
      proofs.push(await verifyContainer({ ...common, id: Id }));
    recordProof(step, proofs, work);
  }

  /** Throws `refused` unless a service is up as it was before. */
  async #mustServe(step: RecreateStep, rewrite: Rewrite, plan: Plan, record: Recorder): Promise<void> {
    const docs = await containersOf(await this.#tools.open(), targetOf(rewrite), serviceOf(step));
    const { unhealthy } = stateBefore(step.id, record);
    const down = docs.find((doc) => !doc.State.Running || (isUnhealthy(doc) && !unhealthy));
    if (docs.length > 0 && !down) return;
    throw new UnsprawlError(
      "refused",
      `${serviceOf(step)} of ${targetOf(rewrite).name} is ${down?.State.Running === true ? "unhealthy" : "not running"}, so the original files are kept`,
      cmd`docker compose up -d ${serviceOf(step)}, or: unsprawl rollback ${plan.id}`,
    );
  }
}
