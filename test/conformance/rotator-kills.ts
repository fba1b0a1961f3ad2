import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { RotationCredential, RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { DEEP } from "../support/deep.ts";
import { WIRE, type RotatorBench, type RotatorSubject } from "./rotator-bench.ts";

const CHILD = fileURLToPath(new URL("./rotator-child.ts", import.meta.url));
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/unsprawl-writers", import.meta.url));
/** Kills in an ordinary run; a deep one has all. */
const SAMPLE = 4;

/** A credential as JSON. */
export type PlainCredential = { readonly id: string | null; readonly secret: string };

/** What the child does, and after which of its writes to the server it dies; `before` even dies without that write. */
export type KillOrder = {
  readonly rotator: string;
  readonly target: RotationTarget;
  readonly admin: { readonly user: string; readonly secret: string };
  readonly old: PlainCredential;
  /** Null if the server makes it. */
  readonly next: PlainCredential | null;
  readonly kill: { readonly at: number; readonly before: boolean } | null;
};

/** A rotation that is killed around any of its writes to the server is continued, and ends the same. */
export function killCases(bench: RotatorBench): void {
  test(
    "a rotation that is killed at any write to the server is continued, and ends the same",
    { timeout: 170_000 },
    async () => {
      const whole = await rotateInChild(bench, await bench.subject(), null);
      expect(whole.accepted).toBe("new");
      expect(whole.writes).toBeGreaterThan(2);
      const all = Array.from({ length: whole.writes * 2 }, (_, at) => ({ at: (at >> 1) + 1, before: at % 2 === 0 }));
      const drawn = DEEP ? all : Array.from({ length: SAMPLE }, () => all.splice(randomInt(all.length), 1)).flat();
      const ends: string[] = [];
      for (const kill of drawn) {
        const { accepted } = await rotateInChild(bench, await bench.subject(), kill);
        ends.push(`${kill.before ? "before" : "after"} write ${kill.at}: ${accepted}`);
      }
      expect(ends.filter((one) => !one.endsWith(": new"))).toEqual([]);
    },
  );
}

/** Rotates in another process, which dies as ordered, then here what is left of it; what is accepted in the end. */
async function rotateInChild(
  bench: RotatorBench,
  made: RotatorSubject,
  kill: KillOrder["kill"],
): Promise<{ readonly accepted: string; readonly writes: number }> {
  const { target, admin, old } = made;
  const { make } = bench.rotator;
  const known = make === null ? null : make(old, target);
  if (known !== null) bench.know(known.secret);
  const said = await child({
    ...{ rotator: bench.id, target, kill, old: plain(old), next: known === null ? null : plain(known) },
    admin: { user: admin.user, secret: admin.secret.exposeText() },
  });
  const printed = said.next === undefined ? null : { id: said.next.id, secret: Secret.of(said.next.secret) };
  const next = await bench.session(target, [admin], async (session) => {
    const credential = known ?? printed ?? (await bench.next(made, session, () => true));
    bench.know(credential.secret);
    await session.admit(old, credential);
    await session.retire(old, credential);
    return credential;
  });
  expect(said.ended === true).toBe(kill === null);
  return { accepted: await bench.accepted(target, old, next), writes: said.writes ?? 0 };
}

const plain = ({ id, secret }: RotationCredential): PlainCredential => ({ id, secret: secret.exposeText() });

type ChildSaid = { readonly next?: PlainCredential; readonly writes?: number; readonly ended?: boolean };

async function child(order: KillOrder): Promise<ChildSaid> {
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED };
  const running = spawn(process.execPath, [CHILD], { stdio: ["pipe", "pipe", "inherit"], env });
  running.stdin.end(JSON.stringify({ ...order, timeoutMs: WIRE.timeoutMs }));
  let out = "";
  running.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
  await new Promise((done) => running.once("close", done));
  const lines = out.split("\n").slice(0, -1);
  return Object.assign({}, ...lines.map((line) => JSON.parse(line) as ChildSaid)) as ChildSaid;
}
