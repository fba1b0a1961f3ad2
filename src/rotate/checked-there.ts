import type { Work } from "../contract/migration.ts";
import type { RotationCredential, RotationSession, RotationTarget } from "../contract/rotator.ts";
import { UnsprawlError } from "../model/error.ts";
import type { RotateStep } from "../model/plan.ts";
import { loginsOf } from "./logins.ts";
import { reachedNow } from "./reach.ts";
import type { OpenedStore, RotateTools } from "./types.ts";
import { wireOf } from "./wire.ts";

/** Where one secret is checked. */
export class CheckedThere {
  readonly #tools: RotateTools;
  readonly #step: RotateStep;
  readonly #work: Work;
  readonly #at: OpenedStore;

  constructor(tools: RotateTools, step: RotateStep, work: Work, at: OpenedStore) {
    this.#tools = tools;
    this.#step = step;
    this.#work = work;
    this.#at = at;
  }

  /** Has the server accept the new value, or no longer the old one; true once it was seen to refuse that. */
  async change(what: "admit" | "retire", old: RotationCredential, next: RotationCredential): Promise<boolean> {
    const { checkedBy, rotator, isGiven } = this.#step;
    const { server } = await this.#tools.rotator(rotator);
    if (server === null || isGiven === true) return false;
    this.#work.phase(what === "admit" ? `having ${checkedBy} accept the new value` : "having the old value refused");
    await this.#inSession(old, [next, old], (session) => session[what](old, next));
    if (what === "admit") return false;
    const [target, wire] = [await this.#targetNow(old), wireOf(this.#tools, this.#step, this.#work.signal)];
    if (!(await server.logsIn(target, next, wire)))
      throw new UnsprawlError("failed", `${checkedBy} does not accept the new value`);
    if (await server.logsIn(target, old, wire))
      throw new UnsprawlError("failed", `${checkedBy} still accepts the old value`);
    return true;
  }

  /** Whether the server accepts a credential. */
  async accepts(credential: RotationCredential): Promise<boolean> {
    const { server } = await this.#tools.rotator(this.#step.rotator);
    const wire = wireOf(this.#tools, this.#step, this.#work.signal);
    return server !== null && server.logsIn(await this.#targetNow(credential), credential, wire);
  }

  /** Has the server make a new credential. `isOurs`: whether an earlier attempt, whose result nobody kept, made the one of this id. */
  async create(old: RotationCredential, isOurs: (id: string) => boolean): Promise<RotationCredential> {
    return this.#inSession(old, [old], async (session) => {
      if (session.create !== undefined) return session.create(isOurs);
      throw new UnsprawlError("refused", `its server makes no new value of ${this.#step.name}`);
    });
  }

  /** Logs in to change the credential, as whoever may, or as its owner with one of these. */
  async #inSession<T>(
    old: RotationCredential,
    own: readonly RotationCredential[],
    act: (session: RotationSession) => Promise<T>,
  ): Promise<T> {
    const { server } = await this.#tools.rotator(this.#step.rotator);
    if (server === null) throw new UnsprawlError("malformed", "the plan names no server", "unsprawl rotate again");
    const logins = await loginsOf(this.#step, own, this.#tools, this.#at);
    const wire = wireOf(this.#tools, this.#step, this.#work.signal);
    const session = await server.open(await this.#targetNow(old), logins, wire);
    try {
      return await act(session);
    } finally {
      await session.close();
    }
  }

  /** The server's address now: a start may have given its planned one to another container. */
  async #targetNow({ id }: RotationCredential): Promise<RotationTarget> {
    const { server, consumers } = this.#step;
    const planned = this.#step.target as unknown as RotationTarget;
    const target = { ...planned, login: id ?? planned.login };
    if (server === null) return target;
    const { engine } = this.#at;
    const first = consumers.find((one) => one.engine === undefined);
    const from = first === undefined ? null : await engine.container(first.container);
    return reachedNow(target, server, await engine.container(server), from);
  }
}
