import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { findValue } from "../../../src/engine/traces.ts";
import { Secret } from "../../../src/model/secret.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { need, which } from "../../services/apt.ts";
import { BUSYBOX, FILE_ENV, SHELL_LESS } from "../../services/images.ts";
import { startOpenBao } from "../../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { findingsOf, holders, password, printed } from "../files-world.ts";

// Scripts are run for real before and after: the container that they make shows nothing, and its application has all.

let engine: WorkerEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

const HOOK = fileURLToPath(new URL("../../support/kill-hook.mjs", import.meta.url));
const APP = `sh -c "trap 'exit 0' TERM; while :; do sleep 1000 & wait \\$!; done"`;

function write(name: string, text: string, mode = 0o750): string {
  const file = join(world.dir, "scripts", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

/** Runs a script, in place of what the containers' name was. */
function run(file: string, ...names: string[]): void {
  for (const name of names) gone(name);
  const path = `${dirname(which("docker") ?? "")}:${process.env["PATH"] ?? ""}`;
  execFileSync(file, { env: { PATH: path, HOME: world.dir, DOCKER_HOST: engine.host }, stdio: "pipe" });
}

function gone(name: string): void {
  try {
    engine.docker("rm", "-f", "-v", name);
  } catch {
    // It was not there.
  }
}

type Doc = {
  readonly Id: string;
  readonly Config: { readonly Env: string[] };
};
const inspect = (name: string): Doc => (JSON.parse(engine.docker("inspect", name)) as Doc[])[0] as Doc;

function expectClean(name: string, values: readonly string[]): void {
  const doc = inspect(name);
  const folder = join(engine.dir, "data/containers", doc.Id);
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8"));
  for (const value of values.map((text) => Secret.of(text)))
    expect([findValue(doc, value), findValue(texts, value)], name).toEqual([[], []]);
}

/** What the application gets: an entrypoint or a shim takes a moment to become it. */
async function expectGets(name: string, variables: { readonly [variable: string]: string }): Promise<void> {
  await expectServed(engine.docker, name, variables);
}

async function planOf(source: string, ...more: string[]): Promise<Plan> {
  const ran = await world.unsprawl(["plan", source, "--to", "vault", "--json", "--fail-on", "never", ...more]);
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  return JSON.parse(ran.stdout) as Plan;
}

const RUN = /Plan (\d{8}-\d{6}-[0-9a-f]{4})/;

/** Moves, and gives the run; nothing that was printed or kept has one of these values. */
async function migrate(source: string, values: readonly string[], ...more: string[]): Promise<string> {
  const ran = await world.unsprawl(["migrate", source, "--to", "vault", "--yes", "--fail-on", "never", ...more]);
  expect(ran.code, printed(ran)).toBe(0);
  for (const value of values) expect(printed(ran)).not.toContain(value);
  expect(holders(world.dir, values)).toEqual([]);
  return RUN.exec(printed(ran))?.[1] ?? "";
}

describe("a script that is run before and after", () => {
  it.each([
    ["file", FILE_ENV, "the image's entrypoint"],
    ["shim", BUSYBOX, "the image has a shell"],
    ["runtime", BUSYBOX, "the OCI runtime is installed"],
  ])(
    "by %s: inspect is clean, the application has its values, rollback gives back every byte",
    async (deliver, image, why) => {
      const [one, two] = [password(), `${password()} '$"\\ ${password()}`];
      const name = `web-${deliver}`;
      const written = two.replaceAll("'", String.raw`'\''`);
      const text = `#!/bin/sh\n# starts ${name}\nset -eu\nIMAGE=${image}\nstart() {\n\tdocker run -d --name ${name} --network none \\\n\t\t-e "DB_PASSWORD=${one}" -e LOG=info \\\n\t\t--env=API_TOKEN='${written}' \\\n\t\t"$IMAGE" ${APP}\n}\n\nstart # now\n`;
      const file = write(`${name}.sh`, text);
      run(file, name);
      await expectGets(name, { API_TOKEN: two });
      if (deliver === "runtime") {
        const install = ["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile];
        expect((await world.unsprawl(install)).code).toBe(0);
      }
      const found = await findingsOf(world, `script:${file}`);
      expect(found.map(({ location }) => `${location.subjectName} | ${location.path}`).sort()).toEqual([
        `${name}.sh:6 ${name} | ${file}:7 docker run ${name} -e DB_PASSWORD`,
        `${name}.sh:6 ${name} | ${file}:8 docker run ${name} -e API_TOKEN`,
      ]);
      const plan = await planOf(`script:${file}`, ...(deliver === "shim" ? ["--deliver", "shim"] : []));
      expect(plan.steps.flatMap((step) => (step.kind === "deliver" ? [`${step.delivery}: ${step.why}`] : []))).toEqual([
        expect.stringContaining(`${deliver}: ${why}`),
      ]);
      expect(plan.warnings.map((warning) => warning.text).join("\n")).toContain(`unsprawl migrate docker:${name}`);

      const id = await migrate(`script:${file}`, [one, two], ...(deliver === "shim" ? ["--deliver", "shim"] : []));
      expect(statSync(file).mode & 0o777).toBe(0o750);
      run(file, name);
      expectClean(name, [one, two]);
      await expectGets(name, { DB_PASSWORD: one, API_TOKEN: two, LOG: "info" });
      if (deliver !== "runtime") {
        // As after a boot.
        execFileSync("sh", ["-c", `rm -rf ${join(world.memory, "units")}/*`]);
        expect(() => run(file, name)).toThrow(
          deliver === "file" ? /bind source path does not exist/ : /Command failed/,
        );
        expect((await world.unsprawl(["render", "--all"])).code).toBe(0);
        run(file, name);
        await expectGets(name, { API_TOKEN: two });
      }
      expect((await planOf(`script:${file}`)).steps).toEqual([]);
      // The labels that say what was delivered hold nothing.
      expect(await findingsOf(world, `script:${file}`)).toEqual([]);
      gone(name);
      expect((await world.unsprawl(["rollback", id])).code).toBe(0);
      expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual([text, 0o750]);
      expect(readdirSync(world.memory, { recursive: true }).filter((one) => String(one).includes(name))).toEqual([]);
      await world.unsprawl(["scrub", id, "--accept", "key-backup"]);
    },
  );
});

it("a script and the container that it made, in one plan", async () => {
  const one = password();
  const text = `#!/bin/sh\ndocker run -d --name both --network none -e DB_PASSWORD=${one} ${FILE_ENV}\n`;
  const file = write("both.sh", text);
  run(file, "both");
  const ran = await world.unsprawl([
    ...["migrate", `script:${file}`, "docker:both", "--to", "vault", "--grace", "100ms", "--yes"],
  ]);
  expect(ran.code, printed(ran)).toBe(0);
  expectClean("both", [one]);
  run(file, "both");
  expectClean("both", [one]);
  await expectGets("both", { DB_PASSWORD: one });
  gone("both");
  const line = readFileSync(file, "utf8");
  expect(line).toContain("-e DB_PASSWORD_FILE=/run/secrets/DB_PASSWORD --mount");
});

it("two lines with one file of variables, each by its delivery; what one of them has from there leaves it", async () => {
  const [one, two] = [password(), password()];
  const text = `#!/bin/sh\ncd "$(dirname "$0")"\ndocker run -d --name kept --network none --env-file kept.env \\\n  ${FILE_ENV}\ndocker run -d --name plain --network none \\\n  --env-file=kept.env \\\n  -e API_TOKEN=${two} \\\n  ${BUSYBOX} ${APP}\n`;
  const file = write("env-file/up.sh", text);
  const env = `LOG=info\nDB_PASSWORD=${one}\r\n# end\n`;
  const beside = write("env-file/kept.env", env, 0o640);
  run(file, "kept", "plain");
  run(file, "kept", "plain");
  const id = await migrate(`script:${file}`, [one, two]);
  expect([readFileSync(beside, "utf8"), statSync(beside).mode & 0o777]).toEqual(["LOG=info\n# end\n", 0o640]);
  run(file, "kept", "plain");
  for (const name of ["kept", "plain"]) expectClean(name, [one, two]);
  await expectGets("kept", { DB_PASSWORD: one, LOG: "info" });
  await expectGets("plain", { DB_PASSWORD: one, API_TOKEN: two, LOG: "info" });
  expect(await findingsOf(world, `script:${file}`)).toEqual([]);
  gone("kept");
  gone("plain");
  expect((await world.unsprawl(["rollback", id])).code).toBe(0);
  expect([readFileSync(file, "utf8"), readFileSync(beside, "utf8")]).toEqual([text, env]);
});

it("a line whose image and name are variables is refused, with what to write in their place", async () => {
  const [repository = "", tag = ""] = FILE_ENV.split(":");
  const line = (image: string): string => `docker run --name "$1" -e DB_PASSWORD=${password()} ${image}\n`;
  const likely = `TAG="\${TAG:-${tag}}"\n${line(`"${repository}:$TAG"`)}`;
  for (const [at, text] of [likely, line("$IMAGE")].entries()) {
    const { notMoved } = await planOf(`script:${write("likely.sh", `#!/bin/sh\n${text}`)}`);
    expect(notMoved.map(({ reason, hint }) => [reason, hint])).toEqual([
      [
        expect.stringMatching(/no delivery fits likely\.sh:\d: .*no container of its image/),
        "write its image, or --name with a container's name, in the line itself in place of the variable; then plan again",
      ],
    ]);
    expect(notMoved[0]?.finding.location.path).toContain(`likely.sh:${3 - at} docker run -e DB_PASSWORD`);
  }
});

it("a makefile as make reads it, with linuxserver.io's marks and a weak value; templates beside it stay", async () => {
  const one = `${password()}$x`;
  const text = `IMAGE ?= ${FILE_ENV}\nup: # starts it\n\t@docker run -d --name made --network none \\\n\t  -e DB_PASSWORD=secret \`#optional\` \\\n\t  -e API_TOKEN='${one.replace("$", "$$$$")}' \`#optional\` \\\n\t  ${FILE_ENV}\n`;
  const file = write("made/Makefile", text, 0o640);
  const templates = ["%%IMAGE%%", "{{ image }}", "<image>", "NoSuch"];
  const lines = templates.map((image, at) => `docker run --name t${at} -e DB_PASSWORD=${password()} ${image}\n`);
  const beside = write("made/readme.sh", `${lines.join("")}docker run -e DB_PASSWORD=${password()} \\ # why\n img\n`);
  const make = async (): Promise<void> => {
    gone("made");
    const program = await need("make", ["make"]);
    const path = `${dirname(which("docker") ?? "")}:${process.env["PATH"] ?? ""}`;
    const env = { PATH: path, HOME: world.dir, DOCKER_HOST: engine.host };
    execFileSync(program, ["-C", dirname(file), "up"], { env, stdio: "pipe" });
  };
  const values = { DB_PASSWORD: "secret", API_TOKEN: one };
  await make();
  await expectGets("made", values);
  const { notMoved, steps } = await planOf(`script:${dirname(file)}`);
  const [open, ...others] = notMoved.toReversed();
  expect(open?.reason).toContain("a character follows a backslash");
  expect(others.toReversed().map(({ finding, reason }) => [finding.location.subjectId, reason])).toEqual(
    templates.map((_, at) => [beside, `readme.sh:${at + 1} t${at}: a placeholder takes the place of its image`]),
  );
  expect(steps.filter(({ kind }) => kind === "put")).toHaveLength(2);
  const id = await migrate(`script:${file}`, [one]);
  await make();
  expectClean("made", [one]);
  await expectGets("made", values);
  gone("made");
  expect((await world.unsprawl(["rollback", id])).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text);
});

describe("what is left, and why", () => {
  it("a line that nothing on the engine tells of", async () => {
    const elsewhere = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    const file = write("new.sh", `docker run --name new-one -e DB_PASSWORD=${password()} ${SHELL_LESS}\n`);
    const ran = await elsewhere.unsprawl(["plan", `script:${file}`, "--to", "vault", "--json", "--fail-on", "never"]);
    elsewhere.remove();
    const { notMoved, steps } = JSON.parse(ran.stdout) as Plan;
    expect([steps, notMoved[0]?.reason, notMoved[0]?.hint]).toEqual([
      [],
      expect.stringMatching(/no delivery fits new\.sh:1 new-one: runtime: .*; file, shim: no container of/),
      expect.stringMatching(/unsprawl runtime install --to STORE; or docker create --name new-one/),
    ]);
  });

  it("one line of a script moves, another stays; both branches of an if", async () => {
    const [one, two] = [password(), password()];
    const line = `docker run -d --name branch -e DB_PASSWORD=${one} ${BUSYBOX} ${APP}`;
    const stays = `docker run --name admin -e ADMIN_TOKEN=${two} ${BUSYBOX}\nssh far docker run -e API_TOKEN=${two} x\n`;
    const text = `if [ -n "\${X:-}" ]; then\n  ${line}\nelse\n  ${line}\nfi\n${stays}`;
    const file = write("branches.sh", text);
    const { notMoved, steps } = await planOf(`script:${file}`);
    expect(Object.fromEntries(notMoved.map(({ finding, reason }) => [finding.name, reason]))).toEqual({
      ADMIN_TOKEN: `the value of ADMIN_TOKEN also stands at ${file}:7, and would stay there`,
      API_TOKEN: expect.stringContaining("not a docker run line that can be rewritten"),
    });
    expect(steps.filter(({ kind }) => kind === "put").map(({ id }) => id)).toEqual([
      `put:${file}/branch/DB_PASSWORD`,
      `put:${file}/branch/DB_PASSWORD#2`,
    ]);
    const id = await migrate(`script:${file}`, [one]);
    expect(readFileSync(file, "utf8").match(/--runtime unsprawl/g)).toHaveLength(2);
    expect((await world.unsprawl(["rollback", id])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("a comment inside a command, which ends it before its image", async () => {
    const file = write(
      "ends.sh",
      `docker run --name ends \\\n  -e DB_PASSWORD=${password()} \\\n  #--user root \\\n  ${BUSYBOX}\n`,
    );
    const { notMoved } = await planOf(`script:${file}`);
    expect(notMoved.map(({ reason }) => reason)).toEqual([
      "ends.sh:1 ends: the command ends before an image: a comment in it, or a line without a backslash, ends it",
    ]);
  });

  it("a value that stands elsewhere in the script", async () => {
    const one = password();
    const file = write("twice.sh", `true ${one}\ndocker run --name twice -e DB_PASSWORD=${one} ${BUSYBOX}\n`);
    const { notMoved } = await planOf(`script:${file}`);
    expect(notMoved[0]?.reason).toContain(`also stands at ${file}:1`);
    // So does one that a comment or a message only mentions.
    for (const [at, text] of ["# was @\n", "echo \"log in with '@'\"\n"].entries()) {
      const line = `${text}docker run --name said -e DB_PASSWORD=@ ${BUSYBOX}\n`;
      const said = write(`said${at}.sh`, line.replaceAll("@", password()));
      const plan = await planOf(`script:${said}`);
      expect(plan.notMoved.map(({ reason, hint }) => [reason, hint])).toEqual([
        [
          `the value of DB_PASSWORD also stands at ${said}:1, and would stay there`,
          "move or take that out too, then plan again; or --accept elsewhere leaves it there",
        ],
      ]);
    }
    // A word that is also the name of a user or of the image is there by coincidence.
    const weak = write("weak.sh", `docker run --name admin -e DB_PASSWORD=admin -e ADMIN=admin ${BUSYBOX}\n`);
    const { steps, warnings } = await planOf(`script:${weak}`);
    expect(steps.map(({ kind }) => kind)).toContain("rewrite");
    expect(warnings.map(({ text }) => text)).toContain(
      `the value of DB_PASSWORD is a plain word that also stands at ${weak}:1, and stays there`,
    );
  });

  it("a variable that other commands may need, or that the environment may set, is found and stays", async () => {
    const text = `#!/bin/sh\nexport PW='${password()}'\nKEY=${password()}\nprintf %s "$KEY" >used\nTOKEN="\${TOKEN:-${password()}}"\ndocker run -d --name shared -e DB_PASSWORD="$PW" -e SECRET_KEY="$KEY" -e API_TOKEN="$TOKEN" ${FILE_ENV}\n`;
    const file = write("shared.sh", text);
    const { notMoved, steps } = await planOf(`script:${file}`);
    expect(steps).toEqual([]);
    const told = notMoved.map(({ finding, reason, hint }) => [finding.location.path, reason, hint]);
    expect(told.toSorted(([a = ""], [b = ""]) => (String(a) < String(b) ? -1 : 1))).toEqual([
      [
        `${file}:6 docker run shared -e API_TOKEN`,
        "is the default of the script's variable TOKEN in line 5, which may be set where the script is started",
        "write -e API_TOKEN=value in line 6 itself, then plan again",
      ],
      [
        `${file}:6 docker run shared -e DB_PASSWORD`,
        "is in the script's variable PW, which line 2 exports to every command",
        "take export out of line 2 if no command needs it, then plan again",
      ],
      [
        `${file}:6 docker run shared -e SECRET_KEY`,
        "is in the script's variable KEY, which line 4 uses too",
        "write -e SECRET_KEY=value in line 6 itself and remove line 3; unsprawl run sets KEY from a reference for line 4",
      ],
    ]);
  });

  it("podman: its own secrets, and how they are made", async () => {
    const [one, text] = [password(), "podman run -d --name pod \\\n  -e DB_PASSWORD=@ \\\n  img\n"];
    const file = write("pod.sh", text.replace("@", one));
    const { warnings, steps } = await planOf(`script:${file}`);
    expect(steps.map(({ kind }) => kind)).toEqual(["put", "verify", "rewrite"]);
    expect(warnings[0]?.text).toMatch(
      /UNSPRAWL_VALUE='ref\+vault:.*' unsprawl run -- .* \| podman secret create pod-DB_PASSWORD -/,
    );
    await migrate(`script:${file}`, [one]);
    expect(readFileSync(file, "utf8")).toBe(
      text.replace("-e DB_PASSWORD=@", "--secret pod-DB_PASSWORD,type=env,target=DB_PASSWORD"),
    );
  });
});

test("a folder: scripts, what is executable with a shell's first line, units with run lines; nothing else", async () => {
  const line = (name: string): string => `docker run --name ${name} -e DB_PASSWORD=${password()} img\n`;
  write("folder/a.sh", line("a"), 0o644);
  write("folder/deep/b", `#!/usr/bin/env bash\n${line("b")}`);
  write("folder/c", `#!/usr/bin/python3\n${line("c")}`);
  write("folder/d", `#!/bin/sh\n${line("d")}`, 0o644);
  write("folder/e.service", `[Service]\nExecStart=/usr/bin/${line("e")}`, 0o644);
  write("folder/f.service", "[Service]\nExecStart=/bin/true\n", 0o644);
  write("folder/g.sh", `echo ${password()}\n`);
  const label = `docker run --label password=${password()} img redis-server --requirepass ${password()}\n`;
  write("folder/h.sh", label);
  const found = await findingsOf(world, `script:${join(world.dir, "scripts/folder")}`);
  expect(found.map(({ location: { subjectName, where } }) => `${subjectName} ${where}`).sort()).toEqual([
    "a.sh:1 a env",
    "b:2 b env",
    "e.service:2 e env",
    // The label's, and Redis's.
    "h.sh:1 img cmd",
    "h.sh:1 img cmd",
  ]);
  for (const what of ["script:", "script:nothing"]) expect((await world.unsprawl(["scan", what])).code).not.toBe(0);
});

test("killed on its way a run goes on, or is undone: the script, or what it was", async () => {
  gone("killed");
  const text = `#!/bin/sh\ndocker run -d --name killed --network none -e DB_PASSWORD=${password()} ${FILE_ENV}\n`;
  const file = write("killed.sh", text);
  run(file, "killed");
  // Its own runs alone: none of another test's is undone.
  const own = makeWorld(engine.host);
  const args = ["migrate", `script:${file}`, "--to", "local", "--deliver", "file", "--yes"];
  const ends: string[] = [];
  for (let at = 1; at < 200; at += 8) {
    const killed = await own.unsprawl(args, { nodeArgs: ["--import", HOOK], env: { KILL_AT_WRITE: String(at) } });
    if (killed.signal === null) break;
    if (ends.length % 2 === 0 && (await own.unsprawl(["resume"])).code === 0)
      expect(readFileSync(file, "utf8")).toContain("DB_PASSWORD_FILE=/run/secrets/DB_PASSWORD");
    ends.push(readFileSync(file, "utf8") === text ? "as before" : "moved");
    await own.unsprawl(["rollback"]);
    expect(readFileSync(file, "utf8")).toBe(text);
  }
  own.remove();
  expect([ends.length > 3, ends.includes("moved")]).toEqual([true, true]);
}, 300_000);
