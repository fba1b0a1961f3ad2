import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { password } from "../files-world.ts";
import { makeWorld } from "../../support/world.ts";

/** `script:` through the command: what run lines hand on, and what of it cannot be read. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

type Report = {
  readonly sources: readonly { readonly errors: readonly { readonly subject: string; readonly message: string }[] }[];
  readonly findings: readonly {
    readonly name: string;
    readonly location: { readonly subjectName: string; readonly path: string };
  }[];
};

function put(files: { readonly [name: string]: string }): string {
  const dir = mkdtempSync(join(world.dir, "scripts-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

/** Scans a folder of these files, or one of them. */
async function scan(
  files: { readonly [name: string]: string },
  secrets: readonly string[],
  what = "",
): Promise<{ readonly code: number | null; readonly found: readonly string[]; readonly errors: readonly string[] }> {
  const dir = put(files);
  const { code, stdout, stderr } = await world.unsprawl(["scan", `script:${join(dir, what)}`, "--json"]);
  rmSync(dir, { recursive: true });
  for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  const report = JSON.parse(stdout) as Report;
  const short = (text: string): string => text.replaceAll(`${dir}/`, "");
  return {
    code,
    found: report.findings.map(({ location }) => short(`${location.subjectName} ${location.path}`)).sort(),
    errors: report.sources.flatMap(({ errors }) => errors.map((one) => short(`${one.subject}: ${one.message}`))),
  };
}

/** The plan of `a.sh` in a folder of these files. */
async function planned(files: { readonly [name: string]: string }): Promise<{ dir: string; plan: Plan }> {
  const dir = put(files);
  const what = join(dir, "a.sh");
  const { stdout } = await world.unsprawl(["plan", `script:${what}`, "--to", "local", "--json"]);
  return { dir, plan: JSON.parse(stdout) as Plan };
}

describe("the env file of a run line", () => {
  const secret = password();
  const env = `# for the shop\nLEVEL=info\nDB_PASSWORD=${secret}\n`;

  test.each([
    ["a word of its own", "docker run --env-file web.env img"],
    ["the same word", "docker run --env-file=web.env img"],
    ["podman's", "podman run --env-file web.env img"],
    ["beside the script, as it says", 'docker run --env-file "$(dirname "$0")/web.env" img'],
    ["beside the script, as bash says", 'docker run --env-file "$(dirname "${BASH_SOURCE[0]}")/web.env" img'],
    ["in the folder that it runs in", "docker run --env-file=${PWD}/web.env img"],
  ])("%s", async (_what, line) => {
    expect(await scan({ "a.sh": `#!/bin/bash\n${line}\n`, "web.env": env }, [secret], "a.sh")).toEqual({
      code: 3,
      found: ["a.sh:2 img web.env:3 DB_PASSWORD"],
      errors: [],
    });
  });

  test("named by a variable that is set once", async () => {
    const script = `#!/bin/sh\nFILE=deploy/web.env\ndocker run --env-file "$FILE" img\n`;
    const { found, errors } = await scan({ "a.sh": script, "deploy/web.env": env }, [secret]);
    expect([found, errors]).toEqual([["a.sh:3 img deploy/web.env:3 DB_PASSWORD"], []]);
  });

  test("from the folder that was named, where it is not beside the script", async () => {
    const files = { "bin/a.sh": "docker run --env-file etc/web.env img\n", "etc/web.env": env };
    const { found, errors } = await scan(files, [secret]);
    expect([found, errors]).toEqual([["a.sh:1 img etc/web.env:3 DB_PASSWORD"], []]);
  });

  const unknown = "the file that --env-file names is known only when the line runs";
  test.each([
    ["is not there", "docker run --env-file none.env img", "there is no file none.env"],
    ["is known only to the shell", 'docker run --env-file "$FILE" img', unknown],
    ["is a command's output", "docker run --env-file <(sops -d web.env) img", unknown],
    ["is the shell's own", "docker run --env-file /dev/stdin img", unknown],
    [
      "docker refuses",
      "docker run --env-file odd.env img",
      "odd.env: line 1 of the env file: a name cannot contain white space",
    ],
  ])("one that %s is told", async (_what, line, message) => {
    const { code, errors } = await scan({ "a.sh": `${line}\n`, "odd.env": "A B=1\n" }, [], "a.sh");
    expect([code, errors]).toEqual([1, [expect.stringMatching(/^a\.sh:1/)]]);
    expect(errors[0]?.endsWith(`: ${message}`), errors[0]).toBe(true);
  });

  test("podman gets its secret in place of the line, which leaves the file; rollback restores both", async () => {
    const script = `#!/bin/sh\n. ./lib.sh # not web.env\npodman run --name web \\\n  --env-file web.env \\\n  img\n`;
    const dir = put({ "a.sh": script, "web.env": env });
    const from = `script:${join(dir, "a.sh")}`;
    const { stdout, stderr, code } = await world.unsprawl(["migrate", from, "--to", "local", "--yes"]);
    expect([code, stdout.includes(secret), stderr.includes(secret)]).toEqual([0, false, false]);
    expect(stdout).toContain(`DB_PASSWORD leaves ${join(dir, "web.env")}: a program on this host that reads`);
    const texts = (): string[] => ["a.sh", "web.env"].map((name) => readFileSync(join(dir, name), "utf8"));
    const flag = "  --env-file web.env \\\n";
    const moved = script.replace(flag, `${flag}  --secret web-DB_PASSWORD,type=env,target=DB_PASSWORD \\\n`);
    expect(texts()).toEqual([moved, "# for the shop\nLEVEL=info\n"]);
    expect((await world.unsprawl(["rollback", "last", "--yes"])).code).toBe(0);
    expect(texts()).toEqual([script, env]);
  });

  const line = "podman run --env-file web.env img\n";
  const composed = "services:\n  web:\n    image: img\n";
  test.each<[string, { readonly [name: string]: string }, string]>([
    ["the script reads it", { "a.sh": `. ./web.env\n${line}` }, "which line 1 of the script reads too"],
    ["only the shell knows what is read", { "a.sh": `. ./$1.env\n${line}` }, "which line 1 of the script reads too"],
    [
      "a pattern may read it",
      { "a.sh": `for f in *.env; do\n. "$f"; done\n${line}` },
      "which line 2 of the script reads",
    ],
    ["a loop reads it", { "a.sh": `while read x; do :; done < web.env\n${line}` }, "which line 1 of the script reads"],
    [
      "a variable names it for another command",
      { "a.sh": `F=web.env\npodman run --env-file $F img\ngrep x "$F"\n` },
      "which line 1 of the script reads too",
    ],
    ["a test names it", { "a.sh": `[ -f web.env ] || exit 1\n${line}` }, "which line 1 of the script reads too"],
    [
      "a variable names what is read",
      { "a.sh": `L=lib.sh; . "./$L"\n${line}` },
      "which line 1 of the script reads too",
    ],
    ["another script names it", { "a.sh": line, "b.sh": line }, "DIR/b.sh reads too"],
    [
      "another script is too large to look through",
      { "a.sh": line, "b.sh": `${"# long\n".repeat(40_000)}. ./web.env\n` },
      "DIR/b.sh, which is too large to look through, may read too",
    ],
    ["a Compose file names it", { "a.sh": line, "c.yml": `${composed}    env_file: web.env\n` }, "DIR/c.yml reads too"],
    [
      "Compose fills its files in from it",
      { "a.sh": "podman run --env-file .env img\n", "c.yml": `${composed}    command: x \${DB_PASSWORD}\n` },
      "DIR/c.yml reads too",
    ],
    [
      "its name is none that Compose fills in, but another script reads it",
      { "a.sh": line, "b.sh": line, "c.yml": composed, "web.env": `DB_PASSWORD(=${secret}\n` },
      "DIR/b.sh reads too",
    ],
    ["another line stays", { "a.sh": `${line}nerdctl run --env-file web.env img\n` }, "which a.sh:2 img gets too"],
    ["podman reads it otherwise", { "a.sh": line, "web.env": `DB_PASSWORD="${secret}"\n` }, "podman may read diff"],
    [
      "the line sets it again",
      { "a.sh": "podman run --env-file web.env -e DB_PASSWORD= img\n" },
      "has no effect: -e DB",
    ],
    [
      "a later file sets it again",
      { "a.sh": "podman run --env-file web.env --env-file .env img\n", ".env": "DB_PASSWORD=\n" },
      "has no effect: --env-file .env sets it again",
    ],
    [
      "a later file may, which is not here",
      { "a.sh": "podman run --env-file web.env --env-file none.env img\n" },
      "and --env-file none.env behind it, which cannot be read here, may set it again",
    ],
    [
      "the shell decides",
      { "a.sh": "podman run $X --env-file web.env -e A=b img\n" },
      "whether $X in front of --env-file",
    ],
  ])("stays in the file if %s", async (_what, files, reason) => {
    const { dir, plan } = await planned({ "web.env": env, ".env": env, ...files });
    const reasons = plan.notMoved.map((one) => one.reason.replaceAll(dir, "DIR"));
    expect(
      reasons.some((one) => one.includes(reason)),
      reasons.join("; "),
    ).toBe(true);
    expect(plan.steps).toEqual([]);
  });
});

test("the reason for the exit code leaves the names of files whole, even if a weak value is a part of them", async () => {
  const dir = put({ "run-postgres.sh": "pass=postgres\nsource args.sh\ndocker run -e POSTGRES_PASSWORD=$pass img\n" });
  const { code, stderr } = await world.unsprawl(["plan", `script:${dir}`, "--to", "local"]);
  expect(code).toBe(3);
  expect(stderr).toContain(`exit 3: 1 secret was not moved: POSTGRES_PASSWORD in ${dir}/run-postgres.sh:1 (`);
});

test("what only a command of the script knows is no secret of its text", async () => {
  const secret = password();
  const script = `password=\`docker logs x | tail -1\`\ndocker run -e password=$password -e DB_PASSWORD=$pw$end img\ndocker run -e DB_PASSWORD=${secret}$x two\n`;
  const { found } = await scan({ "a.sh": script }, [secret]);
  expect(found).toEqual(["a.sh:3 two a.sh:3 docker run two -e DB_PASSWORD"]);
});

test("flags that a variable or a string holds are reported, with the line to write", async () => {
  const [one, two, three] = [password(), password(), password()];
  const files = {
    "a.sh": `OPTS="-p 80:80 -e DB_PASSWORD=${one} --env 'API_TOKEN=$X'"\ndocker run $OPTS img\necho "-e DB_PASSWORD=..."\n`,
    Makefile: `ARGS := -p 1:1 --env=DB_PASSWORD=${two}\nup:\n\tdocker run $(ARGS) img\n`,
    "a.ps1": `$command = "" +\n"docker run " +\n"-e DB_PASSWORD=${three} " +\n"img"\nInvoke-Expression $command\n`,
  };
  const { found } = await scan(files, [one, two, three]);
  expect(found).toEqual([
    "Makefile Makefile:1 the variable ARGS -e DB_PASSWORD",
    "a.ps1 a.ps1:3 a string -e DB_PASSWORD",
    "a.sh a.sh:1 the variable OPTS -e DB_PASSWORD",
  ]);
  const { plan } = await planned({ "a.sh": files["a.sh"] });
  expect(plan.notMoved.map(({ reason, hint }) => [reason, hint])).toEqual([
    [
      "is in the flags that the variable OPTS holds",
      "write -e DB_PASSWORD=value in the docker run line itself, then plan again",
    ],
  ]);
});

describe("a quote that never ends", () => {
  const [first, second, third] = [password(), password(), password()];
  const told = "a quote that begins there is never closed: the rest is read line by line, as far as possible";

  test.each([
    ["single", "echo 'never"],
    ["double", 'echo "never'],
    ["bash's own", "echo $'never\\'"],
    ["with a command in it", 'echo "$(date)'],
    ["a command in backquotes", "echo `date"],
    ["a command", "echo $(date"],
    ["a variable", "echo ${never"],
  ])("%s: its line is told, and what stands before and behind is read", async (_what, line) => {
    const run = (name: string, value: string): string => `docker run --name ${name} -e DB_PASSWORD=${value} img`;
    const script = `#!/bin/bash\n${run("one", first)}\n${line}\n${run("two", second)}\n${run("three", third)}\n`;
    expect(await scan({ "a.sh": script }, [first, second, third], "a.sh")).toEqual({
      code: 1,
      found: ["one", "two", "three"].map((name, at) => {
        const where = `a.sh:${[2, 4, 5][at]}`;
        return `${where} ${name} ${where} docker run ${name} -e DB_PASSWORD`;
      }),
      errors: [`a.sh:3: ${told}`],
    });
  });

  test("nothing of such a script is moved", async () => {
    const dir = put({ "a.sh": `docker run -e DB_PASSWORD=${first} img\necho 'never\n` });
    const { stdout } = await world.unsprawl(["plan", `script:${dir}`, "--to", "local", "--json"]);
    const { notMoved, steps } = JSON.parse(stdout) as { notMoved: readonly object[]; steps: readonly object[] };
    expect(notMoved).toMatchObject([
      { reason: "a quote in line 2 is never closed", hint: "close it, then plan again" },
    ]);
    expect(steps).toEqual([]);
  });

  test.each([
    ["quotes in quotes", `x=$(echo "it's")`],
    ["bash's own, with a quote in it", "x=$'it\\'s'"],
    ["a comment in a command", "x=$(date # it's\n)"],
    ["a here-document in a command", "x=$(cat <<EOF\nit's (\nEOF\n)"],
    ["a case in a command", `x=$(case $1 in a) echo "it's";; (b) ;; esac)`],
    ["a variable's default in quotes", `x="\${y:-it's}"`],
    ["arithmetic", "x=$((16#ff << 2))\ny=$(( (1 + 2) * $# ))"],
  ])("%s: none", async (_what, line) => {
    const script = `#!/bin/bash\n${line}\ndocker run -e DB_PASSWORD=${first} img\n`;
    const { code, found, errors } = await scan({ "a.sh": script }, [first], "a.sh");
    const at = `a.sh:${line.split("\n").length + 2}`;
    expect([code, found, errors]).toEqual([3, [`${at} img ${at} docker run img -e DB_PASSWORD`], []]);
  });
});
