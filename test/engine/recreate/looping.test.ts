import { describe, expect, test } from "vitest";
import { loopingBefore, loopingNote, loopingOf, loopsAsBefore } from "../../../src/engine/recreate/looping.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";

type State = Partial<ContainerDoc["State"]>;

const doc = (state: State, RestartCount = 0): ContainerDoc => {
  const State = { Status: "running", Running: true, Paused: false, ...state };
  return { Id: "1", Name: "/web", Image: "x", State, RestartCount, Config: {}, HostConfig: {} };
};
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const waits = { Restarting: true, ExitCode: 3 };

describe("a container that keeps restarting", () => {
  test.each<[what: string, doc: ContainerDoc, looping: ReturnType<typeof loopingOf>]>([
    ["waits for its next start", doc(waits, 9), { exitCode: 3 }],
    ["has just started again", doc({ StartedAt: ago(1) }, 9), { exitCode: null }],
    ["was restarted long ago", doc({ StartedAt: ago(3600) }, 9), null],
    ["has just started for the first time", doc({ StartedAt: ago(1) }), null],
    ["has ended", doc({ Status: "exited", Running: false, StartedAt: ago(1) }, 9), null],
  ])("%s", (_what, one, looping) => {
    expect(loopingOf(one)).toEqual(looping);
    expect(loopingNote(one)).toHaveLength(looping === null ? 0 : 1);
  });

  test.each<[what: string, doc: ContainerDoc, before: number | null, is: "same" | "wait" | null]>([
    ["ends as before", doc(waits, 1), 3, "same"],
    ["ends in another way", doc(waits, 1), 1, null],
    ["ends, and nobody saw how before", doc(waits, 1), null, null],
    ["is up again, too early to tell", doc({ StartedAt: ago(1) }, 1), 3, "wait"],
    ["is up again, and stays so", doc({ StartedAt: ago(11) }, 1), 3, null],
    ["stays up now", doc({ StartedAt: ago(1) }), 3, null],
  ])("that %s", (_what, one, exitCode, is) => {
    expect(loopsAsBefore(one, { exitCode })).toBe(is);
    expect(loopsAsBefore(one, null)).toBe(null);
  });

  const seenOver = (...seen: readonly (ContainerDoc | null)[]): { container: () => Promise<ContainerDoc | null> } => {
    const left = [...seen];
    return { container: () => Promise.resolve(left.shift() ?? null) };
  };
  const isUp = doc({ StartedAt: ago(1) }, 9);

  test("that is up at the moment is looked at until it ends", async () => {
    expect(await loopingBefore(seenOver(isUp, doc(waits, 9)), isUp)).toEqual({ exitCode: 3 });
    expect(await loopingBefore(seenOver(isUp, doc({ StartedAt: ago(11) }, 9)), isUp)).toBe(null);
    expect(await loopingBefore(seenOver(null), isUp)).toBe(null);
  });
});
