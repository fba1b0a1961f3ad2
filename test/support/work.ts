import { Session } from "node:inspector";
import type { Profiler } from "node:inspector";

/** Only what is compiled from here on is counted: import this before what is measured. */
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

/**
 * What the product's own code does while `run` runs, as a number that is the same on every machine: how often each block
 * of it is entered, each turn of a loop among them, and how many characters its expressions look through.
 */
export function workOf(run: () => void): number {
  entered();
  const looked = charactersIn(run);
  return entered() + looked;
}

/** Since it was last asked. */
function entered(): number {
  let sum = 0;
  session.post("Profiler.takePreciseCoverage", (_error, { result }) => {
    for (const script of result) sum += enteredIn(script);
  });
  return sum;
}

function enteredIn({ url, functions }: Profiler.ScriptCoverage): number {
  if (!/\/(?:src|migrations)\//.test(url)) return 0;
  return functions.reduce((sum, { ranges }) => sum + ranges.reduce((own, { count }) => own + count, 0), 0);
}

const expressions: { exec: (this: RegExp, text: string) => RegExpExecArray | null } = RegExp.prototype;

/** Every way to use an expression asks its `exec`. One that begins where the text does looks nowhere else. */
function charactersIn(run: () => void): number {
  const { exec } = expressions;
  let looked = 0;
  expressions.exec = function (text) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const found = exec.call(this, text);
    const isBound = this.sticky || (this.source.startsWith("^") && !this.multiline);
    const end = found === null ? (isBound ? from : text.length) : found.index + found[0].length;
    looked += 1 + end - from;
    return found;
  };
  try {
    run();
  } finally {
    expressions.exec = exec;
  }
  return looked;
}
