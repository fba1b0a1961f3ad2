import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { formats, migrations, runConfigurations, sources } from "../migrations/index.ts";
import { providers, stores } from "../providers/index.ts";
import { assemble } from "../src/assembly/index.ts";
import { ACCEPT_WORDS, ACCEPTS, DEFAULT_SOURCES, SOURCES, STEP_TAILS } from "../src/assembly/plug-ins.ts";
import { COMMANDS } from "../src/cli/specs/index.ts";
import { commandHelp } from "../src/cli/help.ts";
import { nameOf, type CommandSpec } from "../src/cli/specs/spec.ts";
import { FORMAT_NAMES, render } from "../src/cli/views/index.ts";
import { FORMAT_STAGES, type StepTail } from "../src/contract/about.ts";
import { planFault } from "../src/core/journal/plan-shape.ts";
import { resolveMain } from "../src/delivery/runtime/resolve.ts";
import { likelyStore, storeChoices } from "../src/tui/tools.ts";
import type { Plan } from "../src/model/plan.ts";
import { planOf, runId } from "./core/fixtures.ts";
import { reportWith } from "./support/reports.ts";

// What plug-ins say of themselves holds: nothing else in the tree names them, and every list is made from it.

const ROOT = fileURLToPath(new URL("..", import.meta.url));

describe("a format", () => {
  it.each(formats)("$name is called as its folder, and has the source that it says it has", ({ name, source }) => {
    expect(Object.keys(migrations)).toContain(name);
    expect(existsSync(join(ROOT, "migrations", name, "about.ts"))).toBe(true);
    expect(sources.filter(({ kind }) => kind === source?.kind)).toHaveLength(source === null ? 0 : 1);
  });

  it("each is offered findings in the order of its stage: files, images, what is managed, containers", () => {
    const stages = runConfigurations.map((name) => formats.find((one) => one.name === name)?.stage ?? "stores");
    expect(stages).toEqual(FORMAT_STAGES.flatMap((stage) => stages.filter((one) => one === stage)));
    expect(stages).not.toContain("stores");
    // A file is its own format's before it is another's, and a container is Compose's before it is anybody's.
    const known = ["env-file", "systemd", "quadlet", "docker-run", "dockerfile", "kubernetes", "image", "registry"];
    const all = [...known, "compose", "swarm", "docker-container"];
    expect(runConfigurations.filter((name) => all.includes(name))).toEqual(all);
  });

  it("a word of --accept means the same in every format that knows it", () => {
    const said = formats.flatMap(({ accepts }) => Object.entries(accepts));
    expect(said.filter(([word, meaning]) => ACCEPTS.get(word) !== meaning)).toEqual([]);
    expect(ACCEPT_WORDS).toEqual([...new Set(said.map(([word]) => word))].sort());
  });

  it("the words that a format asks for are those that it says it knows", () => {
    for (const { name, accepts } of formats) {
      const code = codeBelow(`migrations/${name}`);
      const asked = [...code.matchAll(/\baccept(?:: |\.has\()"([a-z]+)"|--accept ([a-z]+)/g)].map(
        (one) => one[1] ?? one[2],
      );
      expect(
        asked.filter((word) => !(word !== undefined && word in accepts)),
        name,
      ).toEqual([]);
    }
  });

  it("only one source is read when none is named", () => {
    expect(DEFAULT_SOURCES).toEqual(["docker:"]);
  });
});

describe("the check of a plan", () => {
  const planned = (migration: string): Plan => {
    const sound = planOf(runId());
    const [put] = sound.steps;
    if (put?.kind !== "put") throw new Error("the fixture has no put");
    const { move } = put;
    const common = { unit: "web", delivery: "file", moves: [move] } as const;
    const subject = { id: "id-web", name: "web", image: "sha256:0" };
    return {
      ...sound,
      migration,
      steps: [
        put,
        { id: "verify", kind: "verify", unit: "web", move },
        { id: "deliver:web", kind: "deliver", why: "it fits", ...common },
        { id: "recreate:web", kind: "recreate", subject, digest: "d", diff: [], ...common },
        { id: "check:web", kind: "check", graceMs: 1, healthTimeoutMs: 1, tolerated: [], ...common },
      ],
    };
  };

  it("takes the steps of a migration that it has never heard of, when that says it makes such", () => {
    expect(planFault(planned("nomad"), new Map<string, StepTail>([["nomad", "recreate"]]))).toBeNull();
  });

  it("refuses steps other than the migration says it makes, and a migration that nobody described", () => {
    for (const tail of ["none", "clean", "rewrite"] as const)
      expect(planFault(planned("nomad"), new Map([["nomad", tail]]))).toMatch(/are not put, verify, and what its/);
    for (const name of ["nomad", "constructor"])
      expect(planFault(planned(name), STEP_TAILS)).toBe(`web is of an unknown migration: "${name}"`);
  });
});

describe("a store", () => {
  let home: string;
  beforeAll(() => (home = mkdtempSync(join(tmpdir(), "unsprawl-plug-ins-"))));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  afterEach(() => void (process.exitCode = undefined));

  it.each(stores)("$name is called as its folder, and its references begin as it says", async ({ name, scheme }) => {
    expect((await providers[name]?.())?.provider.provider).toBe(name);
    const own = codeBelow(`providers/${name}`);
    const shared = codeBelow("src/stores-kit/sops");
    expect(`${own}${own.includes("stores-kit/sops/") ? shared : ""}`).toContain(`"${scheme}://"`);
  });

  it.each(stores)("$name has master keys of the kind that it names, or of none", async ({ name, wraps }) => {
    const plugIn = await providers[name]?.();
    expect(plugIn?.provider.keyService === undefined).toBe(wraps === undefined);
    expect(stores.filter((one) => one.wraps === wraps && wraps !== undefined).length).toBeLessThanOrEqual(1);
  });

  it.each([...new Set(stores.map(({ scheme }) => scheme)), "ref+nobody"])(
    "a %s reference for which the runtime has no store does not start a container",
    async (scheme) => {
      const [id, reference] = [randomBytes(32).toString("hex"), `${scheme}://apps/web#/DB_PASSWORD`];
      const [bundle, out] = ["bundle", "out"].map((name) => join(home, id, name)) as [string, string];
      for (const dir of [bundle, out, join(home, "bundles")]) mkdirSync(dir, { recursive: true });
      const json = (file: string, what: object): void => writeFileSync(file, JSON.stringify(what));
      json(join(home, "runtime.json"), { version: 1, realRuntime: "runc", memory: home, stores: [] });
      const allowed = { consumer: `id:${id}`, variable: "DB_PASSWORD", reference, by: null };
      json(join(home, "bindings.json"), { version: 1, bindings: [allowed] });
      json(join(bundle, "config.json"), { process: { env: [`DB_PASSWORD=${reference}`] } });
      const log = join(home, id, "log.json");
      await resolveMain([home, "create", bundle, out, id, log], async () => {
        throw new Error("there is no store to open");
      });
      expect(process.exitCode).toBe(1);
      expect(existsSync(join(out, "config.json"))).toBe(false);
      expect(readFileSync(log, "utf8")).toContain(`DB_PASSWORD: the runtime has no store for ${scheme}`);
    },
  );

  it.each([
    [{}, []],
    [{ AWS_PROFILE: "team" }, ["aws-secrets-manager", "aws-ssm"]],
    [{ AZURE_KEYVAULT_URL: "https://team.invalid" }, ["azure-key-vault"]],
    [{ GOOGLE_CLOUD_PROJECT: "team-prod" }, ["gcp-secret-manager"]],
    [{ KEYWHIZ_URL: "https://keywhiz.invalid" }, ["keywhiz"]],
  ])("the terminal UI offers with %j the two that need nothing, and what the environment names", async (env, more) => {
    const own = { HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home };
    const offered = await storeChoices(assemble({ ...env, ...own }, home, null));
    expect(offered.map(({ name }) => name)).toEqual(["vault", "local", ...more]);
  });

  it("the terminal UI preselects the one that the environment names, else the one that needs nothing", () => {
    expect(likelyStore({})).toBe("local");
    expect(likelyStore({ VAULT_ADDR: "https://vault.invalid" })).toBe("vault");
    expect(stores.filter(({ choice }) => choice?.preselected === "otherwise")).toHaveLength(1);
  });
});

describe("an output format", () => {
  const showing = { terminal: false, cwd: ROOT, fails: () => false };

  it.each(FORMAT_NAMES)("%s is made", async (format) => {
    expect(typeof (await render(reportWith([]), format, showing))).toBe("string");
  });

  it("that does not exist is refused, and the others are named", async () => {
    for (const format of ["paper-tape", "toString", ""])
      await expect(render(reportWith([]), format, showing)).rejects.toMatchObject({
        code: "usage",
        hint: expect.stringContaining(FORMAT_NAMES.join(", ")),
      });
    await expect(render(reportWith([]), "sarrif", showing)).rejects.toMatchObject({
      hint: "did you mean --format sarif?",
    });
  });
});

describe("help and the documents name all that plug-ins say", () => {
  const documents = [
    "README.md",
    ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map((name) => `docs/${name}`),
  ]
    // The examples of docs/contributing are not part of unsprawl.
    .filter((file) => file.endsWith(".md") && !file.startsWith("docs/contributing/"))
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n");
  const command = (name: string): CommandSpec => COMMANDS.find((spec) => nameOf(spec) === name) ?? never(name);
  const helpOf = (name: string): string => commandHelp(command(name), process.stdout).replace(/\s+/g, " ");

  it.each(["scan", "plan", "migrate", "watch"])(
    "the help of %s: every source with what it reads, every store",
    (name) => {
      const help = helpOf(name);
      for (const { usage, summary } of SOURCES) expect(help).toContain(`${usage} ${summary}`);
      for (const store of stores) expect(help).toContain(store.name);
    },
  );

  it.each(["plan", "migrate"])("the help and the completion of %s: what --accept takes", (name) => {
    for (const [word, meaning] of ACCEPTS) expect(helpOf(name)).toContain(`${word} ${meaning}`);
    expect(command(name).options.find(([flags]) => flags.startsWith("--accept"))?.[2]).toEqual(ACCEPT_WORDS);
  });

  it("the completion of scan: every output format", () => {
    expect(command("scan").options.find(([flags]) => flags.startsWith("--format"))?.[2]).toEqual(FORMAT_NAMES);
  });

  it.each([
    ["source", SOURCES.map(({ kind }) => `${kind}:`)],
    ["store", stores.map(({ name }) => name)],
    ["output format", FORMAT_NAMES],
    ["word of --accept", ACCEPT_WORDS.map((word) => `--accept ${word}`)],
  ])("README and docs/ name every %s", (_what, names) => {
    expect(names.filter((name) => !documents.includes(name))).toEqual([]);
  });
});

/**
 * Where a plug-in is named outside its folder and its entry in the map, and why. Words that mean much else too (image,
 * registry, store, env, docker, script, local) count only as a source: `"registry:"`.
 */
const NAMED_IN: { readonly [file: string]: string } = {
  "migrations/compose/find.ts": "what it moves is found by another source too",
  "migrations/docker-container/refuse.ts": "a word of --accept that happens to be a format",
  "migrations/docker-run/syntax/run-env-files.ts": "the dialect of a file of variables; docker's own flag",
  "migrations/env-file/rewrite.ts": "the dialect of a file of variables",
  "migrations/platform-file/other-file.ts": "names the source that reads a file as what it is",
  "migrations/platform-file/platforms/azure-native.ts": "the store that the platform itself reads",
  "migrations/platform-file/platforms/ecs-native.ts": "the stores that the platform itself reads",
  "migrations/platform-file/platforms/nomad-native.ts": "the stores that the platform itself reads",
  "migrations/quadlet/index.ts": "what it moves is found by another source",
  "providers/vault/auth-settings.ts": "a way to log in to Vault",
  "providers/vault/login.ts": "a way to log in to Vault",
  "src/agent/install/settings.ts": "the forms of `agent install`, not formats",
  "src/agent/serving.ts": "it asks the labels of the engine's containers",
  "src/engine/consumer-labels.ts": "what a binding of the OCI runtime calls a container of Compose",
  "src/engine/plugin/volumes.ts": "what a binding calls a container of Compose",
  "src/engine/project-containers.ts": "a source that it makes from Compose's labels",
  "src/core/config/fleet.ts": "examples, and the default, of a fleet's sources",
  "src/core/journal/sealed-key.ts": "whether this machine's init is systemd",
  "src/assembly/host-consumers.ts": "it examines the engine's containers",
  "src/assembly/reference-holders.ts": "it reads the projects of the engine's containers",
  "src/cli/commands/agent-install.ts": "a form of `agent install`, not a format",
  "src/build/man-config.ts": "a configuration as an example",
  "src/build/release/tree.ts": "the unit's folder, and a form of `agent install`",
  "src/cli/commands/rotate-install.ts": "the form of `rotate install`, not a format",
  "src/cli/commands/uninstall.ts": "the unit's folder, and whose containers need unsprawl on this host",
  "src/cli/offer-agent.ts": "a form of `agent install`, not a format",
  "src/cli/specs/serving.ts": "an example of a reference, and of a form of `agent install`",
  "src/cli/specs/watching.ts": "the forms of `watch install`, not formats",
  "src/cli/fleet-settings.ts": "a reference as an example",
  "src/cli/commands/render.ts": "whether a source is a file, or names one container",
  "src/delivery/runtime/consumer.ts": "who a container belongs to, by its engine's labels",
  "src/delivery/tmpfs.ts": "the folder for values of Compose projects",
  "src/demo/demo.ts": "the demonstration's own command lines",
  "src/files/dotenv.ts": "the dialect of a file of variables",
  "src/files/env-file.ts": "the dialect of a file of variables",
  "src/fleet/units.ts": "a fleet's work: a registry is split into its repositories",
  "src/images/registry/auth.ts": "a scope of the registry's token service",
  "src/images/registry/reference.ts": "what people type, in its errors",
  "src/model/change-words.ts": "the command for a container of the engine",
  "src/model/consumer.ts": "the two kinds of consumers, by their ids",
  "src/rotate/reach.ts": "whose value it is that a run moved from a Compose file",
  "src/rotate/handover.ts": "a project's files name what its services get, a container's labels what it gets",
  "src/rotate/plan.ts": "it rotates what the engine's containers have",
  "src/residue/swarm.ts": "a look of its own at what an engine still shows",
  "src/watch/install/index.ts": "a form of `watch install`, not a format",
  "src/watch/install/model.ts": "the forms of `watch install`, not formats",
  "src/watch/install/settings.ts": "the forms of `watch install`, not formats",
  "src/watch/loop.ts": "the engine's events are those of containers",
};

it("nothing outside its folder names a plug-in, but for reasons", () => {
  const general = ["image", "registry", "store", "env", "docker", "script", "local"];
  const named = (name: string): string[] => (general.includes(name) ? [] : [`["'\`]${name}["'\`]`]);
  const plugIns = [
    ...formats.map(({ name, source }) => ({
      folder: `migrations/${name}/`,
      words: [...named(name), ...(source === null ? [] : [...named(source.kind), `["'\`]${source.kind}:(?!/)`])],
    })),
    ...stores.map(({ name, scheme }) => ({
      folder: `providers/${name}/`,
      words: [...named(name), ...(scheme === "ref+sops" ? [] : [`${escaped(scheme)}\\b`])],
    })),
  ];
  const files = ["src", "providers", "migrations"]
    .flatMap((dir) =>
      readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" }).map((name) => `${dir}/${name}`),
    )
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith("src/detect/") && !/^\w+\/index\.ts$/.test(file));
  const found = files.filter((file) => {
    const code = codeOf(file);
    return plugIns.some(
      ({ folder, words }) => !file.startsWith(folder) && words.some((one) => new RegExp(one).test(code)),
    );
  });
  expect(found.sort()).toEqual(Object.keys(NAMED_IN).sort());
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A file's text without the lines that are comments. */
function codeOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8").replace(/^[ \t]*(?:\/\/|\/?\*).*$/gm, "");
}

function codeBelow(dir: string): string {
  const names = readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" });
  return names.flatMap((name) => (name.endsWith(".ts") ? [codeOf(join(dir, name))] : [])).join("\n");
}

function never(name: string): never {
  throw new Error(`no command ${name}`);
}
