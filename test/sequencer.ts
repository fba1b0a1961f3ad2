import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Minutes each; the longest first. */
const LONG = [
  "kill.test.ts",
  "leak.test.ts",
  "docker/random.test.ts",
  "failures.test.ts",
  "detect/linear.test.ts",
  "every-store.test.ts",
  "kill-stores.test.ts",
  "docker/recreate.test.ts",
  "main-job.test.ts",
  "leak-formats.test.ts",
  "kill-compose.test.ts",
  "kill-files.test.ts",
].map((file) => new URL(file, import.meta.url).pathname);

/**
 * A fresh clone has no times of an earlier run, and vitest begins with the files of most bytes then: the longest would
 * begin halfway, and run alone at the end. Behind these, vitest's own order.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => (LONG.indexOf(moduleId) + 1 || LONG.length + 1) - 1;
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
