import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** For the copy in which the pages' examples are tried: no engine is started. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    setupFiles: ["test/setup.ts"],
    // The tree is loaded once.
    isolate: false,
    maxWorkers: 1,
    testTimeout: 60_000,
    reporters: ["default"],
  },
});
