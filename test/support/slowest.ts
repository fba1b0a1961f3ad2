import type { Reporter, TestModule } from "vitest/node";

const MOST = 10;

/**
 * Prints, as plain lines behind everything else, the tests that passed at the second attempt alone, and the files whose
 * tests and hooks took longest.
 */
export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const flaky = modules.flatMap((module) =>
      [...module.children.allTests("passed")]
        .filter((test) => test.diagnostic()?.flaky === true)
        .map((test) => `${module.relativeModuleId} > ${test.fullName}`),
    );
    if (flaky.length > 0) process.stdout.write(`\nPassed at the second attempt, to be fixed\n${flaky.join("\n")}\n`);
    if (modules.length <= MOST) return;
    const lines = modules
      .map((module) => ({ file: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 }))
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, MOST)
      .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`);
    process.stdout.write(`\nSlowest files\n${lines.join("\n")}\n`);
  }
}
