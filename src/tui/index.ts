/**
 * The face for a person at a terminal: scan, browse, choose a store, preview, apply, proof. `state.ts` holds all that
 * is shown; `screens/` are the words of it, which `components/` lay out and draw with Ink; `actions.ts` turns keys into
 * changes; `verbs/` call core.
 */
import type { Assembly } from "../assembly/index.ts";
import { EXIT } from "../model/error.ts";
import { keepDecisions, takeUp } from "./kept.ts";
import type { App } from "./app.tsx";
import { followConfig } from "./look.ts";
import { createSession } from "./session.ts";
import type { ScanTarget } from "./state.ts";
import { summary } from "./summary.ts";
import { HERE } from "./target.ts";
import { sizeOf, wantsStyles } from "./terminal.ts";

/** Runs the terminal UI until the person leaves; returns the exit code. Restores the terminal afterwards. */
export async function runTui(
  assembly: Assembly,
  options: { readonly readOnly?: boolean } = {},
  target: ScanTarget = HERE,
): Promise<number> {
  process.env["NODE_ENV"] ??= "production";
  const session = createSession(assembly, target, options);
  const terminate = (signal?: unknown): void => {
    if (signal !== "SIGINT" || !session.away) void session.leave(EXIT.interrupted);
  };
  for (const signal of SIGNALS) process.on(signal, terminate);
  // A closed terminal (closed window, lost line) must not end the process in the middle of a run.
  for (const stream of [process.stdin, process.stdout]) stream.on("error", terminate);
  process.stdin.on("end", terminate);
  // Input from here on waits, without echo, until it is read.
  process.stdin.setRawMode(true);
  let app: App | null = null;
  let keep: () => Promise<void> = async () => undefined;
  let unfollow = (): void => undefined;
  try {
    // The first frame is drawn before anything is read.
    app = (await import("./app.tsx")).openApp(session);
    const { startScan } = await import("./verbs/scan.ts");
    startScan(session);
    void followConfig(session, wantsStyles(process.stdout, assembly.env));
    takeUp(session);
    keep = keepDecisions(session);
    const { followEngine } = await import("./verbs/live.ts");
    unfollow = followEngine(session);
    const { tellUnfinished } = await import("./verbs/run.ts");
    await tellUnfinished(session);
    // An exception in a screen or a key handler is reported like any other error, after putting back what was begun.
    return await Promise.race([session.ended, app.failed]);
  } catch (error) {
    await session.leave(EXIT.failed);
    throw error;
  } finally {
    unfollow();
    app?.close();
    process.stdin.setRawMode(false);
    await keep();
    for (const signal of SIGNALS) process.off(signal, terminate);
    process.stdin.off("end", terminate);
    process.stdout.write(summary(session.store.get(), assembly.redactor, sizeOf(process.stdout).columns));
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
