import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ComposeProject } from "../../../migrations/compose/syntax/project.ts";
import type { Rewording } from "../../../migrations/compose/words/rewording.ts";
import { mayBeWritten } from "../../../migrations/compose/words/kept.ts";
import { mustBeFilledIn, mustHaveShell } from "../../../migrations/compose/words/refuse.ts";
import type { Selected } from "../../../src/contract/migration.ts";
import { reworded, type WordTemplate } from "../../../migrations/compose/words/reword.ts";
import { expandedText, quotedWord, type Word } from "../../../src/files/words/shell-text.ts";

/** A text with values in it: `one${value}two`, where the value is the only `\u0000`. */
const word = (text: string, value: string): Word =>
  text
    .split(/(\0)/)
    .filter(Boolean)
    .map((part) => (part === "\0" ? { name: "VALUE", value } : part));

/** What a shell makes of a text: its words, one a line, or null where it fails. */
function shell(script: string, env: NodeJS.ProcessEnv = {}): string | null {
  try {
    return execFileSync("/bin/sh", ["-c", script], {
      env: { PATH: "/bin:/usr/bin", ...env },
      stdio: ["ignore", "pipe", "ignore"],
    }).toString();
  } catch {
    return null;
  }
}

const PRINT = "printf '<%s>\\n'";

/** Texts by their quoting, and the values that are one literal piece there. */
const TEXTS = [
  `${PRINT} -a \0 ping`,
  `${PRINT} -p\0`,
  `${PRINT} "a b \0c"`,
  `${PRINT} "\0" && ${PRINT} '\0'`,
  `${PRINT} 'it is \0 "here"' | cat`,
  `test "$(${PRINT} \0)" = '<\0>' && ${PRINT} same`,
  `X=\0; ${PRINT} "$X" \${X}`,
  `(${PRINT} \0; ${PRINT} \\"\0\\")`,
] as const;

const VALUES = fc.oneof(
  fc.stringMatching(/^[\w@%+:,./-]{1,20}$/),
  fc.string({
    minLength: 1,
    maxLength: 12,
    unit: fc.constantFrom(...Array.from("ab1 '\"$`\\!#*?~&|;<>(){}[]=\n\u00e4")),
  }),
);

describe("a value in a shell's text", () => {
  it("becomes an expansion that gives the same, or nothing is said", () => {
    let made = 0;
    fc.assert(
      fc.property(fc.constantFrom(...TEXTS), VALUES, (text, value) => {
        const written = expandedText(word(text, value));
        if (written === null) return;
        made++;
        const before = shell(text.replaceAll("\0", () => value));
        expect(before, text).not.toBeNull();
        expect(shell(written, { VALUE: value }), written).toBe(before);
        // Whatever the next value is, it stays the one piece.
        const next = `${value} '"$X\`\\ *`;
        expect(shell(written, { VALUE: next }), written).toContain(text.startsWith("test") ? "<same>" : next);
      }),
      { numRuns: 60 },
    );
    expect(made).toBeGreaterThan(10);
  });

  it("is written as the place needs it", () => {
    const said = (text: string, value = "s3cret"): string | null => expandedText(word(text, value));
    expect(said("redis-cli -a \0 ping")).toBe('redis-cli -a "$VALUE" ping');
    expect(said('mysqladmin -p"\0" ping')).toBe('mysqladmin -p"$VALUE" ping');
    expect(said('echo "\0x"')).toBe('echo "${VALUE}x"');
    expect(said("bash -c 'echo \0'")).toBe(`bash -c 'echo '"$VALUE"''`);
    expect(said("echo \0", "two words")).toBeNull();
    expect(said('echo "\0"', "a$b")).toBeNull();
    expect(said("echo '\0'", "it's")).toBeNull();
  });

  it.each([
    ...["echo `echo \0`", "cat <<E\n\0\nE", "echo $((\0+1))", "echo ${X:-\0}", "# don't\necho \0", "echo \\\0"],
    ...["echo $HOME\0", 'echo "$A\0"', "echo $'\0'", 'echo "\0', "case x in x) echo \0;; esac", "$\0", "echo )\0"],
  ])("is left where the place is not understood: %j", (text) => {
    expect(expandedText(word(text, "secret"))).toBeNull();
  });
});

it("words of any kind are the same behind the shell that makes them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(VALUES, fc.boolean(), VALUES), { minLength: 1, maxLength: 4 }), (parts) => {
      const words = parts.map(([before, has, value]): Word =>
        has ? [before, { name: "VALUE", value: "v" }, value] : [before],
      );
      const line = `${PRINT} ${words.map(quotedWord).join(" ")}`;
      const texts = words.map((one) => one.map((part) => (typeof part === "string" ? part : 'v $x "')).join(""));
      expect(shell(line, { VALUE: 'v $x "' })).toBe(texts.map((text) => `<${text}>\n`).join(""));
    }),
    { numRuns: 40 },
  );
});

describe("what a service runs", () => {
  const value = { name: "PASS", value: "s3cret" };
  const words = (...texts: readonly (string | Word)[]): Word[] =>
    texts.map((text) => (typeof text === "string" ? [text] : text));
  const none: WordTemplate = { entrypoint: [], cmd: [], health: [] };
  it.each<[string, Partial<WordTemplate>, Partial<ReturnType<typeof reworded>>]>([
    ["nothing with a value", { cmd: words("redis-server") }, {}],
    [
      "a command behind an entrypoint",
      { entrypoint: words("docker-entrypoint.sh"), cmd: words("redis-server", "--requirepass", [value]) },
      { entrypoint: ["/bin/sh", "-c", 'exec docker-entrypoint.sh redis-server --requirepass "$PASS"'], command: [] },
    ],
    [
      "a command alone",
      { cmd: words("redis-server", ["--requirepass=", value]) },
      { command: ["/bin/sh", "-c", 'exec redis-server --requirepass="$PASS"'] },
    ],
    [
      "a shell's text",
      { cmd: words("sh", "-c", ["exec redis-server --requirepass ", value]) },
      { command: ["sh", "-c", 'exec redis-server --requirepass "$PASS"'] },
    ],
    [
      "a shell's text behind an entrypoint, which may look at it",
      { entrypoint: words("tini", "--"), cmd: words("sh", "-c", ["run ", value]) },
      { entrypoint: ["/bin/sh", "-c", `exec tini -- sh -c 'run '"$PASS"`], command: [] },
    ],
    [
      "a health check's text",
      { health: words("CMD-SHELL", ["redis-cli -a ", value, " ping"]) },
      { health: ["CMD-SHELL", 'redis-cli -a "$PASS" ping'] },
    ],
    [
      "a health check's words",
      { health: words("CMD", "redis-cli", "-a", [value], "ping") },
      { health: ["CMD", "/bin/sh", "-c", 'exec redis-cli -a "$PASS" ping'] },
    ],
    [
      "a health check's text that is not understood",
      { health: words("CMD-SHELL", ["echo `", value, "`"]) },
      { health: ["CMD", "/bin/sh", "-c", "exec /bin/sh -c 'echo `'\"$PASS\"'`'"] },
    ],
  ])("%s", (_what, template, expected) => {
    expect(reworded({ ...none, ...template })).toEqual({ entrypoint: null, command: null, health: null, ...expected });
  });
});

describe("what Compose still fills in", () => {
  const value = { name: "PASS", value: "s3cret" };
  const kept = { mark: "MARK", text: "a b" };
  const none = { entrypoint: [], cmd: [], health: [] };

  it("keeps its place, between quotes where a shell makes the words", () => {
    const cmd: Word[] = [["redis-server"], [value], ["--level=", kept]];
    expect(reworded({ ...none, cmd }).command?.[2]).toBe(`exec redis-server "$PASS" --level='MARK'`);
    expect(expandedText(["a ", kept, " -p", value, kept])).toBe('a MARK -p"$PASS"MARK');
    expect(expandedText(['a "', value, kept, '"'])).toBe('a "${PASS}MARK"');
    expect(expandedText(["a ", { ...kept, text: '"' }, " -p", value])).toBeNull();
    expect(expandedText(["a <", { ...kept, text: "<E" }, " -p", value])).toBeNull();
    expect(reworded({ ...none, health: [["CMD"], ["x"], [value], [kept]] }).health?.at(-1)).toBe(
      `exec x "$PASS" 'MARK'`,
    );
  });

  it("is not written out, unless it is in a file already or can be no credential", () => {
    const may = (text: string, files = "", isInPlace = false): boolean => {
      const part = { mark: "MARK", text };
      const made = { entrypoint: null, command: [`exec x ${text}`], health: null };
      return mayBeWritten(isInPlace ? [[part]] : [], made, files, [part]);
    };
    expect(may("blue door")).toBe(false);
    expect(may("blue door", "default: blue door")).toBe(true);
    for (const amount of ["6379", "512mb", "30s", "true", "0.5"]) expect(may(amount), amount).toBe(true);
    expect(may("blue door", "", true)).toBe(true);
    expect(may("it's", "", true)).toBe(false);
  });
});

it("an image without a shell is named with what to write", async () => {
  const words = { sources: [{ source: "TUNNEL", name: "TOKEN" }], names: new Set(["TOKEN"]) } as unknown as Rewording;
  const hasFile = (is: boolean) => ({ hasFile: async () => is });
  await expect(mustHaveShell("s", hasFile(false), words)).rejects.toThrow(
    "TUNNEL is in the command or health check of s",
  );
  await expect(mustHaveShell("s", hasFile(true), words)).resolves.toBeUndefined();
  await expect(mustHaveShell("s", hasFile(false), null)).resolves.toBeUndefined();
});

it("a variable that the image sets itself gets no other value", () => {
  const project = { services: new Map([["s", { name: "s", layers: [], profiles: [] }]]) } as unknown as ComposeProject;
  const selected = [{ move: { name: "PASS", location: { where: "cmd" } } }] as unknown as Selected[];
  const rewording = { names: new Set(["PASS"]) } as unknown as Rewording;
  const look = (env: readonly string[], words: Rewording | null) => () =>
    mustBeFilledIn(project, "s", selected, words, env, { names: [], withheld: [] });
  expect(look(["PATH"], rewording)).not.toThrow();
  expect(look(["PASS"], rewording)).toThrow("the image of s sets PASS itself");
  expect(look(["PATH"], null)).toThrow("is in the command of s, as plain text");
});
