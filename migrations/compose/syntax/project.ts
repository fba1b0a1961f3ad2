import { dirname, resolve } from "node:path";
import type { Node } from "yaml";
import { subjectFault, UnsprawlError } from "../../../src/model/error.ts";
import { envFilesOf, type LocatedNode } from "./env-file.ts";
import type { ComposeEnvFile } from "./scope.ts";
import { readText } from "../../../src/files/read.ts";
import { LARGEST_FILE, projectSize, type ProjectSize } from "./size.ts";
import { isRemote, remoteFault } from "./remote.ts";
import { stepCounter } from "./step-counter.ts";
import { filledScalar, throwFault, type OnFault } from "./fill.ts";
import { calledScope, projectName, PROJECT_NAME, withDotenv } from "./called.ts";
import {
  entriesOf,
  entry,
  follow,
  isMap,
  isSeq,
  parseCompose,
  parseYaml,
  scalarText,
  type YamlFile,
} from "../../../src/kit/text/yaml-nodes.ts";
import { withOwn, type VariableScope } from "./scope.ts";

/** One definition of a service; later ones override earlier ones. */
export type ServiceLayer = {
  readonly file: YamlFile;
  readonly service: Node;
  /** The base folder of its relative paths. */
  readonly dir: string;
  readonly lookup: VariableScope;
  /** Its env files in order; later ones override earlier ones. */
  readonly envFiles: readonly ComposeEnvFile[];
  /** Whether another one extends it: its file's top level is not the project's. */
  readonly isBase: boolean;
};

export type ComposeService = {
  readonly name: string;
  readonly layers: readonly ServiceLayer[];
  readonly profiles: readonly string[];
};

/** A Compose project, restricted to its variables, with the exact source of each. */
export type ComposeProject = {
  readonly name: string;
  readonly dir: string;
  /** The files given with `-f`, absolute. */
  readonly given: readonly string[];
  /** The files given with `--env-file`; empty if Compose uses `.env`. */
  readonly givenEnv: readonly string[];
  /** See `GivenFiles`. */
  readonly outer: string | null;
  /** By file; further documents of a file also by number. */
  readonly yaml: ReadonlyMap<string, YamlFile>;
  /** The env files for `${…}`, in addition to the shell. */
  readonly dotenv: readonly ComposeEnvFile[];
  readonly services: ReadonlyMap<string, ComposeService>;
  readonly lookup: VariableScope;
  /** The variables for `${…}` by file: included files may have their own environment. */
  readonly lookups: ReadonlyMap<string, VariableScope>;
};

export type ProjectInput = {
  readonly files: readonly string[];
  readonly dir: string | null;
  readonly name: string | null;
  readonly envFiles: readonly string[];
  /** See `GivenFiles`; null if absent. */
  readonly outer?: string | null;
  /** The shell's environment, which overrides `.env`. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * For read-only use: receives interpolation errors and unreadable env files, and files with several documents are
   * accepted. Without it, each of these throws.
   */
  readonly tell?: OnFault;
  /** False if a label named the files: then none of them may be a descriptor that a process has open. */
  readonly named?: boolean;
  readonly signal?: AbortSignal;
};

type Loading = {
  readonly yaml: Map<string, readonly YamlFile[]>;
  readonly dotenv: ComposeEnvFile[];
  readonly services: Map<string, ComposeService>;
  readonly lookups: Map<string, VariableScope>;
  readonly tell: OnFault;
  readonly parse: (file: string, text: string) => Promise<readonly YamlFile[]>;
  /** Files named by the user, which may be descriptors that the shell opened. */
  readonly named: readonly string[];
  readonly size: ProjectSize;
  /** Called for each loaded file and each service definition read, repeatedly for some. */
  readonly step: (file: string) => Promise<void>;
};

/**
 * Loads a Compose project: files, overrides, extends, include, env files. For reading only: before any change, Compose
 * itself is asked for its result. Throws `absent`, `denied`, `malformed` (with file and line). Rules: Compose
 * Specification, "Merge", "extends", "include", "Interpolation"; compose-go loader.
 */
export async function loadProject(input: ProjectInput): Promise<ComposeProject> {
  const given = input.files.map((file) => resolve(file));
  const dir = input.dir ?? dirname(given[0] ?? ".");
  const tell = input.tell ?? throwFault;
  const parse: Loading["parse"] = input.tell ? parseCompose : async (file, text) => [await parseYaml(file, text)];
  const named = input.tell && input.named !== false ? given : [];
  const loading: Loading = {
    yaml: new Map(),
    dotenv: [],
    services: new Map(),
    lookups: new Map(),
    tell,
    parse,
    named,
    size: projectSize(),
    step: stepCounter(input.signal),
  };
  let { name } = input;
  const lookup = withOwn(await calledScope(loading, input, dir), PROJECT_NAME, () => name);
  for (const file of given) await yamlFiles(loading, file, lookup);
  name ??= projectName(
    given.flatMap((file) => loading.yaml.get(file) ?? []),
    dir,
    lookup,
    tell,
  );
  await loadFiles(loading, given, dir, lookup);
  return {
    name,
    dir,
    given,
    givenEnv: input.envFiles,
    outer: input.outer ?? null,
    yaml: new Map(
      [...loading.yaml].flatMap(([name, files]) =>
        files.map((file, at) => [at === 0 ? name : `${name} ${at + 1}`, file] as const),
      ),
    ),
    dotenv: loading.dotenv,
    services: loading.services,
    lookups: loading.lookups,
    lookup,
  };
}

/** A file's documents, parsed once. */
async function yamlFiles(
  { yaml, lookups, parse, named, size }: Loading,
  file: string,
  lookup: VariableScope,
): Promise<readonly YamlFile[]> {
  const read = async (): Promise<readonly YamlFile[]> => {
    const text = await readText(file, { named: named.includes(file), limit: LARGEST_FILE });
    size.yaml(file, text);
    return parse(file, text);
  };
  const known = yaml.get(file) ?? (await read());
  yaml.set(file, known);
  lookups.set(file, lookups.get(file) ?? lookup);
  return known;
}

/** The same of a file that another one names. One that cannot be read is reported, and has no documents. */
async function otherFiles(
  loading: Loading,
  file: string,
  lookup: VariableScope,
  by: string,
): Promise<readonly YamlFile[]> {
  try {
    return await yamlFiles(loading, file, lookup);
  } catch (error) {
    const { code, message, hint } = subjectFault(error);
    loading.tell(new UnsprawlError(code, `${by} names a file that cannot be read: ${message}`, hint));
    return [];
  }
}

/** `by`: the chain of including files, outermost first. */
async function loadFiles(
  loading: Loading,
  files: readonly string[],
  dir: string,
  lookup: VariableScope,
  by: readonly string[] = [],
): Promise<void> {
  for (const name of files) {
    if (by.includes(name))
      throw new UnsprawlError(
        "malformed",
        `${by.at(-1) ?? name} includes ${name}, which includes it`,
        "remove one of the two from `include`",
      );
    await loading.step(name);
    const including = by.at(-1);
    const documents =
      including === undefined
        ? await yamlFiles(loading, name, lookup)
        : await otherFiles(loading, name, lookup, including);
    for (const file of documents) {
      await include(loading, file, dir, lookup, [...by, name]);
      await loadServices(loading, file, dir, lookup);
    }
  }
}

async function loadServices(loading: Loading, file: YamlFile, dir: string, lookup: VariableScope): Promise<void> {
  for (const { key, value } of entriesOf(entry(file.root, "services", file)?.value, file)) {
    if (value === null) continue;
    // A later file may take a service away, or describe it alone (Compose Specification, "Merge").
    if (value.tag === "!reset" || value.tag === "!override") loading.services.delete(key);
    if (value.tag === "!reset") continue;
    const own = await layersOf(loading, { file, node: value, dir, lookup }, []);
    const { layers = [], profiles = [] } = loading.services.get(key) ?? {};
    // Those of the services that it extends count too.
    const added = own.flatMap((one) =>
      list(entry(one.service, "profiles", one.file)?.value ?? null, one.file, one.lookup, loading.tell),
    );
    loading.services.set(key, { name: key, layers: [...layers, ...own], profiles: [...profiles, ...added] });
  }
}

const DEEPEST = 100;

/** A service's definition after those it extends. */
async function layersOf(loading: Loading, described: LocatedNode, seen: readonly unknown[]): Promise<ServiceLayer[]> {
  const { file, node, dir, lookup } = described;
  await loading.step(file.file);
  if (seen.includes(node)) throw new UnsprawlError("malformed", `${file.file}: a service extends itself`);
  if (seen.length > DEEPEST)
    throw new UnsprawlError("malformed", `${file.file}: more than ${DEEPEST} services extend each other in a row`);
  const layers = await layersBelow(loading, described, seen);
  // Compose does not look for the env files of a service whose profile is off.
  const isOptional = [...layers, { service: node, file }].some(
    (one) => entry(one.service, "profiles", one.file) !== null,
  );
  const tell: OnFault = (fault) => (isOptional && fault.code === "absent" ? undefined : loading.tell(fault));
  layers.push({
    ...{ file, service: node, dir, lookup, isBase: seen.length > 0 },
    envFiles: await envFilesOf(described, tell, loading.size),
  });
  return layers;
}

/** The layers of the service that one extends. */
async function layersBelow(
  loading: Loading,
  { file, node, dir, lookup }: LocatedNode,
  seen: readonly unknown[],
): Promise<ServiceLayer[]> {
  const base = entry(node, "extends", file)?.value ?? null;
  const part = (key: string): Node | null => (isMap(base) ? (entry(base, key, file)?.value ?? null) : null);
  const named = part("file");
  const from = filledScalar(named, lookup, file, loading.tell);
  if (base === null || (from === null && scalarText(named) !== null)) return [];
  const name = filledScalar(isMap(base) ? part("service") : base, lookup, file, loading.tell) ?? "";
  const others = from === null ? [file] : await otherFiles(loading, resolve(dir, from), lookup, file.file);
  const there = from === null ? dir : resolve(dir, from, "..");
  const layers: ServiceLayer[] = [];
  for (const other of others) {
    const found = entry(entry(other.root, "services", other)?.value, name, other)?.value ?? null;
    const located = found && { file: other, node: found, dir: there, lookup };
    if (located !== null) layers.push(...(await layersOf(loading, located, [...seen, node])));
  }
  if (layers.length === 0 && others[0] !== undefined) {
    const message = `${file.file}: a service extends ${name || "?"}, which is not in ${others[0].file}`;
    loading.tell(new UnsprawlError("malformed", message));
  }
  return layers;
}

async function include(
  loading: Loading,
  file: YamlFile,
  dir: string,
  lookup: VariableScope,
  by: readonly string[],
): Promise<void> {
  const value = entry(file.root, "include", file)?.value ?? null;
  if (!isSeq(value)) return;
  for (const item of value.items.map((one) => follow(one, file))) {
    const get = (key: string): Node | null => (isMap(item) ? (entry(item, key, file)?.value ?? null) : null);
    const named = list(isMap(item) ? get("path") : item, file, lookup, loading.tell);
    const paths = named.filter((path) => !isRemote(path)).map((path) => resolve(dir, path));
    if (paths.length < named.length) loading.tell(remoteFault(file, item));
    const [first] = paths;
    if (first === undefined) continue;
    const [own] = list(get("project_directory"), file, lookup, loading.tell);
    const there = own === undefined ? dirname(first) : resolve(dir, own);
    const envFiles = list(get("env_file"), file, lookup, loading.tell).map((path) => resolve(dir, path));
    await loadFiles(loading, paths, there, await withDotenv(loading, lookup, there, envFiles), by);
  }
}

/** A text or a list of texts, as a list. */
function list(node: Node | null, file: YamlFile, lookup: VariableScope, tell: OnFault): string[] {
  const items = isSeq(node) ? node.items.map((one) => follow(one, file)) : [node];
  return items.flatMap((item) => filledScalar(item, lookup, file, tell) ?? []).filter(Boolean);
}
