import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { migrations } from "../migrations/index.ts";
import { providers } from "../providers/index.ts";
import { loadsOnFirstUse } from "../src/build/bundled.ts";
import { VERSION } from "../src/model/version.ts";
import { rotators } from "../src/rotators/index.ts";
import { DEEP } from "./support/deep.ts";
import { leadsTo, tiers } from "./support/tiers.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LONGEST_FILE = 300;

/** An import of one file: static or dynamic, of values or of types alone. */
type Arrow = {
  readonly from: string;
  readonly to: string;
  readonly dynamic: boolean;
  readonly typeOnly: boolean;
};

const files = ["src", "providers", "migrations"].flatMap((dir) => sources(dir)).sort();
const text = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
const arrows = files.flatMap(arrowsOf);

function sources(dir: string): string[] {
  return readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(dir, name));
}

/** A file's text without the lines that are comments. */
function codeOf(file: string): string {
  return (text.get(file) ?? "").replace(/^[ \t]*(?:\/\/|\/?\*).*$/gm, "");
}

function arrowsOf(file: string): Arrow[] {
  const code = codeOf(file);
  const found: Arrow[] = [];
  const add = (spec: string, dynamic: boolean, typeOnly: boolean): void => {
    found.push({ from: file, to: target(file, spec), dynamic, typeOnly });
  };
  for (const [, type, names = "", spec = ""] of code.matchAll(
    /^(?:import|export)\s+(type\s+)?([\w$*{}\s,]+?)\s+from\s+"([^"]+)"/gm,
  )) {
    const inner = /^\{(.*)\}$/s
      .exec(names)?.[1]
      ?.split(",")
      .filter((one) => one.trim() !== "");
    const allTypes = inner !== undefined && inner.length > 0 && inner.every((one) => /^\s*type\s/.test(one));
    add(spec, false, type !== undefined || allTypes);
  }
  for (const [, spec = ""] of code.matchAll(/^import\s+"([^"]+)"/gm)) add(spec, false, false);
  for (const [, spec = ""] of code.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)) add(spec, true, false);
  return found;
}

/** A path from the root for our own files, the package's name for a library. */
function target(file: string, spec: string): string {
  if (spec.startsWith(".")) return relative(ROOT, join(ROOT, dirname(file), spec));
  if (isBuiltin(spec)) return `node:${spec.replace(/^node:/, "")}`;
  return spec.split("/", spec.startsWith("@") ? 2 : 1).join("/");
}

/** The room of the house that a file is in: a folder of src, a provider, a migration, or one of the two maps. */
function room(file: string): string {
  const [top = "", second = "", third] = file.split("/");
  if (top === "src") return third === undefined ? second : second;
  if (top === "providers" || top === "migrations") return third === undefined ? `${top}/index.ts` : `${top}/${second}`;
  return file;
}

const own = (file: string): boolean => /^(src|providers|migrations)\//.test(file);
const line = ({ from, to }: Arrow): string => `${from} → ${to}`;

/** Who may import whom. A room may always import itself, and everybody kit. A new room needs a line here. */
const MAY: { readonly [room: string]: readonly string[] } = {
  model: [],
  // Tools without knowledge of what unsprawl does.
  kit: ["model"],
  contract: ["model"],
  core: ["contract", "model", "fast"],
  // Large data, read and classified fast: the port, which core and sources know, and threads, which know the detector.
  fast: ["contract", "model", "detect"],
  // Building blocks that plug-ins use: edits of files, engines, images.
  files: ["contract", "model"],
  engine: ["contract", "model"],
  images: ["contract", "model", "engine", "fast"],
  // What every store needs: a probe, check-and-set, what text it can hold, the SOPS format.
  "stores-kit": ["contract", "model"],
  // Plug-ins: none knows another.
  detect: ["contract", "model"],
  sources: ["contract", "model", "engine", "files", "images", "fast"],
  delivery: ["contract", "model", "engine", "stores-kit"],
  history: ["contract", "model"],
  verify: ["contract", "model"],
  // What logs in to a server is the same code that changes its passwords.
  rotators: ["contract", "model", "verify"],
  notify: ["contract", "model"],
  residue: ["contract", "model", "engine"],
  "providers/*": ["contract", "model", "stores-kit"],
  "migrations/*": ["contract", "model", "engine", "fast", "files", "images", "sources"],
  // The registries: the literal maps, and the contract they are typed by.
  "providers/index.ts": ["contract", "providers/*"],
  "migrations/index.ts": ["contract", "sources", "migrations/*"],
  // What runs by itself: the face hands it everything.
  watch: ["core", "contract", "model", "engine"],
  agent: ["core", "contract", "model", "engine", "watch"],
  // A plan, and its performing, that core carries out like a migration; the rotators are handed to it.
  rotate: ["core", "contract", "model", "engine", "agent"],
  fleet: ["core", "contract", "model", "fast", "history", "images"],
  // Faces.
  cli: ["assembly", "core", "contract", "model", "engine", "detect", "delivery", "watch", "fleet", "agent", "rotate"],
  tui: ["assembly", "core", "contract", "model", "engine", "detect", "delivery", "watch", "rotate"],
  // A small world to try unsprawl in.
  demo: ["delivery", "model"],
  // Where it is put together.
  assembly: [
    ...["core", "contract", "model", "engine", "fast", "images", "sources", "detect"],
    ...["delivery", "verify", "history", "notify", "residue", "providers/index.ts", "migrations/index.ts"],
    ...["rotate", "rotators"],
  ],
  // What starts, and what is made from the code when it is built.
  bin: ["assembly", "cli", "tui", "core", "delivery", "fast", "sources", "model"],
  build: ["agent", "cli", "tui", "core", "delivery", "detect", "model", "notify", "watch", "providers/index.ts"],
};

const general = (name: string): string => name.replace(/^(providers|migrations)\/(?!index\.ts$).*/, "$1/*");

test("every room is known", () => {
  expect([...new Set(files.map((file) => general(room(file))))].filter((one) => !(one in MAY))).toEqual([]);
});

test("every import of our own names a file that exists, by its name", () => {
  const exists = (file: string): boolean => text.has(file) || (file.endsWith(".json") && existsSync(join(ROOT, file)));
  expect(arrows.filter(({ to }) => own(to) && !exists(to)).map(line)).toEqual([]);
});

test("no import is computed at run time: third-party code is never loaded by name", () => {
  const computed = files.filter((file) => /\bimport\((?!\s*")|\bcreateRequire\b/.test(codeOf(file)));
  expect(computed).toEqual([]);
});

test("arrows go one way: faces → core → contract → model, plug-ins → contract, and nothing else", () => {
  const wrong = arrows.filter(({ from, to }) => {
    if (!own(to)) return false;
    const [a, b] = [room(from), room(to)];
    // Two plug-ins of one kind are two rooms, though their line in the table is the same.
    return a !== b && b !== "kit" && !(MAY[general(a)] ?? []).includes(general(b));
  });
  expect(wrong.map(line)).toEqual([]);
});

test("model and contract import no library", () => {
  const wrong = arrows.filter(
    ({ from, to }) => ["model", "contract"].includes(room(from)) && !own(to) && !to.startsWith("node:"),
  );
  expect(wrong.map(line)).toEqual([]);
});

const FACES = ["cli", "tui"];

test("nothing but main.ts and the manual imports a face, and no face another", () => {
  const wrong = arrows.filter(
    ({ from, to }) =>
      own(to) &&
      FACES.includes(room(to)) &&
      room(from) !== room(to) &&
      !["src/bin/main.ts", "src/build/man-pages.ts"].includes(from),
  );
  expect(wrong.map(line)).toEqual([]);
});

test("only main and the faces import the assembly", () => {
  const wrong = arrows.filter(
    ({ from, to }) => to === "src/assembly/index.ts" && !["assembly", "bin", ...FACES].includes(room(from)),
  );
  expect(wrong.map(line)).toEqual([]);
});

/** What is loaded with these files before a command has been chosen, types aside. */
function loadedWith(...entries: readonly string[]): Set<string> {
  const loaded = new Set(entries);
  for (const file of loaded) {
    for (const { from, to, dynamic, typeOnly } of arrows) if (from === file && !dynamic && !typeOnly) loaded.add(to);
  }
  return loaded;
}

/** What a plug-in says of itself is loaded at start: data, which imports nothing but types. */
const isAbout = (file: string): boolean =>
  /^(providers\/[^/]+|migrations\/[^/]+|src\/sources|src\/rotators\/[^/]+)\/about\.ts$/.test(file);

test("what a plug-in says of itself imports nothing but types", () => {
  const abouts = files.filter(isAbout);
  expect(abouts.length).toBe(Object.keys({ ...providers, ...migrations, ...rotators }).length + 1);
  expect(arrows.filter(({ from, typeOnly }) => isAbout(from) && !typeOnly).map(line)).toEqual([]);
});

test("start-up loads no SDK and no plug-in; the resolver no SDK", () => {
  // main.ts imports cli/index.ts as soon as it has seen Node's version, whatever the command.
  const atStart = [...loadedWith("src/bin/main.ts", "src/cli/index.ts")];
  expect(atStart.filter((file) => !own(file) && (loadsOnFirstUse(file) || file === "valibot"))).toEqual([]);
  expect(
    atStart.filter(
      (file) =>
        own(file) &&
        !isAbout(file) &&
        ["detect", "sources", "delivery", "providers/*", "migrations/*"].includes(general(room(file))),
    ),
  ).toEqual([]);
  expect([...loadedWith("src/bin/resolver.ts")].filter((file) => !own(file) && loadsOnFirstUse(file))).toEqual([]);
});

test("the fast path stays behind its port: contracts know nothing of it, and only its threads load a detector", () => {
  const words = /\b(crew|batch|worker|pool|thread|cache|pipelin)/i;
  const contracts = ["source", "detector", "about"].map((name) => `src/contract/${name}.ts`);
  const said = contracts.filter((file) => words.test(text.get(file) ?? ""));
  expect(said).toEqual([]);
  const core = files.filter((file) => room(file) === "core");
  const loaded = [...loadedWith(...core, "src/fast/lane.ts")];
  expect(loaded.filter((file) => room(file) === "detect" || file.startsWith("src/fast/workers/"))).toEqual([]);
});

/** Who may call `expose()`, and why: a new file here is a decision about where values go. */
const EXPOSE: { readonly [file: string]: string } = {
  "migrations/compose/rewrite/carries.ts": "finds what else in a project's files holds the secret",
  "migrations/compose/words/findings.ts": "finds the names that a service's words set, next to the secret in them",
  "src/files/words/literal-places.ts": "finds where a service's words have the value",
  "src/files/left.ts": "finds what else in the rewritten files holds the secret",
  "src/residue/forms.ts": "finds what still shows a moved value",
  "src/residue/search.ts": "finds a plain value in a variable of its own name",
  "migrations/kubernetes/residue.ts": "finds where else a manifest holds the value",
  "src/model/fingerprint.ts": "the keyed digest is made from the bytes",
  "src/agent/fetch.ts": "a keyed digest tells whether a value has changed",
  "src/kit/io/sealed.ts": "the key that a file's copy is sealed with is made from the bytes",
  "src/kit/text/redact.ts": "finds known values in text in order to take them out",
  "src/detect/text-of.ts": "detection reads the value",
  "src/fast/spot.ts": "recognises the same secret in pieces of a file, which overlap",
  "src/fast/workers/reader.ts": "a worker thread hands back what it read",
  "src/fast/workers/batch.ts": "a worker thread hands back what it found",
  "src/fast/workers/worker.ts": "a worker thread hands back what it spotted",
  "src/detect/mask.ts": "keeps a kind's public prefix",
  "src/engine/choose.ts": "looks whether it begins or ends with white space",
  "src/engine/recreate/own-traces.ts": "looks for it in what the application wrote",
  "src/engine/facts.ts": "PATH, which is held as a value like any other variable",
  "src/engine/traces.ts": "proves that a document does not hold the value",
  "src/images/clean/clean.ts": "takes it out of an image's config",
  "src/images/clean/texts.ts": "finds the secret's name in a text of the history",
  "src/images/registry/auth.ts": "sends the login to the registry that it is for, or to who gives its tokens",
  "src/tui/screens/reveal.ts": "shows the one value that a person asked to see",
  "src/stores-kit/sops/store.ts": "encrypts it into a SOPS file",
  "src/engine/swarm.ts": "sends it to the engine as a Swarm secret",
  "src/notify/settings.ts": "hands a channel its own credential, which it sends to whoever it is for",
  "src/delivery/supply.ts": "writes a value into a file of its consumer's, where it is",
  "src/delivery/tmpfs.ts": "writes the file that the application or its shim reads, on tmpfs",
  "src/delivery/runtime/references.ts": "puts it into the process's environment at the container's start",
  "src/delivery/runtime/resolve.ts": "keeps on tmpfs what a container was started with, for exec",
  "src/delivery/volume/new-home.ts": "puts the credential of the plugin into what the plugin is made of",
  "src/rotate/credential.ts": "keeps the two halves of a new pair together in the store",
  "src/rotate/replaced.ts": "puts the new secret in the place of the old one, as in a URL",
  "src/engine/plugin/seal.ts": "a keyed digest stands for a value in a question to the plugin",
  "src/delivery/readers.ts": "writes the credential of the runtime, or of the agent, 0600",
  "src/verify/reveal.ts": "sends it to whoever issued it, to learn whether it is alive",
  "src/rotators/reveal.ts": "sends it to the server that checks it, or makes a verifier for that",
  "src/cli/commands/run.ts": "puts it into the environment of the command that it becomes",
  "src/stores-kit/storable.ts": "the text that a store is sent",
  "src/stores-kit/check-and-set.ts": "a digest of it stands for its version",
  "migrations/swarm/spec.ts": "puts it back into a service's spec when a run is undone",
  "src/stores-kit/field.ts": "reads a field of the document that a value is",
  "providers/vault/kv.ts": "sends it to Vault",
  "providers/vault/revoke.ts": "sends a credential back to Vault, which ends it",
  "providers/local/reader.ts": "reads back the identity that the runtime holds",
};

test("no file leads back to itself, by types either: what two files need of each other stands below both", () => {
  const below = Map.groupBy(
    arrows.filter(({ dynamic, to }) => !dynamic && own(to)),
    ({ from }) => from,
  );
  // A file stays while one that it needs stays: what is left at the end stands in a circle, or above one.
  const left = new Set(files);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const file of left) if (!below.get(file)?.some(({ to }) => left.has(to))) left.delete(file);
  }
  expect([...left]).toEqual([]);
});

test("a type's name means one thing in the tree", () => {
  const declared = new Map<string, string[]>();
  for (const file of files) {
    for (const [, name = ""] of codeOf(file).matchAll(
      /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:type|interface|class|enum) (\w+)/gm,
    )) {
      declared.set(name, [...(declared.get(name) ?? []), file]);
    }
  }
  const repeated = [...declared].filter(([, places]) => places.length > 1);
  expect(declared.size).toBeGreaterThan(500);
  expect(repeated.map(([name, places]) => `${name}: ${places.join(", ")}`)).toEqual([]);
});

test("only the listed files expose a value", () => {
  const calls = files.filter(
    (file) => file !== "src/model/secret.ts" && /(?<!"--)\bexpose(?:Text)?\b(?!`)/.test(codeOf(file)),
  );
  expect(calls).toEqual(Object.keys(EXPOSE).sort());
});

test("folders are created by our own function: Node's recursive one never returns below /proc", () => {
  const product = files.filter((file) => room(file) !== "build");
  expect(product.filter((file) => /\bmkdir(?:Sync)?\([^;]*\brecursive\b/.test(codeOf(file)))).toEqual([]);
});

/** Files that read somebody else's wording, and whose. */
const FOREIGN_WORDS: { readonly [file: string]: string } = {
  "src/history/database.ts": "a database driver's",
  "src/kit/schema/explain.ts": "valibot's, which carries our hint",
  "src/detect/own/extend.ts": "the TOML parser's",
  "src/detect/own/compile.ts": "the engine of regular expressions'",
  "src/cli/index.ts": "commander's",
  "src/verify/vendors/ai.ts": "a vendor's answer",
  "providers/azure-key-vault/credential.ts": "Azure's login library",
  "providers/azure-key-vault/errors.ts": "Azure's",
};

test("nothing is decided by how we word a place, an error or a reason", () => {
  const worded = /(?:location\.path|\b(?:why|reason|hint|message|title))/.source;
  const asked = /\.(?:includes|startsWith|endsWith|match|search|indexOf|lastIndexOf|split|replace|replaceAll)\(/.source;
  const reads = new RegExp(`${worded}${asked}|\\.(?:test|exec)\\((?:\\w+\\.)*${worded}\\)`);
  const found = files.filter((file) => reads.test(codeOf(file)));
  expect(found).toEqual(Object.keys(FOREIGN_WORDS).sort());
});

/** The folders of the house that say what they are for: all of src, each plug-in, and the rooms that hold them. */
function rooms(): string[] {
  const below = [...new Set(files.map((file) => dirname(file)))].filter(
    (dir) => (dir.startsWith("src/") && !dir.startsWith("src/cli/views/html/page")) || dir.split("/").length <= 2,
  );
  return below.sort();
}

test("each room opens with what it is for and what may be touched, in its own words", () => {
  const said = rooms().map((dir) => {
    const [, comment = ""] = /^\/\*\*?\n([\s\S]*?)\*\//.exec(text.get(`${dir}/index.ts`) ?? "") ?? [];
    return { dir, comment: comment.replace(/^ \* ?/gm, "").trim() };
  });
  expect(said.filter(({ comment }) => !/^[A-Z`].{20,}[.:]/s.test(comment)).map(({ dir }) => dir)).toEqual([]);
  expect(new Set(said.map(({ comment }) => comment)).size).toBe(said.length);
});

test("no file is so long that it does two things", () => {
  const counted = tracked()
    .filter((file) => /^(src|providers|migrations)\/.*\.tsx?$/.test(file))
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), "utf8").split("\n").length - 1 }));
  expect(counted.filter(({ lines }) => lines > LONGEST_FILE)).toEqual([]);
});

test.each([
  ["providers", providers],
  ["migrations", migrations],
])("%s/index.ts lists what is on disk, each by its own folder's name", (dir, map) => {
  const onDisk = readdirSync(join(ROOT, dir)).filter((name) => statSync(join(ROOT, dir, name)).isDirectory());
  expect(Object.keys(map).sort()).toEqual(onDisk.sort());
  for (const name of onDisk) expect(text.get(`${dir}/index.ts`)).toContain(`import("./${name}/index.ts")`);
});

test("the version is package.json's", () => {
  expect(VERSION).toBe((JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version);
});

test("no file that is kept names a place on the machine it was written on", () => {
  // In two parts, so that this line is none.
  const place = new RegExp(["(?<![\\w.])/", "work(?=/|\\s)"].join(""));
  const wrong = tracked().filter((file) => place.test(readFileSync(join(ROOT, file), "utf8")));
  expect(wrong).toEqual([]);
});

test("the lockfile names no host: packages come from wherever npm is set up to ask", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: { [name: string]: { resolved?: string } };
  };
  expect(Object.values(lock.packages).filter(({ resolved }) => resolved?.includes("://"))).toEqual([]);
  expect(
    tracked().filter((file) => /(^|\/)\.npmrc$/.test(file) && /registry/.test(readFileSync(join(ROOT, file), "utf8"))),
  ).toEqual([]);
});

test("pure tests start no engine, no service and no `unsprawl`", () => {
  const { pure, engine } = tiers();
  const tests = tracked().filter((file) => /^test\/.*\.test\.tsx?$/.test(file));
  // Those of the deep tier are listed in a deep run alone.
  const listed = tests.filter((file) => DEEP || !file.endsWith(".deep.test.ts"));
  expect([...pure, ...engine].sort()).toEqual(listed.sort());
  expect(engine).toEqual(
    expect.arrayContaining(["test/leak/scan.test.ts", "test/cli/help.test.ts", "test/session/tui.test.ts"]),
  );
  expect(pure).toEqual(expect.arrayContaining(["test/model/secret.test.ts", "test/architecture.test.ts"]));
});

test("files of tests share a process: none replaces a module, and what they import registers no hook as it is loaded", () => {
  const all = tracked().filter((file) => /^test\/.*\.tsx?$/.test(file) && file !== "test/setup.ts");
  const those = (pattern: RegExp): string[] =>
    all.filter((file) => pattern.test(readFileSync(join(ROOT, file), "utf8")));
  expect(those(new RegExp(["vi", String.raw`(mock|doMock|resetModules)\(`].join(String.raw`\.`)))).toEqual([]);
  const hooks = those(/^(?:before|after)(?:All|Each)\(/m);
  expect(hooks.filter((file) => !/\.test\.tsx?$/.test(file))).toEqual([]);
});

test.each([
  ['import { a } from "../support/world.ts";', ["test/support/world.ts"]],
  ['import type { A } from "../services/engine.ts";', []],
  ['export {\n  a,\n} from "./b.ts";', ["test/cli/b.ts"]],
  ['import "./c.ts";\nconst d = await import("./d.ts");', ["test/cli/c.ts", "test/cli/d.ts"]],
  ['const main = new URL("../../dist/main.js", import.meta.url).pathname;', ["dist/main.js"]],
])("%j leads to %j", (text, expected) => {
  expect(leadsTo("test/cli/a.test.ts", text)).toEqual(expected);
});

/** What git keeps, or would: files not yet added too. */
function tracked(): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed
    .split("\0")
    .filter((file) => file !== "" && statSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile() === true);
}
