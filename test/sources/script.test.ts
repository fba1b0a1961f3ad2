import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { password } from "../migrations/files-world.ts";
import { makeWorld } from "../support/world.ts";

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

  const unknown = "which file --env-file names is known only when the line runs";
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

  test("is planned where it stands", async () => {
    const dir = put({ "a.sh": "docker run --env-file web.env img\n", "web.env": env });
    const { stdout } = await world.unsprawl(["plan", `script:${dir}`, "--to", "local", "--json"]);
    const { notMoved } = JSON.parse(stdout) as {
      notMoved: readonly { readonly reason: string; readonly hint: string }[];
    };
    const file = join(dir, "web.env");
    expect(notMoved).toMatchObject([
      { reason: `stands in ${file}, which --env-file hands on`, hint: `unsprawl plan env:${file} moves it there` },
    ]);
  });
});
