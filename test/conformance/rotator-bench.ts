import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect } from "vitest";
import type {
  RotationCredential,
  RotationLogin,
  RotationServer,
  RotationSession,
  RotationTarget,
  RotationWire,
  Rotator,
} from "../../src/contract/rotator.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { UnsprawlError, type ErrorCode } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotators } from "../../src/rotators/index.ts";

/** A login that the server checks, made for one case. */
export type RotatorSubject = {
  readonly target: RotationTarget;
  readonly old: RotationCredential;
  /** May change every login's password. */
  readonly admin: RotationLogin;
};

/** One real server. */
export type RotatorWorld = {
  /** A new login, with this password where the server does not make it. */
  subject(password: string): Promise<RotatorSubject>;
  /** A login that the server accepts and that may change nobody's password. */
  readonly stranger: RotationLogin;
  /** All that the server has logged so far. */
  logs(): Promise<string>;
  stop(): Promise<void>;
};

export type RotatorTraits = {
  /** Whether a login may change its own password, or what the refusal says. */
  readonly owner: "may" | ErrorCode;
  /** The target of a login that the server does not have. */
  readonly absent?: (target: RotationTarget) => RotationTarget;
};

/** Every printable character of ASCII. */
export const PRINTABLE = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join("");

export const WIRE: RotationWire = {
  reach: NAMED,
  local: true,
  timeoutMs: 20_000,
  env: {},
  signal: new AbortController().signal,
};

/** One world and what its cases need, filled before the first one runs. */
export class RotatorBench {
  world!: RotatorWorld;
  rotator!: Rotator;
  readonly id: string;
  readonly traits: RotatorTraits;
  /** Every password and key of the cases: what no log and no error may hold. */
  readonly secrets: string[] = [];

  constructor(id: string, traits: RotatorTraits) {
    this.id = id;
    this.traits = traits;
  }

  async start(makeWorld: () => Promise<RotatorWorld>): Promise<void> {
    const load = rotators[this.id];
    if (load === undefined) throw new Error(`no rotator ${this.id}`);
    this.rotator = (await load()).rotator;
    this.world = await makeWorld();
    this.know(this.world.stranger.secret);
  }

  get server(): RotationServer {
    if (this.rotator.server === null) throw new Error(`${this.id} has no server`);
    return this.rotator.server;
  }

  know(secret: Secret): void {
    this.secrets.push(secret.exposeText());
  }

  async subject(password = randomBytes(18).toString("base64")): Promise<RotatorSubject> {
    const made = await this.world.subject(password);
    for (const secret of [made.old.secret, made.admin.secret]) this.know(secret);
    return made;
  }

  /** The new credential: made here, or by the server. */
  async next({ old, target }: RotatorSubject, session: RotationSession, isOurs: (id: string) => boolean = () => false) {
    const { make } = this.rotator;
    const next: RotationCredential =
      make === null ? ((await session.create?.(isOurs)) ?? { id: null, secret: Secret.of("") }) : make(old, target);
    this.know(next.secret);
    return next;
  }

  async session<T>(
    target: RotationTarget,
    logins: readonly RotationLogin[],
    act: (session: RotationSession) => Promise<T>,
  ): Promise<T> {
    const session = await this.server.open(target, logins, WIRE);
    try {
      return await act(session);
    } finally {
      await session.close();
    }
  }

  /** Which of the two the server accepts. */
  async accepted(target: RotationTarget, old: RotationCredential, next: RotationCredential): Promise<string> {
    const of = async (name: string, one: RotationCredential): Promise<string[]> =>
      (await this.server.logsIn(target, one, WIRE)) ? [name] : [];
    return [...(await of("old", old)), ...(await of("new", next))].join(" and ");
  }

  /** What is accepted between `admit` and `retire`. */
  get between(): string {
    return this.rotator.about.overlap === "both" ? "old and new" : "new";
  }

  /** The error of a call, proven to quote no value. */
  async failure(act: Promise<unknown>, code: ErrorCode): Promise<UnsprawlError> {
    const error = await act.then(
      () => new Error("it did not fail"),
      (one: unknown) => one,
    );
    const hint = error instanceof UnsprawlError ? `${error.hint} ${String(error.cause)}` : "";
    const said = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${hint}`;
    expect(this.secrets.filter((secret) => said.includes(secret))).toHaveLength(0);
    expect(error, said).toBeInstanceOf(UnsprawlError);
    expect((error as UnsprawlError).code, said).toBe(code);
    return error as UnsprawlError;
  }
}
