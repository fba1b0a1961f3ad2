import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { need } from "./apt.ts";
import { reap } from "./running.ts";
import { endWorkerEngines } from "./worker-engine.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the workers' engines are noted, and the process that ends them. */
    engines: { readonly notes: string; readonly owner: number };
  }
}

let notes = "";

/** Engines start when a worker first needs one (worker-engine.ts) and end with the run. */
export async function setup(project: TestProject): Promise<void> {
  reap();
  await need("age-keygen", ["age"]);
  await need("openssl", ["openssl"]);
  await need("ps", ["procps"]);
  notes = mkdtempSync(join(tmpdir(), "unsprawl-engines-"));
  project.provide("engines", { notes, owner: process.pid });
}

export async function teardown(): Promise<void> {
  await endWorkerEngines(notes);
  rmSync(notes, { recursive: true, force: true });
}
