import { defineConfig } from "vitest/config";

/** For the copy in which the pages' examples are tried: no engine is started. */
export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    setupFiles: ["test/setup.ts"],
    maxWorkers: 2,
    testTimeout: 60_000,
    reporters: ["default"],
  },
});
