import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
import { killCases } from "./rotator-kills.ts";

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
  async next({ old, target }: RotatorSubject, session: RotationSession, begun: Date | null = null) {
    const { make } = this.rotator;
    const next: RotationCredential =
      make === null
        ? ((await session.create?.(begun)) ?? { id: null, secret: Secret.of("") })
        : make(old, target);
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

/** What every rotator with a server must do (src/contract/rotator.ts), against a real one. */
export function rotatorConformance(
  id: string,
  makeWorld: () => Promise<RotatorWorld>,
  traits: RotatorTraits,
  { label = id, more = () => {} }: { readonly label?: string; readonly more?: (bench: RotatorBench) => void } = {},
): void {
  describe(`rotator ${label}`, () => {
    const bench = new RotatorBench(id, traits);
    beforeAll(() => bench.start(makeWorld));
    afterAll(() => bench.world?.stop());
    rotationCases(bench);
    refusalCases(bench);
    killCases(bench);
    more(bench);
    test("no password stands in what the server logged", async () => {
      const logs = await bench.world.logs();
      expect(logs.length).toBeGreaterThan(200);
      const forms = (secret: string): string[] => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
      expect(bench.secrets.length).toBeGreaterThan(20);
      expect(bench.secrets.filter((secret) => forms(secret).some((form) => logs.includes(form)))).toHaveLength(0);
    });
  });
}

function rotationCases(bench: RotatorBench): void {
  test("an administrator rotates: let in, then the old one is refused; each step again changes nothing", async () => {
    const made = await bench.subject();
    const { target, old, admin } = made;
    await bench.session(target, [admin], async (session) => {
      expect(await session.may(old)).toBeInstanceOf(Array);
      const next = await bench.next(made, session);
      for (const round of [1, 2]) {
        await session.admit(old, next);
        expect(await bench.accepted(target, old, next), `admitted ${round}`).toBe(bench.between);
      }
      for (const round of [1, 2]) {
        await session.retire(old, next);
        expect(await bench.accepted(target, old, next), `retired ${round}`).toBe("new");
      }
      await session.may(next);
    });
  });

  test("what was admitted is taken back: the old one alone is accepted", async () => {
    const made = await bench.subject();
    const { target, old, admin } = made;
    await bench.session(target, [admin], async (session) => {
      const next = await bench.next(made, session);
      await session.admit(old, next);
      await session.admit(next, old);
      await session.retire(next, old);
      expect(await bench.accepted(target, old, next)).toBe("old");
    });
  });

  test("an old value of every printable character is rotated, and comes back", async () => {
    const made = await bench.subject(PRINTABLE);
    const { target, old, admin } = made;
    await bench.session(target, [admin], async (session) => {
      const next = await bench.next(made, session);
      await session.admit(old, next);
      expect(await bench.accepted(target, old, next)).toBe(bench.between);
      await session.admit(next, old);
      await session.admit(old, next);
      await session.retire(old, next);
      expect(await bench.accepted(target, old, next)).toBe("new");
    });
  });

  test("the owner changes its own, or is refused before anything is changed", async () => {
    const made = await bench.subject();
    const { target, old } = made;
    const owner = (one: RotationCredential): RotationLogin => ({ user: one.id ?? target.login, secret: one.secret });
    if (bench.traits.owner !== "may") {
      const refusal = await bench.failure(
        bench.session(target, [owner(old)], (session) => session.may(old)),
        bench.traits.owner,
      );
      expect(refusal.hint).toBeTruthy();
      expect(await bench.server.logsIn(target, old, WIRE)).toBe(true);
      return;
    }
    const next = await bench.session(target, [owner(old)], async (session) => {
      await session.may(old);
      const made_ = await bench.next(made, session);
      await session.admit(old, made_);
      return made_;
    });
    // As after a kill: which of the two counts is not known.
    await bench.session(target, [owner(next), owner(old)], (session) => session.retire(old, next));
    expect(await bench.accepted(target, old, next)).toBe("new");
  });
}

function refusalCases(bench: RotatorBench): void {
  test("who may not change it is denied with what is needed, and nothing is changed", async () => {
    const { target, old } = await bench.subject();
    const denied = await bench.failure(
      bench.session(target, [bench.world.stranger], (session) => session.may(old)),
      "denied",
    );
    expect(denied.hint).toBeTruthy();
    expect(await bench.server.logsIn(target, old, WIRE)).toBe(true);
  });

  test("a wrong login is denied, and a wrong password is just that", async () => {
    const { target, old, admin } = await bench.subject();
    const wrong = Secret.of(`${randomBytes(15).toString("base64url")}aA`);
    bench.know(wrong);
    expect(await bench.server.logsIn(target, { ...old, secret: wrong }, WIRE)).toBe(false);
    const open = bench.server.open(target, [{ ...admin, secret: wrong }], WIRE).then((session) => session.may(old));
    await bench.failure(open, "denied");
  });

  test("nobody there, and silence, are unreachable", async () => {
    const { target, old, admin } = await bench.subject();
    const silent = createServer((socket) => void socket.on("error", () => {}));
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    const { port } = silent.address() as AddressInfo;
    try {
      for (const [there, timeoutMs] of [[1, 20_000], [port, 300]] as const) {
        const details = Object.fromEntries(
          Object.entries(target.details).map(([key, value]) => [key, value.replace(/(?<=:)\d+$|^\d+$/, String(there))]),
        );
        const away = { ...target, details, at: target.at && { ...target.at, port: there } };
        const wire = { ...WIRE, timeoutMs };
        await bench.failure(bench.server.logsIn(away, old, wire), "unreachable");
        const open = bench.server.open(away, [admin], wire).then((session) => session.may(old));
        await bench.failure(open, "unreachable");
      }
    } finally {
      silent.close();
    }
  });

  test("a value that the server does not accept yet retires none", async () => {
    const made = await bench.subject();
    const { target, old, admin } = made;
    if (bench.rotator.make === null) return;
    await bench.session(target, [admin], async (session) => {
      const next = await bench.next(made, session);
      await bench.failure(session.retire(old, next), "refused");
      expect(await bench.accepted(target, old, next)).toBe("old");
    });
  });

  test("a login that the server does not have is absent", async () => {
    const { target, old, admin } = await bench.subject();
    const gone = bench.traits.absent?.(target) ?? { ...target, login: `${target.login}x` };
    await bench.failure(
      bench.session(gone, [admin], (session) => session.may(old)),
      "absent",
    );
  });
}
