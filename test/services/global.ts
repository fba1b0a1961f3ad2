import type { TestProject } from "vitest/node";
import { need } from "./apt.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { makeImages } from "./images.ts";
import { reap } from "./running.ts";

declare module "vitest" {
  interface ProvidedContext {
    engine: { readonly socket: string; readonly host: string; readonly dir: string };
  }
}

let engine: TestEngine | null = null;

/** One real engine with a network for the whole run; tests name their containers apart. */
export async function setup(project: TestProject): Promise<void> {
  reap();
  await need("age-keygen", ["age"]);
  await need("openssl", ["openssl"]);
  await need("ps", ["procps"]);
  engine = await startEngine();
  await makeImages(engine);
  const { socket, host, dir } = engine;
  project.provide("engine", { socket, host, dir });
}

export async function teardown(): Promise<void> {
  await engine?.stop();
}
