import { randomInt } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEEP } from "./deep.ts";
import type { Ran, World } from "./world.ts";

const HOOK = fileURLToPath(new URL("./kill-hook.mjs", import.meta.url));

type Killing = {
  /** Another signal than SIGKILL: one that the program is told. */
  readonly signal?: "SIGINT" | "SIGTERM";
  /** Counting begins with the write that holds this text. */
  readonly from?: string;
  readonly env?: { readonly [name: string]: string };
};

/** One of the boundaries around a run's effects: `nth` of its kind come before it. */
export type Boundary = { readonly kind: string; readonly nth: number };

/** Runs the program and ends it by SIGKILL at this boundary. */
export function killedAt(world: World, args: readonly string[], at: Boundary, how: Killing = {}): Promise<Ran> {
  return hooked(world, args, { KILL_AT_KIND: `${at.nth} ${at.kind}` }, how);
}

/** Runs the program to its end; the kinds of its boundaries, in their order. */
export async function recorded(
  world: World,
  args: readonly string[],
  how: Killing = {},
): Promise<{ readonly ran: Ran; readonly kinds: readonly string[] }> {
  const file = join(world.memory, "boundaries");
  rmSync(file, { force: true });
  const ran = await hooked(world, args, { KILL_RECORD: file }, how);
  const kinds = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  rmSync(file, { force: true });
  return { ran, kinds };
}

/**
 * The boundaries to kill at: the first and the last of each kind in every run, all of them in a deep one. An intent
 * counts once it is written, all else before it is: on its other side each looks as its neighbour does. `from` is the
 * kind that the first one has in an ordinary run, where another sweep kills at what comes before it.
 */
export function boundariesOf(kinds: readonly string[], from?: string): Boundary[] {
  const all = kinds.map((kind, at) => ({ kind, nth: kinds.slice(0, at).filter((one) => one === kind).length }));
  if (DEEP) return all;
  const first = from === undefined ? 0 : kinds.indexOf(from);
  if (first < 0) throw new Error(`no boundary is ${from}: ${[...new Set(kinds)].join(", ")}`);
  return all.slice(first).filter(({ kind, nth }) => {
    const counts = kind.startsWith("after intent") || (kind.startsWith("before") && !kind.startsWith("before intent"));
    return counts && (nth === 0 || nth === kinds.filter((one) => one === kind).length - 1);
  });
}

/**
 * One boundary of each step: before or after its effect, at the first or the last step of this name, as drawn; where
 * another sweep has visited some of its kinds, one of the others. A deep run leaves nothing out.
 */
export function oneOfEachStep<One extends Boundary>(
  boundaries: readonly One[],
  visited: readonly Boundary[] = [],
): One[] {
  if (DEEP) return [...boundaries];
  const kinds = new Set(visited.map(({ kind }) => kind));
  const drawn = [...byStep(boundaries).values()].map((some) => {
    const fresh = some.filter(({ kind }) => !kinds.has(kind));
    const from = fresh.length > 0 ? fresh : some;
    return from[randomInt(from.length)];
  });
  return boundaries.filter((one) => drawn.includes(one));
}

function byStep<One extends Boundary>(boundaries: readonly One[]): ReadonlyMap<string, readonly One[]> {
  return Map.groupBy(boundaries, ({ kind }) => kind.replace(/^(?:after intent|before done|before) /, ""));
}

/**
 * Visits each of these once, one in each lane at a time: most of the time goes into waiting for processes. After a
 * failure no further one is begun, and those that are under way end first.
 */
export async function sweep<Item, Lane>(
  items: readonly Item[],
  lanes: readonly Lane[],
  visit: (item: Item, turn: number, lane: Lane) => Promise<void>,
): Promise<void> {
  const turns = items.entries();
  let failed = false;
  const through = async (lane: Lane): Promise<void> => {
    for (const [turn, item] of turns) {
      if (failed) return;
      await visit(item, turn, lane).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(lanes.map(through));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function hooked(
  world: World,
  args: readonly string[],
  env: { readonly [name: string]: string },
  how: Killing,
): Promise<Ran> {
  return world.unsprawl(args, {
    nodeArgs: ["--import", HOOK],
    env: {
      ...how.env,
      ...env,
      ...(how.from === undefined ? {} : { KILL_FROM: how.from }),
      ...(how.signal === undefined ? {} : { KILL_SIGNAL: how.signal }),
    },
  });
}
