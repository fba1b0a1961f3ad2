import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RotationCredential, RotationLogin } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { PRINTABLE, RotatorBench, WIRE, type RotatorTraits, type RotatorWorld } from "./rotator-bench.ts";
import { killCases } from "./rotator-kills.ts";

export { PRINTABLE, WIRE, type RotatorBench, type RotatorWorld } from "./rotator-bench.ts";

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
      const forms = (secret: string): string[] => [
        secret,
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
      ];
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
      for (const [there, timeoutMs] of [
        [1, 20_000],
        [port, 300],
      ] as const) {
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

  test("what somebody else has set meanwhile is not overwritten", async () => {
    const made = await bench.subject();
    const { target, old, admin } = made;
    if (bench.rotator.make === null) return;
    const before = { ...old, secret: Secret.of(`${randomBytes(15).toString("base64url")}aA`) };
    bench.know(before.secret);
    await bench.session(target, [admin], async (session) => {
      const next = await bench.next(made, session);
      await bench.failure(session.admit(before, next), "changed");
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
