import { resolve } from "node:path";
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { lineOf } from "../../../src/kit/text/lines.ts";
import type { Marking } from "./env-file.ts";
import { Nodes, rangeOf, tagOf, type Member } from "./nodes.ts";
import { close, PASSED, REACHES, SECOND, withSecondNames, type Mark } from "./text.ts";

/** Members of a service whose texts Compose copies as they are. */
const OF_SERVICE = [
  ...[["environment"], ["command"], ["entrypoint"], ["labels"], ["annotations"], ["healthcheck", "test"]],
  ...[
    ["build", "args"],
    ["build", "labels"],
    ["build", "dockerfile_inline"],
  ],
  ...[
    ["deploy", "labels"],
    ["logging", "options"],
  ],
];

/** The same at the top. */
const AT_TOP = {
  volumes: [["labels"], ["driver_opts"]],
  networks: [["labels"], ["driver_opts"]],
  configs: [["content"], ["labels"]],
  secrets: [["labels"]],
};

/** The other files that a file names, each by what it is read as. */
export type NamedFile = { readonly path: string; readonly kind: "yaml" | "env" | "raw" | "folder" };

/** How the copy of a project is made beside its marks. */
export type Copying = Marking & {
  /** Where an absolute path is in the copy. */
  readonly inCopy: (path: string) => string;
  readonly named: (file: NamedFile) => void;
};

type Edit = { readonly start: number; readonly end: number; readonly text: string; readonly isSpaced: boolean };

/** A Compose file whose free texts use the second names and carry marks. */
export function markedYaml(copying: Copying, file: string, text: string): string {
  return new YamlMarks(copying, file, text).marked();
}

class YamlMarks {
  readonly #copying: Copying;
  readonly #file: string;
  readonly #text: string;
  readonly #edits = new Map<string, Edit>();

  constructor(copying: Copying, file: string, text: string) {
    this.#copying = copying;
    this.#file = file;
    this.#text = text;
  }

  marked(): string {
    for (const document of parseAllDocuments(this.#text, { uniqueKeys: false, logLevel: "silent" }))
      if ("contents" in document) this.#document(new Nodes(document));
    let made = this.#text;
    const backwards = [...this.#edits.values()].sort((a, b) => b.start - a.start || b.end - a.end);
    for (const { start, end, text, isSpaced } of backwards) {
      const space = isSpaced && /[:\-,]/.test(made.charAt(start - 1)) ? " " : "";
      made = made.slice(0, start) + space + text + made.slice(end);
    }
    return made;
  }

  #document(nodes: Nodes): void {
    const { root } = nodes;
    for (const item of nodes.at(root, ["include"]).flatMap((one) => nodes.items(one))) this.#include(nodes, item);
    for (const { pair } of nodes.at(root, ["services"]).flatMap((one) => nodes.members(one))) {
      for (const one of nodes.at(pair.value, ["extends", "file"])) this.#named(nodes, one, "yaml");
      for (const one of nodes.at(pair.value, ["env_file"])) this.#named(nodes, one, "env");
      for (const keys of OF_SERVICE)
        for (const one of nodes.at(pair.value, keys)) this.#free(nodes, one, keys.at(-1) ?? "");
    }
    for (const [top, lists] of Object.entries(AT_TOP))
      for (const { pair } of nodes.at(root, [top]).flatMap((one) => nodes.members(one))) {
        for (const keys of lists)
          for (const one of nodes.at(pair.value, keys)) this.#free(nodes, one, keys.at(-1) ?? "");
        if (top === "secrets" || top === "configs")
          for (const member of nodes.members(pair.value)) if (member.key === "environment") this.#granted(member);
      }
  }

  #include(nodes: Nodes, item: unknown): void {
    for (const one of nodes.at(item, ["project_directory"]))
      this.#copying.named({ path: nodes.text(one) ?? ".", kind: "folder" });
    this.#named(nodes, item, "yaml");
    for (const one of nodes.at(item, ["env_file"])) this.#named(nodes, one, "env");
  }

  /** Other files. One by an interpolated path is found when Compose misses it. */
  #named(nodes: Nodes, node: unknown, kind: "yaml" | "env"): void {
    for (const item of nodes.items(node)) {
      const isRaw = nodes.at(item, ["format"]).some((one) => nodes.text(one) === "raw");
      const paths = isMap(nodes.follow(item)) ? nodes.at(item, ["path"]).flatMap((one) => nodes.items(one)) : [item];
      for (const one of paths) {
        const path = nodes.text(one) ?? "";
        if (path === "" || /^([a-z+]+:\/\/|git@|github\.com\/)/.test(path)) continue;
        if (path.startsWith("/")) this.#put(...rangeOf(nodes.follow(one)), JSON.stringify(this.#copying.inCopy(path)));
        this.#copying.named({ path, kind: isRaw ? "raw" : kind });
      }
    }
  }

  /** A text, a list or a map of texts that Compose copies. */
  #free(nodes: Nodes, node: unknown, field: string): void {
    const found = nodes.follow(node);
    if (tagOf(found) === "!reset") return;
    const isPairs = !/command|entrypoint|test|content|inline/.test(field);
    if (isScalar(found)) this.#scalar(nodes, node, { words: /command|entrypoint/.test(field) });
    if (isSeq(found))
      for (const [at, item] of found.items.entries()) this.#item(nodes, found, item, at, field, isPairs);
    for (const member of nodes.members(found)) this.#member(nodes, member, field);
  }

  #item(nodes: Nodes, list: YAMLSeq, item: unknown, at: number, field: string, isPairs: boolean): void {
    const value = nodes.text(item);
    if (value === null) return;
    const scalar = nodes.follow(item);
    if (field === "environment" && /^[A-Za-z_][\w.-]*(=|$)/.test(value))
      this.#reach(list, scalar, value.split("=")[0] ?? "");
    const isAlone = isPairs && !value.includes("=");
    if (isAlone && !isAlias(item) && /^[A-Za-z_]\w*$/.test(value))
      this.#beside(list, scalar, rangeOf(scalar)[1], value);
    if (!isAlone && !(field === "test" && at === 0)) this.#scalar(nodes, item, { isItem: isPairs });
  }

  #member(nodes: Nodes, { key, pair, map }: Member, field: string): void {
    const value = nodes.follow(pair.value);
    const isReset = tagOf(value) === "!reset";
    if (field === "environment" && /^[A-Za-z_][\w.-]*$/.test(key) && !isReset) this.#reach(map, pair.key, key);
    if (nodes.text(pair.value) !== null || !isScalar(value)) {
      if (value !== null) this.#scalar(nodes, pair.value, { key: pair.key });
    } else if (/^(environment|args)$/.test(field) && /^[A-Za-z_]\w*$/.test(key) && !isReset && !isAlias(pair.value)) {
      const behind = rangeOf(pair.key)[1];
      const end = Math.max(rangeOf(pair.value)[1], behind + (this.#text[behind] === ":" ? 1 : 0));
      this.#beside(map, pair.key, end, key);
    }
  }

  /** `node` as it is written, maybe an alias; `key` of a pair, whose line is the value's. */
  #scalar(nodes: Nodes, node: unknown, { key, ...how }: { key?: unknown; isItem?: boolean; words?: boolean }): void {
    const to = nodes.follow(node);
    const value = nodes.text(node);
    if (value === null || tagOf(to) === "!reset") return;
    const [start, end] = rangeOf(node);
    const own = this.#where(...rangeOf(to), "text");
    const from = key === undefined || isAlias(node) ? own : { ...own, line: lineOf(this.#text, rangeOf(key)[0]) };
    const written = this.#split(value, from, how);
    if (isAlias(node)) {
      const alias = close(this.#copying.mark(this.#where(start, end, "alias")));
      this.#put(start, end, `${JSON.stringify(written + alias)} `);
      return;
    }
    const isBlock = (to as Scalar).type?.startsWith("BLOCK") === true;
    this.#put(start, end, JSON.stringify(written) + (isBlock ? "\n" : ""));
  }

  #split(value: string, from: Mark, { isItem = false, words = false }: { isItem?: boolean; words?: boolean }): string {
    const sign = isItem ? value.indexOf("=") : -1;
    return value.slice(0, sign + 1) + this.#full(value.slice(sign + 1), from, words);
  }

  #full(value: string, from: Mark, words: boolean): string {
    const { names, mark } = this.#copying;
    const end = close(mark(from));
    const body = withSecondNames(value, names, (kind) => mark({ ...from, kind }));
    return (words ? body.replace(/([^\s\\])(?=[\s&;|<>()])/g, (char) => char + end) : body) + end;
  }

  /** A second variable beside one that is passed on by its name alone. */
  #beside(owner: YAMLMap | YAMLSeq, own: unknown, end: number, name: string): void {
    this.#copying.names.add(name);
    const [start] = rangeOf(own);
    const filled = `\${${name}${SECOND}}${close(this.#copying.mark(this.#where(start, end, "text")))}`;
    const isList = isSeq(owner);
    const item = isList ? JSON.stringify(`${name}${PASSED}=${filled}`) : `${name}${PASSED}: ${JSON.stringify(filled)}`;
    const line = `\n${" ".repeat(this.#columnOf(owner, start))}${isList ? "- " : ""}${item}`;
    this.#put(end, end, owner.flow === true ? `, ${item}` : line);
  }

  /** A name before a variable that says that the service is reached from here. */
  #reach(owner: YAMLMap | YAMLSeq, own: unknown, name: string): void {
    const [from, end] = rangeOf(own);
    const id = this.#copying.mark(this.#where(from, end, "text"));
    const isList = isSeq(owner);
    const item = isList ? `"${name}${REACHES}${id}="` : `${name}${REACHES}${id}: ""`;
    const start = isList && owner.flow !== true ? this.#text.lastIndexOf("-", from) : from;
    const line = `${isList ? "- " : ""}${item}\n${" ".repeat(this.#columnOf(owner, from))}`;
    const text = owner.flow === true ? `${item}, ` : line;
    this.#edits.set(`before ${start}`, { start, end: start, text, isSpaced: false });
  }

  /** Of `secrets.*.environment`, a label that asks for the variable. */
  #granted({ pair: { key, value }, map }: Member): void {
    const name = isScalar(value) ? String(value.value) : "";
    if (!/^\w+$/.test(name)) return;
    this.#copying.names.add(name);
    const [start, end] = rangeOf(value);
    const label = JSON.stringify(`\${${name}${SECOND}}${close(this.#copying.mark(this.#where(start, end, "text")))}`);
    const column = " ".repeat(this.#column(rangeOf(key)[0]));
    this.#put(end, end, `${map.flow === true ? ", " : `\n${column}`}labels: {zqm: ${label}}`);
  }

  #where(start: number, end: number, kind: Mark["kind"]): Mark {
    return { file: this.#file, line: lineOf(this.#text, start), start, end, kind };
  }

  #put(start: number, end: number, text: string): void {
    this.#edits.set(String(start), { start, end, text, isSpaced: start !== end });
  }

  #columnOf(owner: YAMLMap | YAMLSeq, start: number): number {
    return owner.flow === true ? 0 : this.#column(isSeq(owner) ? this.#text.lastIndexOf("-", start) : start);
  }

  #column(at: number): number {
    return at - (this.#text.lastIndexOf("\n", at - 1) + 1);
  }
}

/** Where a path may be: Compose looks below the folder of the project, or of the file. */
export const placesOf = (path: string, folders: Iterable<string>): readonly string[] => [
  ...new Set([...folders].map((folder) => resolve(folder, path))),
];
