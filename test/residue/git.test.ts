import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folder, lookFor, password, type Looked } from "./looking.ts";

const root = folder();
const env = { PATH: process.env["PATH"], HOME: root };

type Repo = {
  readonly dir: string;
  readonly file: string;
  readonly value: string;
  git(...args: string[]): string;
  /** Writes the file and commits it; the commit's short hash. */
  commit(text: string): string;
};

let count = 0;

/** A repository whose file once held nothing. */
function repo(): Repo {
  const dir = join(root, `repo-${++count}`);
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", dir, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  mkdirSync(dir);
  git("init", "-q", "-b", "main");
  const file = join(dir, "app.env");
  // One program for three: a large process takes long to start each.
  const line = `git add -A && git -c user.name=A -c user.email=a@example.org commit -q -m change && git rev-parse HEAD`;
  const commit = (text: string): string => {
    writeFileSync(file, text);
    return execFileSync("sh", ["-c", line], { cwd: dir, env, encoding: "utf8" }).slice(0, 10);
  };
  commit("A=1\n");
  return { dir, file, value: password(), git, commit };
}

const look = async ({ value, file }: Repo): Promise<Looked> => lookFor(value, { files: [file] }, env);

describe("a value in the history of a file", () => {
  test("that was committed, and later taken out", async () => {
    const one = repo();
    const first = one.commit(`A=1\nDB_PASSWORD=${one.value}\n`);
    one.commit(`A=2\nDB_PASSWORD=${one.value}\n`);
    // The line itself changes around the value: that takes nothing out.
    one.commit(`A=2\nexport DB_PASSWORD=${one.value}\n`);
    const last = one.commit("A=2\n");
    one.commit("A=3\n");
    const { found, places, unseen, looked } = await look(one);
    expect(unseen).toEqual([]);
    expect(looked.get("git history")).toBe(1);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      new RegExp(`^git history ${one.file} since commit ${first} \\(\\S+\\), until ${last} \\(\\S+\\) took it out$`),
    );
    expect(places[0]?.next).toContain("rotate DB_PASSWORD");
  });

  test("that nothing took out", async () => {
    const one = repo();
    const first = one.commit(`DB_PASSWORD=${one.value}\n`);
    one.commit(`export DB_PASSWORD=${one.value}\n`);
    writeFileSync(one.file, "A=1\n");
    expect((await look(one)).found[0]).toMatch(new RegExp(`since commit ${first} .*, and no later one took it out$`));
  });

  test.each<[title: string, make: (one: Repo) => void]>([
    [
      "on another branch only",
      (one) => {
        one.git("checkout", "-q", "-b", "other");
        one.commit(`DB_PASSWORD=${one.value}\n`);
        one.git("checkout", "-q", "main");
      },
    ],
    [
      "in a stash",
      (one) => {
        writeFileSync(one.file, `DB_PASSWORD=${one.value}\n`);
        one.git("stash", "-q");
      },
    ],
    [
      "in an older stash",
      (one) => {
        writeFileSync(one.file, `DB_PASSWORD=${one.value}\n`);
        one.git("stash", "-q");
        writeFileSync(one.file, "A=2\n");
        one.git("stash", "-q");
      },
    ],
    [
      "in a commit that only a reflog knows",
      (one) => {
        one.commit(`DB_PASSWORD=${one.value}\n`);
        one.git("reset", "-q", "--hard", "HEAD~1");
      },
    ],
    [
      "in a merge only",
      (one) => {
        one.git("checkout", "-q", "-b", "other");
        writeFileSync(join(one.dir, "else"), "");
        one.commit("A=1\n");
        one.git("checkout", "-q", "main");
        one.git("merge", "-q", "--no-ff", "--no-commit", "other");
        one.commit(`DB_PASSWORD=${one.value}\n`);
      },
    ],
    [
      "in a file with a NUL byte, beside settings that would hide it",
      (one) => {
        for (const [name, value] of [
          ["log.showRoot", "false"],
          ["log.follow", "true"],
          ["color.ui", "always"],
          ["diff.noprefix", "true"],
          ["log.date", "relative"],
        ])
          one.git("config", name ?? "", value ?? "");
        one.commit(`\0\nDB_PASSWORD=${one.value}`);
      },
    ],
    ["encoded", (one) => void one.commit(`data: ${Buffer.from(one.value).toString("base64")}\n`)],
  ])("%s", async (_title, make) => {
    const one = repo();
    make(one);
    writeFileSync(one.file, "A=1\n");
    const { found, unseen } = await look(one);
    expect(unseen).toEqual([]);
    expect(found).toEqual([expect.stringContaining("since commit")]);
  });

  test("that was pushed", async () => {
    const [one, bare] = [repo(), join(root, "bare.git")];
    execFileSync("git", ["init", "-q", "--bare", bare], { env });
    one.git("remote", "add", "origin", bare);
    one.git("push", "-q", "origin", "main");
    one.commit(`DB_PASSWORD=${one.value}\n`);
    one.commit("A=1\n");
    expect((await look(one)).found[0]).not.toContain("pushed");
    one.git("push", "-q", "origin", "main");
    expect((await look(one)).found[0]).toContain("; pushed to origin: whoever cloned it has it");
  });

  test("of several lines", async () => {
    const one = repo();
    const value = `${password()}\n${password()}`;
    one.commit(`B='${value}'\n`);
    writeFileSync(one.file, "A=1\n");
    expect((await lookFor(value, { files: [one.file] }, env)).found).toHaveLength(1);
  });
});

describe("a repository", () => {
  test("whose history has nothing is clean; so is a file outside of any", async () => {
    const one = repo();
    one.commit(`DB_PASSWORD=${password()}\n`);
    const outside = join(root, "outside.env");
    writeFileSync(outside, "A=1\n");
    const { found, unseen } = await lookFor(one.value, { files: [one.file, outside] }, env);
    expect([found, unseen]).toEqual([[], []]);
  });

  test("runs no program that its configuration names", async () => {
    const one = repo();
    one.commit(`DB_PASSWORD=${one.value}\n`);
    const ran = join(one.dir, "ran");
    const program = join(one.dir, "program");
    writeFileSync(program, `#!/bin/sh\ntouch ${ran}\ncat\n`, { mode: 0o755 });
    writeFileSync(join(one.dir, ".gitattributes"), "*.env diff=own\n");
    const settings = ["core.pager", "pager.log", "diff.external", "diff.own.textconv", "diff.own.command"];
    for (const name of [...settings, "core.fsmonitor", "gpg.program", "core.sshCommand"])
      one.git("config", name, program);
    one.git("config", "log.showSignature", "true");
    const { found } = await look(one);
    expect(found.filter((text) => text.startsWith("git"))).toHaveLength(1);
    expect(() => execFileSync("test", ["-e", ran])).toThrow("failed");
  });

  test("of another user is not looked at, and that is said", async () => {
    const one = repo();
    one.commit(`DB_PASSWORD=${one.value}\n`);
    writeFileSync(one.file, "A=1\n");
    for (const path of [one.dir, join(one.dir, ".git")]) chownSync(path, 65_534, 65_534);
    const { found, unseen } = await look(one);
    expect(found).toEqual([]);
    expect(unseen).toEqual([
      { place: `the git history of ${one.file}`, why: expect.stringContaining("another user's") as string },
    ]);
  });

  test("that is shallow, or that no git is there to read", async () => {
    const one = repo();
    one.commit(`DB_PASSWORD=${one.value}\n`);
    one.commit("A=1\n");
    const clone = join(root, "shallow");
    execFileSync("git", ["clone", "-q", "--depth", "1", `file://${one.dir}`, clone], { env });
    const shallow = await lookFor(one.value, { files: [join(clone, "app.env")] }, env);
    expect(shallow.unseen[0]?.why).toContain("shallow");
    const none = await lookFor(one.value, { files: [one.file] }, { PATH: "/nowhere", HOME: root });
    expect(none.unseen).toEqual([{ place: `the git history of ${one.file}`, why: "git is not installed" }]);
  });
});
