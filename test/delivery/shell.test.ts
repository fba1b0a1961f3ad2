import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import type { DeliverySubject } from "../../src/contract/delivery.ts";
import { shellFault, shellFor } from "../../src/delivery/shell.ts";

/** A container with these variables, of an image with these programs. */
const subject = (env: readonly string[], programs: { readonly [path: string]: string }): DeliverySubject =>
  ({
    env,
    readFile: async (path: string) => (programs[path] === undefined ? null : Buffer.from(programs[path])),
    hasFile: async (path: string) => path in programs,
  }) as unknown as DeliverySubject;

const BOTH = { "/bin/sh": "", "/bin/bash": "GNU BASH_VERSION" };
const PERL = { "/bin/sh": "", "/usr/bin/perl": "" };
const DROPPED = "a shell would drop the variable a.b, since no shell variable can have that name";

it.each<[string, readonly string[], typeof BOTH | { readonly [path: string]: string }, string | null]>([
  ["no shell at all", ["A"], { "/bin/bash": "BASH_VERSION" }, "the image has no shell"],
  ["names of a shell", ["A", "PS1", "BASH_ENV"], { "/bin/sh": "" }, null],
  ["another name and bash", ["A", "a.b"], BOTH, null],
  ["no bash", ["a.b"], { "/bin/sh": "" }, `${DROPPED}; bash would keep it, but the image has no /bin/bash`],
  ["BusyBox by the name of bash", ["a.b"], { ...BOTH, "/bin/bash": "BusyBox" }, "the image has no /bin/bash"],
  ["a file that bash would run first", ["a.b", "BASH_ENV"], BOTH, `${DROPPED}; bash would keep it, but not BASH_ENV`],
  [
    "a function",
    ["a.b", "BASH_FUNC_exec%%"],
    BOTH,
    "a variable of the container, since no shell variable can have that name",
  ],
  [
    "a value that is to move",
    ["a.b", "TOKEN.x"],
    BOTH,
    "the variable TOKEN.x, since no shell variable can have that name; perl or Python would set it, but the image has neither",
  ],
  ["a value that is to move, and perl", ["A", "TOKEN.x"], PERL, null],
  ["a value that is to move, and Python", ["A", "TOKEN-x"], { "/bin/sh": "", "/usr/local/bin/python3": "" }, null],
  ["perl, and no bash for the other", ["a.b", "TOKEN.x"], PERL, `${DROPPED}; bash would keep it`],
  ["perl that would load a module", ["PERL5OPT", "TOKEN.x"], PERL, "perl would set it, but also obey PERL5OPT"],
  ["a name that is no file's", ["TOKEN/x"], PERL, "a shell would drop a variable of the container"],
])("%s", async (_what, env, programs, why) => {
  const moves = env.filter((name) => name.startsWith("TOKEN")).map((name) => ({ name }));
  const fault = await shellFault(subject(env, programs), moves);
  if (why === null) expect(fault).toBeNull();
  else expect(fault).toContain(why);
});

it("bash passes on whatever it knows itself, unless that is refused", async () => {
  const bash = (env: { readonly [name: string]: string }, command: string): readonly string[] =>
    execFileSync("/bin/bash", ["-c", command], { env, stdio: ["ignore", "pipe", "inherit"] })
      .toString()
      .split("\0");
  const names = bash({}, "printf '%s\\0' $(compgen -v)").filter((name) => /^[A-Z]/.test(name) && name !== "PWD");
  const refused = await Promise.all(names.map(async (name) => shellFault(subject(["a.b", name], BOTH), [])));
  // Every shell fills in the field separator itself.
  const kept = names.filter((name, index) => refused[index] === null && !["IFS", "SHLVL"].includes(name));
  const env = Object.fromEntries(["a.b", "a-b", ...kept].map((name) => [name, "7 \n'\"$x"]));
  expect(bash(env, "exec /usr/bin/env -0")).toEqual(
    expect.arrayContaining(Object.entries(env).map((one) => one.join("="))),
  );
  expect([kept.includes("OSTYPE"), shellFor({ env: ["A"] }, []), shellFor({ env: ["A", "a.b"] }, [])]).toEqual([
    true,
    "/bin/sh",
    "/bin/bash",
  ]);
});
