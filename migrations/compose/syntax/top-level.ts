import { posix } from "node:path";
import { PLUGIN } from "../../../src/engine/plugin/questions.ts";
import type { SecretEntry, VolumeEntry } from "../delivery/change.ts";
import { SCRIPT_NAME } from "../delivery/script.ts";
import { Blocked } from "../rewrite/blocked.ts";
import type { ProjectDraft } from "../rewrite/draft.ts";
import { ownerText } from "../delivery/entry.ts";
import { scalar } from "../../../src/kit/text/yaml-edit.ts";
import {
  entriesOf,
  entry,
  isAlias,
  isMap,
  scalarText,
  type YamlEntry,
  type YamlFile,
} from "../../../src/kit/text/yaml-nodes.ts";
import type { ServiceHome } from "./home.ts";
import type { ComposeProject } from "./project.ts";

type Kind = "secrets" | "configs" | "volumes";
const KINDS = ["secrets", "configs", "volumes"] as const;
type NewEntry = { readonly key: string; readonly block: string; readonly flow: string; readonly service: string };

/** New members of the top-level `secrets:` and `configs:` of a project's files; those that are there stay as they are. */
export class TopLevel {
  readonly #project: ComposeProject;
  readonly #entries = new Map<YamlFile, { readonly [kind in Kind]: NewEntry[] }>();
  readonly #scripts = new Map<YamlFile, { readonly key: string; readonly path: string }>();
  readonly #taken: { readonly [kind in Kind]: Set<string> };

  constructor(project: ComposeProject) {
    this.#project = project;
    const keys = (kind: Kind): Set<string> =>
      new Set([...project.yaml.values()].flatMap((file) => inFile(file, kind).map(({ key }) => key)));
    this.#taken = { secrets: keys("secrets"), configs: keys("configs"), volumes: keys("volumes") };
  }

  /** Adds an entry for one value to the file that describes the service; gives the entry's key. */
  secret({ file }: ServiceHome, service: string, { name, file: path, reference, owner }: SecretEntry): string {
    const key = this.#free("secrets", `${service}_${name}`);
    const ref = JSON.stringify(reference.replaceAll("$", "$$$$"));
    const own = { ref, owner: JSON.stringify(ownerText(owner)) };
    const x = `{ ref: ${own.ref}, owner: ${own.owner} }`;
    const flow = `${flowKey(file, key)}: ${flowPairs(file, { file: JSON.stringify(path), "x-unsprawl": flowPairs(file, own) })}`;
    this.#of(file).secrets.push({ key, block: `${key}:\n  file: ${path}\n  x-unsprawl: ${x}`, flow, service });
    return key;
  }

  /** Ensures an entry for the script in the service's own file, or in one that is given before it; returns its key. */
  script({ file, dir }: ServiceHome): string {
    const path = posix.join(dir, SCRIPT_NAME);
    // Files that are given together share their top level, which included ones do not.
    const { given } = this.#project;
    const shares = (other: YamlFile): boolean =>
      other === file || (given.includes(other.file) && given.includes(file.file));
    const isThere = (other: YamlFile): boolean =>
      other === file || given.indexOf(other.file) < given.indexOf(file.file);
    const found = [...this.#project.yaml.values()].filter(shares).flatMap((other) => {
      const made = this.#scripts.get(other);
      const named = inFile(other, "configs").find((one) => namesScript(one, other));
      const key = made?.path === path ? made.key : named?.key;
      return key === undefined ? [] : [{ other, key }];
    });
    const before = found.find(({ other }) => isThere(other));
    const key = (before ?? found[0])?.key ?? this.#free("configs", "unsprawl-entrypoint");
    this.#scripts.set(file, { key, path });
    if (before !== undefined) return key;
    const flow = `${flowKey(file, key)}: ${flowMap(file, { file: `./${SCRIPT_NAME}` })}`;
    this.#of(file).configs.push({ key, block: flow, flow, service: "" });
    return key;
  }

  /** Adds a volume of a driver; `earlier` is the key of the one whose place it takes, null for none. */
  volume(
    draft: ProjectDraft,
    { file }: ServiceHome,
    { key, driver, options }: VolumeEntry,
    earlier: string | null,
  ): void {
    const texts = Object.entries(options).map(
      ([name, text]) => [name, JSON.stringify(text.replaceAll("$", "$$$$"))] as const,
    );
    const inBlock = texts.map(([name, text]) => `\n    ${name}: ${text}`).join("");
    const block = `${key}:\n  driver: ${driver}\n  driver_opts:${inBlock}`;
    const pairs = { driver: JSON.stringify(driver), driver_opts: flowPairs(file, Object.fromEntries(texts)) };
    const flow = `${flowKey(file, key)}: ${flowPairs(file, pairs)}`;
    for (const other of earlier === null ? [] : this.#project.yaml.values()) {
      const map = entry(other.root, "volumes", other)?.value;
      const old = inFile(other, "volumes").find((one) => one.key === earlier);
      if (old === undefined || !isMap(map)) continue;
      const start = old.pair.key.range?.[0] ?? 0;
      const indent = " ".repeat(start - (other.text.lastIndexOf("\n", start - 1) + 1));
      draft.put(other, map, old.pair, map.flow === true ? flow : block.replaceAll("\n", `\n${indent}`), `${earlier}:`);
      return;
    }
    this.#of(file).volumes.push({ key, block, flow, service: "" });
  }

  /** The scripts that services are granted, absolute. */
  scripts(): string[] {
    return [...new Set([...this.#scripts.values()].map(({ path }) => path))];
  }

  /**
   * Writes them, and above the first secrets of a file the comment that says how another machine gets their files. Throws
   * `refused` where a file's top level can take no member.
   */
  write(draft: ProjectDraft, comment: (file: YamlFile) => string): void {
    for (const [file, kinds] of this.#entries) {
      const isNew = !file.text.includes(COMMENT);
      const comments = { secrets: comment(file), configs: null, volumes: PLUGIN_COMMENT };
      for (const kind of KINDS)
        if (kinds[kind].length > 0) {
          const text = comments[kind];
          add(draft, file, kind, kinds[kind], text !== null && isNew ? `${COMMENT}${text}\n` : "");
        }
    }
  }

  #free(kind: Kind, wished: string): string {
    let key = wished;
    for (let at = 2; this.#taken[kind].has(key); at++) key = `${wished}_${at}`;
    this.#taken[kind].add(key);
    return key;
  }

  #of(file: YamlFile): { readonly [kind in Kind]: NewEntry[] } {
    const known = this.#entries.get(file) ?? { secrets: [], configs: [], volumes: [] };
    this.#entries.set(file, known);
    return known;
  }
}

const COMMENT = "# by unsprawl: ";
const PLUGIN_COMMENT =
  "the engine's volume plugin serves these: unsprawl plugin install --to STORE, then unsprawl runtime allow";

function add(draft: ProjectDraft, file: YamlFile, kind: Kind, all: readonly NewEntry[], comment: string): void {
  const { root } = file;
  if (root === null) return;
  const found = entry(root, kind, file);
  const nested = `${comment}${kind}:\n${all.map(({ block }) => `  ${block.replaceAll("\n", "\n  ")}`).join("\n")}`;
  if (found === null) {
    draft.add(file, root, root.flow === true ? `${flowKey(file, kind)}: { ${flows(all)} }` : nested);
    return;
  }
  const { value, pair } = found;
  const isOwn = !found.shared && !isAlias(pair.value);
  const tag = (pair.value as { readonly tag?: string } | null)?.tag ?? "";
  if (isOwn && isMap(value) && !tag.startsWith("!reset")) {
    const flow = value.flow === true;
    for (const [at, one] of all.entries())
      draft.add(file, value, flow ? one.flow : `${at === 0 ? comment : ""}${one.block}`);
  } else
    throw new Blocked(
      `the top-level ${kind} of ${file.file} are not a plain map, so none can be added`,
      `write ${kind}: as a plain map, then plan again`,
      (service) => all.some((one) => one.service === service || one.service === ""),
    );
}

const flows = (all: readonly NewEntry[]): string => all.map(({ flow }) => flow).join(", ");

/** The key of a volume of our driver in an item of a service's `volumes:`, as a migration writes it; null for any other. */
export function driverVolumeKey({ yaml }: ComposeProject, item: string, target: string): string | null {
  const [key = "", at = ""] = item.split(":");
  if (at !== target) return null;
  const found = [...yaml.values()].flatMap((file) =>
    inFile(file, "volumes")
      .filter((one) => one.key === key && isMap(one.value))
      .map(({ value }) => ({ value, file })),
  );
  const isOurs = found.some(({ value, file }) => scalarText(entry(value, "driver", file)?.value ?? null) === PLUGIN);
  return isOurs ? key : null;
}

/** The entries of a top-level key of one file. */
function inFile(file: YamlFile, kind: Kind): YamlEntry[] {
  return entriesOf(entry(file.root, kind, file)?.value, file);
}

function namesScript({ value }: YamlEntry, file: YamlFile): boolean {
  const path = isMap(value) ? scalarText(entry(value, "file", file)?.value ?? null) : null;
  return path === `./${SCRIPT_NAME}` || path === SCRIPT_NAME;
}

/** Texts as a map on one line; in JSON as JSON has it. */
export function flowMap(file: YamlFile, texts: { readonly [key: string]: string }): string {
  const written = (text: string): string => (isJson(file) ? JSON.stringify(text) : scalar(text, null));
  return flowPairs(file, Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, written(text)])));
}

function flowPairs(file: YamlFile, pairs: { readonly [key: string]: string }): string {
  return `{ ${Object.entries(pairs)
    .map(([key, text]) => `${flowKey(file, key)}: ${text}`)
    .join(", ")} }`;
}

/** A key as JSON has it, where the file is JSON. */
export const flowKey = (file: YamlFile, key: string): string => (isJson(file) ? JSON.stringify(key) : key);

const isJson = ({ text }: YamlFile): boolean => /^\s*\{\s*"/.test(text);
