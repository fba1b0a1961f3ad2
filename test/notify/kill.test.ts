import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "../../src/model/change.ts";
import { DEEP } from "../support/deep.ts";
import { change } from "./changes.ts";
import { startReceiver } from "./receiver.ts";

const DRIVER = fileURLToPath(new URL("driver.ts", import.meta.url));
const ROUNDS = DEEP ? 8 : 4;
/** Longer than any lease. */
const LATER = 200_000;

let state = "";
beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-notify-"));
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

function drive(
  url: string,
  ahead: number,
  round: string,
): { readonly child: ChildProcess; readonly gone: Promise<number | null> } {
  const child = spawn(process.execPath, [DRIVER, state, url, String(ahead), round], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  return { child, gone: new Promise((done) => child.once("exit", (code) => done(code))) };
}

test("killed at whatever instant, each change arrives at least once, and what arrives twice can be known by its id", async () => {
  const heard: { readonly batch: string; readonly ids: readonly string[] }[] = [];
  let on: (response: ServerResponse) => void = (response) => response.writeHead(204).end();
  const receiver = await startReceiver((response, { body, headers }) => {
    const { batch, changes } = JSON.parse(body) as { readonly batch: string; readonly changes: readonly Change[] };
    expect(headers["idempotency-key"]).toBe(batch);
    heard.push({ batch, ids: changes.map(({ id }) => id) });
    on(response);
  });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const { child, gone } = drive(receiver.origin, round * LATER, String(round));
      // Before it has its answer, and just after: it may have noted that it told them, or not.
      on = (response) => {
        if (round % 2 === 0) child.kill("SIGKILL");
        else response.writeHead(204).end(() => child.kill("SIGKILL"));
      };
      expect(await gone).toBeNull();
    }
    on = (response) => response.writeHead(204).end();
    const last = drive(receiver.origin, ROUNDS * LATER, "");
    expect(await last.gone).toBe(0);
  } finally {
    await receiver.stop();
  }
  const ids = heard.flatMap((one) => one.ids);
  const all = Array.from({ length: ROUNDS * 10 }, (_, at) => change(at).id);
  expect([...new Set(ids)].sort()).toEqual(all.sort());
  // Those killed before their answer were told again, as the same batch.
  expect(ids.length).toBeGreaterThanOrEqual(all.length + (ROUNDS / 2) * 10);
  const batches = Map.groupBy(heard, ({ batch }) => batch);
  expect([...batches.values()].some((same) => same.length > 1)).toBe(true);
  for (const same of batches.values()) for (const one of same) expect(one.ids).toEqual(same[0]?.ids);
});
