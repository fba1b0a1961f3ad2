import type { Reporter } from "vitest/node";
import { REPEAT } from "./deep.ts";

/** Prints, before and after the tests, what draws the same again, unless every run does. */
export default class Repeat implements Reporter {
  onInit(): void {
    say();
  }

  onTestRunEnd(): void {
    say();
  }
}

function say(): void {
  if (REPEAT !== null) process.stdout.write(`\nDrawn with ${REPEAT}\n`);
}
