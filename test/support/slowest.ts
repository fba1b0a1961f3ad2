import type { Reporter, TestModule } from "vitest/node";

const MOST = 10;

/** Prints, as plain lines behind everything else, the files whose tests and hooks took longest. */
export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= MOST) return;
    const lines = modules
      .map((module) => ({ file: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 }))
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, MOST)
      .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`);
    process.stdout.write(`\nSlowest files\n${lines.join("\n")}\n`);
  }
}
