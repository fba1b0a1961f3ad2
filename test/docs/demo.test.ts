import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { workerEngine } from "../services/worker-engine.ts";
import { demoPicture } from "./demo-picture.ts";

const engine = await workerEngine();
afterAll(() => engine.clean());

it("the demo ends well, and the README shows what it prints (after a wanted change: npm run docs:demo)", () => {
  const shown = readFileSync(join(import.meta.dirname, "../../docs/demo.svg"), "utf8");
  expect(demoPicture({ ...process.env, DOCKER_HOST: engine.host })).toBe(shown);
});
