import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shellLine } from "../../../src/kit/shell.ts";
import { printable } from "../../../src/kit/text/escape.ts";

/** The words as a shell reads them; each call is for many, as it starts a process. */
function read(shell: string, line: string): string[] {
  const out = execFileSync(shell, ["-c", `printf '%s\\0' ${line}`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return out.split("\0").slice(0, -1);
}

const nasty = fc.constantFrom(
  ..."'\"\\$`!#~=-%*?[]{}()<>|&;: \t\r\n\u0001\u001b\u007f\u00e4\u200b\u202e\u2028\ud83d\udd11a0".split(/(?:)/u),
);
const words = fc.array(fc.string({ unit: nasty, maxLength: 12 }), { minLength: 1, maxLength: 200 });

/** What pipelines take for commands when a job prints it. */
const commands = [
  "::error::x",
  "::a",
  "::stop-commands::x\n",
  "##[error]x",
  "###[b",
  "a##vso[task.x]'y'",
  "##teamcity[x",
];

describe.each(["sh", "bash"])("%s", (shell) => {
  it("reads back what was written", () => {
    const plain = [
      "",
      "-n",
      "--",
      "-e%s",
      "=ls",
      "~",
      "~root",
      "a b",
      "%%",
      "\\052",
      "\\",
      "x\n",
      "\n",
      "\n\n",
      "é",
      "a=b",
      ...commands,
    ];
    expect(read(shell, shellLine(plain))).toEqual(plain);
    fc.assert(
      fc.property(words, (some) => {
        expect(read(shell, shellLine(some))).toEqual(some);
      }),
      { numRuns: 40 },
    );
  });
});

it("holds nothing that a terminal or a pipeline would act on, but for newlines at the end of a word", () => {
  for (const command of commands) {
    const line = shellLine([command.trimEnd(), "x"]);
    expect(printable(line)).toBe(line);
  }
  fc.assert(
    fc.property(words, (some) => {
      const line = shellLine(some.map((word) => word.replace(/\n+$/, "")));
      expect(printable(line)).toBe(line);
    }),
  );
});

it("leaves plain words as they are", () => {
  expect(shellLine(["run", "-d", "--cpus", "0.5", "-v", "/a:/b:ro", "a=b@1.2,3%+"])).toBe(
    "run -d --cpus 0.5 -v /a:/b:ro a=b@1.2,3%+",
  );
});
