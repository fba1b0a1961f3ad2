import { expect, it } from "vitest";
import { leftText } from "../../../src/cli/views/left-text.ts";
import { finding } from "../../support/reports.ts";

it("what a migration leaves is named with its file and line, or its container; more than six are counted", () => {
  const one = finding(1);
  const inLine = {
    ...one,
    location: { ...one.location, place: { kind: "line", file: "a/.env", line: 7, name: "A" } },
  } as const;
  const inContainer = finding(2);
  expect(leftText([inLine])).toBe(
    `exit 3: 1 secret was not moved: ${one.name} in a/.env:7 (reasons under "Not moved")`,
  );
  const both = `${one.name} in a/.env:7, ${inContainer.name} in ${inContainer.location.subjectName}`;
  expect(leftText([inLine, inContainer])).toContain(`2 secrets were not moved: ${both} (`);
  expect(leftText(Array.from({ length: 9 }, () => inLine))).toMatch(/^exit 3: 9 secrets were .* and 3 more \(/);
  const hostile = { ...inLine, name: "A\u001b[2J" };
  expect(leftText([hostile])).not.toContain("\u001b");
});
