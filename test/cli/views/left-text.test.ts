import { expect, it } from "vitest";
import { leftText } from "../../../src/cli/views/left-text.ts";
import type { Finding } from "../../../src/model/finding.ts";
import { finding } from "../../support/reports.ts";

it("what a migration leaves is named with its file and line, or its container; more than six are counted", () => {
  const one = finding(1);
  const inLine = {
    ...one,
    location: { ...one.location, place: { kind: "line", file: "a/.env", line: 7, name: "A" } },
  } as const;
  const inContainer = finding(2);
  const of = (...found: readonly Finding[]) => leftText(found.map((finding) => ({ finding })));
  expect(of(inLine)).toBe(`exit 3: 1 secret was not moved: ${one.name} in a/.env:7 (reasons under "Not moved")`);
  const both = `${one.name} in a/.env:7, ${inContainer.name} in ${inContainer.location.subjectName}`;
  expect(of(inLine, inContainer)).toContain(`2 secrets were not moved: ${both} (`);
  expect(of(...Array.from({ length: 9 }, () => inLine))).toMatch(/^exit 3: 9 secrets were .* and 3 more \(/);
  const hostile = { ...inLine, name: "A\u001b[2J" };
  expect(of(hostile)).not.toContain("\u001b");
  expect(leftText([{ finding: inLine, elsewhere: true }])).toBe(
    `exit 3: everything in use was moved; 1 secret stays: ${one.name} in a/.env:7 (reasons under "Elsewhere")`,
  );
  expect(leftText([{ finding: inLine, elsewhere: true }, { finding: inContainer }])).toContain(
    "1 secret was not moved",
  );
});
