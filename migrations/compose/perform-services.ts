import type { Owner } from "../../src/contract/delivery.ts";
import type { Work } from "../../src/contract/migration.ts";
import { deliveryNamed } from "../../src/engine/choose.ts";
import { readFacts, type Facts } from "../../src/engine/facts.ts";
import { driverVolumes } from "../../src/engine/plugin/volumes.ts";
import { recordedOwner } from "../../src/files/delivered.ts";
import type { Rewrite } from "../../src/files/rewritten.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { valuesByName, valueKey, type DeliverStep, type Step, type StepOf } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import { composeChange, volumeKey, type BareService, type ComposeChange, type ComposeSite } from "./delivery/change.ts";
import { serviceConsumer, supplyService, withdrawService } from "./delivery/supplied.ts";
import { bareSubject, composeSite, NOBODY, subjectOf, wishOf } from "./delivery/wish.ts";
import { declaredFacts } from "./engine/unstarted.ts";
import { containersOf } from "./find.ts";
import type { ProjectAccess } from "./perform-access.ts";
import { carriedSecret } from "./rewrite/carries.ts";
import type { ServiceChange } from "./rewrite/index.ts";
import { serviceOf, targetOf } from "./steps.ts";
import { givenTo } from "./words/implied.ts";
import { rewordings } from "./words/index.ts";

/** A container of a service, and the service as deliveries see it: without what any run added. */
export type KnownService = Facts & { readonly bare: BareService };

/** The services of a project as a run delivers to them. */
export class DeliveredServices {
  readonly #access: ProjectAccess;
  readonly #rewrite: Rewrite;
  readonly #target: ReturnType<typeof targetOf>;
  readonly #work: Pick<Work, "plan" | "leaves"> & { readonly record: Pick<Work["record"], "last"> };

  constructor(
    access: ProjectAccess,
    rewrite: Rewrite,
    work: Pick<Work, "plan" | "leaves"> & { readonly record: Pick<Work["record"], "last"> },
  ) {
    this.#access = access;
    this.#rewrite = rewrite;
    this.#target = targetOf(rewrite);
    this.#work = work;
  }

  async known(step: StepOf<"deliver" | "check">): Promise<KnownService> {
    const { open, memory, registry } = this.#access.tools;
    const { name, isCommitted, unstarted, byOption } = this.#target;
    const [engine, service, runId] = [await open(), serviceOf(step), this.#work.plan.id];
    const [first] = await containersOf(engine, this.#target, service);
    const where = { project: name, service, runId };
    const bareIn = (found: Facts): BareService =>
      bareSubject({ memory: memory() }, found, where, step.moves, byOption[service]);
    if (!first && unstarted.includes(service)) {
      const config = await (await this.#access.cli(this.#rewrite)).config(this.#target);
      const facts = await declaredFacts({ engine, registry }, config, where, step.delivery);
      return { ...facts, bare: bareIn(facts) };
    }
    if (!first)
      throw new UnsprawlError(
        "changed",
        `no container of ${service} exists any longer`,
        cmd`unsprawl rollback ${runId}`,
      );
    const found = await readFacts(engine, first.Id, runId);
    return { ...found, bare: isCommitted ? bareIn(found) : this.#bareOfEarlierVersion(found, service) };
  }

  /** A service to which an earlier version delivered: a folder of the run's own. */
  #bareOfEarlierVersion({ subject: found, doc }: Facts, service: string): BareService {
    const subject = subjectOf(found, this.#target.name, service, this.#work.plan.id);
    const ours = (doc.Mounts ?? [])
      .filter(({ Source }) => Source?.includes(`/units/${subject.id}/`))
      .map((one) => one.Destination);
    const mountTargets = subject.mountTargets.filter((target) => !ours.includes(target));
    return { subject: { ...subject, mountTargets }, earlier: [], earlierCheck: [], health: null, hasScript: false };
  }

  /** Puts the values of a service where its containers mount them. */
  async supply(step: DeliverStep, owner: Owner, values: ReadonlyMap<string, Secret>): Promise<void> {
    const { tools } = this.#access;
    const own = valuesByName(step.moves, values);
    if (this.#isByVolume(step)) return;
    if (this.#target.isCommitted) await supplyService(tools.supplies, this.#consumerOf(step, owner), own);
    else await deliveryNamed(tools.deliveries, step.delivery).prepare(this.#idOf(step), owner, step.moves, own);
  }

  /** The inverse of `supply`. */
  async withdraw(step: DeliverStep): Promise<void> {
    const { tools } = this.#access;
    const owner = recordedOwner(this.#work.record, step.id);
    if (this.#isByVolume(step)) await this.#removeVolumes(serviceOf(step));
    if (this.#target.isCommitted && owner !== null && !this.#isByVolume(step))
      await withdrawService(tools.supplies, this.#consumerOf(step, owner));
    else this.#work.leaves?.(await deliveryNamed(tools.deliveries, step.delivery).discard(this.#idOf(step)));
  }

  /** Whether the engine's plugin writes the values, and nobody here. */
  #isByVolume({ delivery }: DeliverStep): boolean {
    return delivery === "volume";
  }

  /** Removes the volumes of our driver that Compose made for a service and that no container has any more. */
  async #removeVolumes(service: string): Promise<void> {
    const engine = await this.#access.tools.open();
    const own = `${this.#target.name}_${volumeKey(service, "")}`;
    const docker = await engine.docker();
    for (const { name, users } of await driverVolumes(engine))
      if (name.startsWith(own) && users.length === 0)
        await engine.call(`remove the volume ${name}`, () => docker.getVolume(name).remove());
  }

  #consumerOf(step: DeliverStep, owner: Owner): ReturnType<typeof serviceConsumer> {
    return serviceConsumer(this.#access.tools.memory(), this.#target, step, this.#work.plan.store, owner);
  }

  #idOf(step: Step): string {
    return subjectOf({} as Facts["subject"], this.#target.name, serviceOf(step), this.#work.plan.id).id;
  }

  /** The planned changes of the services. The plan records where in each value the secret is. */
  async wishes(values: ReadonlyMap<string, Secret>): Promise<ServiceChange[]> {
    const { tools } = this.#access;
    if (!this.#target.isCommitted)
      throw new UnsprawlError(
        "refused",
        `run ${this.#work.plan.id} was started by an earlier version of unsprawl, which would write different files`,
        cmd`unsprawl rollback ${this.#work.plan.id}, then plan again`,
      );
    const cli = await this.#access.cli(this.#rewrite);
    const at = { ...tools, cli, call: this.#target, before: await cli.config(this.#target) };
    const given = new Map(this.#deliverSteps().map((one) => [serviceOf(one), givenTo(one.moves, values)]));
    const words = await rewordings(await this.#access.project(this.#rewrite), at, given);
    const wishes: ServiceChange[] = [];
    for (const one of this.#deliverSteps()) {
      const { bare } = await this.known(one);
      const secrets = one.moves.map((move) => ({ name: move.name, masked: "", ...this.#carried(move, values) }));
      const site = await this.#siteOf(one);
      const delivery = deliveryNamed(tools.deliveries, one.delivery);
      wishes.push(wishOf(site, bare, delivery, one.moves, secrets, words(site.service, bare)));
    }
    return wishes;
  }

  #carried(move: DeliverStep["moves"][number], values: ReadonlyMap<string, Secret>): ReturnType<typeof carriedSecret> {
    const value = values.get(valueKey(move));
    if (!value)
      throw new UnsprawlError("malformed", `the plan has no put step for ${move.name}`, "unsprawl plan again");
    const { spans } = this.#target;
    // Plans of earlier versions name it by its place.
    return carriedSecret(value, spans[valueKey(move)] ?? spans[`${move.location.subjectName}/${move.name}`] ?? null);
  }

  /** What the delivery changes in a service that has not been recreated yet. */
  async changeOf(service: string): Promise<ComposeChange> {
    const step = this.#deliverSteps().find((one) => serviceOf(one) === service);
    if (step === undefined)
      throw new UnsprawlError("malformed", `the plan delivers nothing to ${service}`, "unsprawl plan again");
    const { bare } = await this.known(step);
    const site = await this.#siteOf(step);
    const delivery = deliveryNamed(this.#access.tools.deliveries, step.delivery);
    const change = delivery.change(bare.subject, step.moves, site.owner);
    const { isCommitted, reworded, labels } = this.#target;
    if (!isCommitted) return change;
    const changed = composeChange(change, bare, step.moves, site);
    return { ...changed, reworded: reworded.includes(service), relabelled: labels[service] ?? [] };
  }

  async #siteOf(step: Step): Promise<ComposeSite> {
    const owner = recordedOwner(this.#work.record, step.id) ?? NOBODY;
    const moved = this.#deliverSteps().map((one) => [serviceOf(one), one.moves.map(({ name }) => name)] as const);
    const project = await this.#access.project(this.#rewrite);
    return composeSite({ memory: this.#access.tools.memory() }, project, serviceOf(step), owner, moved);
  }

  #deliverSteps(): readonly DeliverStep[] {
    const { unit } = this.#rewrite;
    return this.#work.plan.steps.filter((step): step is DeliverStep => step.kind === "deliver" && step.unit === unit);
  }
}
