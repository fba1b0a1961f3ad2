import { expect, it } from "vitest";
import type { CommandContext } from "../../../src/cli/context.ts";
import { exitFor } from "../../../src/cli/left-exit.ts";
import { leftText } from "../../../src/cli/views/left-text.ts";
import { Redactor } from "../../../src/kit/text/redact.ts";
import type { Finding } from "../../../src/model/finding.ts";
import { Secret } from "../../../src/model/secret.ts";
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
  expect(of(...Array.from({ length: 9 }, (_, at) => finding(at)))).toMatch(/^exit 3: 9 secrets were .* and 3 more \(/);
  // One password in two places.
  expect(of(inLine, { ...inContainer, fingerprint: one.fingerprint })).toContain(`1 secret was not moved: ${both} (`);
  const hostile = { ...inLine, name: "A\u001b[2J" };
  expect(of(hostile)).not.toContain("\u001b");
  expect(leftText([{ finding: inLine, elsewhere: true }])).toBe(
    `exit 3: everything in use was moved; 1 secret stays: ${one.name} in a/.env:7 (reasons under "Elsewhere")`,
  );
  expect(leftText([{ finding: inLine, elsewhere: true }, { finding: inContainer }])).toContain(
    "1 secret was not moved",
  );
});

it("a password that is one of its own words leaves it readable, and is redacted elsewhere", () => {
  const redactor = new Redactor();
  redactor.know(Secret.of("secret"));
  const said: string[] = [];
  const progress = { line: (text: string) => void said.push(redactor.foreign(text)) };
  const context = { assembly: { redactor }, quiet: false, progress } as unknown as CommandContext;
  expect(exitFor([{ finding: finding(1), reason: "", hint: null, elsewhere: true }], false, context)).toBe(3);
  expect(said.join("\n")).toMatch(/^exit 3: everything in use was moved; 1 secret stays: /);
  expect(redactor.foreign("password: secret")).toBe("password: [secret]");
});
