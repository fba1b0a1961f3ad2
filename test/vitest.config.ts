import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { tiers } from "./support/tiers.ts";

const { pure, engine } = tiers();
const root = fileURLToPath(new URL("..", import.meta.url));

const common: TestProjectInlineConfiguration["test"] = {
  root,
  setupFiles: ["test/setup.ts"],
  // One process runs many files: loading the modules again for each file takes longer than most tests.
  isolate: false,
  // What a test makes is mostly short-lived: with more room for it, a fifth less time goes into collecting it.
  execArgv: ["--max-semi-space-size=32"],
  // Cases that run together only wait, for a store or a deadline.
  maxConcurrency: 32,
  // What passes at the second attempt alone is listed at the end of the run: a defect of the test, or of the code.
  retry: 1,
  // A machine with other work takes ten times as long: a limit ends what hangs, and nothing else. Tests set longer ones only.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // Most of what is asked in a loop is a program, which would keep a processor busy.
  expect: { poll: { timeout: 120_000, interval: 200 } },
};

export default defineConfig({
  test: {
    root,
    // More than a small machine has processors: much of a test of an engine or a terminal is waiting. Stands here alone,
    // since `--maxWorkers` has no say in what a project has.
    maxWorkers: 5,
    reporters: [
      "default",
      fileURLToPath(new URL("conformance/table.ts", import.meta.url)),
      fileURLToPath(new URL("support/slowest.ts", import.meta.url)),
      fileURLToPath(new URL("support/repeat.ts", import.meta.url)),
    ],
    // Types are checked by `npm run check`, test/types.test-d.ts among them.
    projects: [
      {
        test: {
          ...common,
          name: "pure",
          include: [...pure],
        },
      },
      {
        test: {
          ...common,
          name: "engine",
          include: [...engine],
          globalSetup: ["test/services/global.ts"],
        },
      },
    ],
  },
});
