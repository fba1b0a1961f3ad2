import { Session } from "node:inspector";
import type { Profiler } from "node:inspector";
import { parentPort } from "node:worker_threads";
import type { Reading } from "./work.ts";

// Before the product is loaded: only what is compiled from here on is counted block by block.
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
const { inText } = await import("../../src/detect/text/index.ts");

parentPort?.on("message", ({ text, path }: Reading) => {
  parentPort?.postMessage(workOf(() => inText(Buffer.from(text), path, new Set())));
});

function workOf(run: () => void): number {
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

/** Every way to use an expression asks its `exec`. One that begins where the text does looks nowhere else. */
function charactersIn(run: () => void): number {
  const expressions: { exec: (this: RegExp, text: string) => RegExpExecArray | null } = RegExp.prototype;
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
