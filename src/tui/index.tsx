/**
 * The face for a person at a terminal: scan, browse, choose a store, preview, apply, proof. `state.ts` holds all that is
 * shown; `screens/` are functions from it to rows; `actions.ts` turns keys into changes; `verbs/` call core.
 */
import type { Assembly } from "../assembly.ts";
import { EXIT } from "../model/error.ts";
import { keepDecisions, takeUp } from "./kept.ts";
import { createSession } from "./session.ts";
import { summary } from "./summary.ts";

/** Runs the terminal UI until the person leaves; returns the exit code. The terminal is as it was afterwards. */
export async function runTui(
  assembly: Assembly,
  options: { readonly readOnly?: boolean } = {},
  sources: readonly string[] = ["docker:"],
): Promise<number> {
  // Both are read when React and Ink are loaded. Ink colours on a terminal whatever NO_COLOR says.
  if (process.env["NO_COLOR"]) process.env["FORCE_COLOR"] = "0";
  process.env["NODE_ENV"] ??= "production";
  const { mount } = await import("./app.tsx");
  const session = createSession(assembly, sources, options);
  const terminate = (signal?: unknown): void => {
    if (signal !== "SIGINT" || !session.away) void session.leave(EXIT.interrupted);
  };
  for (const signal of SIGNALS) process.on(signal, terminate);
  // A terminal that has gone (closed window, lost line) must not end the process in the middle of a run.
  for (const stream of [process.stdin, process.stdout]) stream.on("error", terminate);
  process.stdin.on("end", terminate);
  const app = mount(session);
  let keep: () => Promise<void> = async () => undefined;
  try {
    // The first frame comes before anything is read.
    await app.waitUntilRenderFlush();
    const { startScan } = await import("./verbs/scan.ts");
    startScan(session);
    takeUp(session);
    keep = keepDecisions(session);
    const { tellUnfinished } = await import("./verbs/run.ts");
    await tellUnfinished(session);
    // A screen that fails is an error like any other, after what was begun is put back.
    return await Promise.race([session.ended, app.waitUntilExit().then(() => session.ended)]);
  } catch (error) {
    await session.leave(EXIT.failed);
    throw error;
  } finally {
    app.unmount();
    await keep();
    await app.waitUntilExit().catch(() => undefined);
    for (const signal of SIGNALS) process.off(signal, terminate);
    process.stdin.off("end", terminate);
    process.stdout.write(summary(session.store.get(), assembly.redactor));
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
