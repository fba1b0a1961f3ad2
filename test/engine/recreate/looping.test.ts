import { describe, expect, test } from "vitest";
import { loopingNote, loopingOf, loopsAsBefore } from "../../../src/engine/recreate/looping.ts";
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

  test.each<[what: string, doc: ContainerDoc, before: number | null, late: boolean, is: "same" | "wait" | null]>([
    ["ends as before", doc(waits, 1), 3, false, "same"],
    ["ends in another way", doc(waits, 1), 1, true, null],
    ["ends, and nobody saw how before", doc(waits, 1), null, false, "same"],
    ["is up again, too early to tell", doc({}, 1), 3, false, "wait"],
    ["is up again, after its time", doc({}, 1), 3, true, "same"],
    ["stays up now", doc({}), 3, true, null],
  ])("that %s", (_what, one, exitCode, late, is) => {
    expect(loopsAsBefore(one, { exitCode }, late)).toBe(is);
    expect(loopsAsBefore(one, null, late)).toBe(null);
  });
});
