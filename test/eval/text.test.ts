import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluateText } from "./text/evaluate.ts";

// The same rows in each kind of file. The seed is fixed: a fall is a fall of the reader, or of the detector.

const MAIN = join(import.meta.dirname, "../../src/bin/main.ts");

test("what is found as a variable is found in each kind of file, and little else", () => {
  for (const { kind, secrets, missed, alarms, strays } of evaluateText(21, 150, MAIN)) {
    const found = secrets - missed.length;
    const said = missed.map(({ lines }) => lines.slice(0, 100));
    expect(found / secrets, `${kind}: ${said.join("\n")}`).toBeGreaterThanOrEqual(0.92);
    const wrong = [...alarms.map(({ lines }) => lines), ...strays];
    expect(found / (found + wrong.length), `${kind}: ${wrong.join("\n")}`).toBeGreaterThanOrEqual(0.98);
  }
});
