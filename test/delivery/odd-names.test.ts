import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SCRIPT } from "../../migrations/compose/delivery/script.ts";
import { shimFile } from "../../src/delivery/shim.ts";
import { NAME_SETTERS } from "../../src/kit/odd-names.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { need } from "../services/apt.ts";

// Names that no shell can set: both shims set them with perl or Python, and every byte of a value stays.

const ALL = Buffer.from(Array.from({ length: 255 }, (_one, at) => at + 1));
const VALUES: { readonly [name: string]: Buffer } = {
  "a.b": ALL,
  "a.b-c": Buffer.from('\n it\'s "$HOME" `id` \\ \n\n'),
  "empty.value": Buffer.alloc(0),
  "cut.off": Buffer.from([0xf0, 0x9f, 0x0a, 0xc3]),
  PLAIN: Buffer.from("plain\n"),
  "x.LC_ALL": Buffer.from("äöü €"),
};
const NAMES = Object.keys(VALUES);

const dir = mkdtempSync(join(tmpdir(), "unsprawl-odd-"));
/** Has nothing but values: the script of Compose projects exports each of its files. */
const values = join(dir, "values");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

beforeAll(async () => {
  await Promise.all([need("dash", ["dash"]), need("perl", ["perl-base"]), need("python3", ["python3"])]);
  mkdirSync(values);
  for (const [name, value] of Object.entries(VALUES)) writeFileSync(join(values, name), value);
  // A module of the application's own, in its working folder.
  mkdirSync(join(dir, "app"));
  for (const module of ["os", "signal", "_signal"])
    writeFileSync(join(dir, "app", `${module}.py`), 'raise SystemExit("loaded")\n');
  for (const program of ["perl", "Python"] as const)
    for (const [kind, text] of Object.entries(SHIMS))
      writeFileSync(join(dir, `${kind}-${program}`), only(text, program));
});

const SHIMS = {
  container: shimFile(NAMES)
    .content.exposeText()
    .replaceAll("/run/unsprawl", () => values),
  Compose: SCRIPT.replaceAll("/run/unsprawl/secrets", () => values),
};

/** The script as it runs in an image that has one of the programs alone. */
function only(script: string, program: keyof typeof NAME_SETTERS): string {
  const others = NAME_SETTERS[program === "perl" ? "Python" : "perl"];
  return others.reduce((text, other) => text.replaceAll(new RegExp(`${other}(?=[ ;])`, "g"), "/not/there"), script);
}

type Shim = readonly [kind: keyof typeof SHIMS, program: keyof typeof NAME_SETTERS];

function run([kind, program]: Shim, command: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<Buffer> {
  const names = kind === "Compose" ? [...NAMES, "--"] : [];
  const words = [join(dir, `${kind}-${program}`), ...names, ...command];
  return spawnSync("/bin/dash", words, { cwd: join(dir, "app"), env: { PATH: process.env["PATH"], ...env } });
}

it.each<Shim>([
  ["container", "perl"],
  ["container", "Python"],
  ["Compose", "perl"],
  ["Compose", "Python"],
])("%s, by %s", (...shim) => {
  const wanted = Object.entries(VALUES).map(([name, value]) => `${name}=${value.toString("latin1")}`);
  // A locale that no machine has, one that is set, and none: Python would change the last for the command.
  for (const locale of [{ LC_ALL: "xx_XX.UTF-8", LANG: "xx_XX" }, { LC_ALL: "" }, { LC_CTYPE: "C" }, {}]) {
    const { stdout, stderr } = run(shim, ["env", "-0"], { ...locale, PERL_UNICODE: "SDA", PYTHONPATH: "." });
    const entries = stdout.toString("latin1").split("\0");
    expect(entries).toEqual(expect.arrayContaining(wanted));
    const rest = entries.filter((one) => !wanted.includes(one) && !/^(?:PATH|PWD|OLDPWD|_)=|^$/.test(one));
    expect(rest.toSorted()).toEqual(
      Object.entries({ ...locale, PERL_UNICODE: "SDA", PYTHONPATH: "." })
        .map((one) => one.join("="))
        .toSorted(),
    );
    expect(stderr.toString()).toBe("");
  }

  // The same process, with its words, folder and signals.
  const words = ["", "ä \n'\"$x", Buffer.from("--").toString(), "-e"];
  const show =
    'printf "%s\\0" "$PPID" "$PWD" "$@"; grep "^Sig[BIC]" /proc/self/status; ls /proc/self/fd; umask; ulimit -a';
  const shown = run(shim, ["sh", "-c", show, "sh", ...words]).stdout.toString();
  const direct = spawnSync("sh", ["-c", show, "sh", ...words], { cwd: join(dir, "app") }).stdout.toString();
  expect(shown).toBe(direct);
  expect(shown).toContain(`${process.pid}\0`);

  expect(run(shim, ["sh", "-c", "exit 42"]).status).toBe(42);
  expect(run(shim, ["sh", "-c", "kill -TERM $$"]).signal).toBe("SIGTERM");
  const absent = run(shim, ["not-there"]);
  expect([absent.status, absent.stderr.toString()]).toEqual([127, "unsprawl: not-there: No such file or directory\n"]);
  expect(run(shim, ["/etc/passwd"]).status).toBe(126);
  rmSync(join(values, "PLAIN"));
  const missing = run(shim, ["true"]);
  writeFileSync(join(values, "PLAIN"), VALUES["PLAIN"] ?? "");
  expect([missing.status, missing.stderr.toString()]).toEqual([111, expect.stringContaining("PLAIN is missing")]);
});

it("a name is never a part of a program", () => {
  for (const name of ["a.b'; id; '", 'a."b', "a.\\", "a.b\nid", "a.$(id)", "-e.x", ".x", "../x.y", "a/b"])
    expect(() => shimFile(["A", name])).toThrow(UnsprawlError);
  const hostile = ["'; touch pwned; '.x", '"; exit 3; ".x'];
  for (const name of hostile) {
    const { status } = spawnSync("/bin/dash", [join(dir, "Compose-perl"), name, "--", "true"], { cwd: dir });
    expect(status).toBe(111);
    expect(spawnSync("ls", { cwd: dir }).stdout.toString()).not.toContain("pwned");
  }
});
