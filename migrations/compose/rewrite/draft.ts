import { lineOf } from "../../../src/kit/text/lines.ts";
import { relative } from "node:path";
import type { YAMLMap, YAMLSeq } from "yaml";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { DiffLine } from "../../../src/model/plan.ts";
import { renderDotenv, type DotenvEntry } from "../../../src/files/dotenv.ts";
import { lineStart, splice, type Edit } from "../../../src/kit/text/splice.ts";
import { yamlEdits, memberRange, type Changes } from "../../../src/kit/text/yaml-edit.ts";
import type { ComposeEnvFile } from "../syntax/scope.ts";
import type { ComposeProject } from "../syntax/project.ts";
import type { YamlFile } from "../../../src/kit/text/yaml-nodes.ts";

type Collection = YAMLMap | YAMLSeq;
type CollectionEdits = {
  readonly file: YamlFile;
  dropKey: Set<unknown>;
  drop: Set<unknown>;
  put: Map<unknown, string>;
  add: string[];
};
type EnvLineEdit = { readonly file: ComposeEnvFile; readonly member: DotenvEntry; readonly text: string | null };

export type NewFile = {
  readonly file: string;
  readonly text: string;
  readonly diff: readonly DiffLine[];
  /** Of one that is made. */
  readonly mode?: 0o644;
  /** The present text of a file that is not one of the project's own; absent for one that is made. */
  readonly before?: string;
};

/** Collects all changes to a project's files before any is written. Repeated calls have no further effect. */
export class ProjectDraft {
  readonly #project: ComposeProject;
  readonly #members = new Map<Collection, CollectionEdits>();
  readonly #anchors = new Map<YAMLMap, { readonly file: YamlFile; readonly name: string }>();
  readonly #lines = new Map<string, EnvLineEdit>();
  readonly #diff = new Map<string, { readonly line: number; readonly diff: DiffLine }[]>();

  constructor(project: ComposeProject) {
    this.#project = project;
  }

  /** Removes a member. `was` is its text in the diff. */
  drop(file: YamlFile, owner: Collection, member: unknown, was: string): void {
    const { drop } = this.#of(file, owner);
    if (!drop.has(member)) this.#show(file, memberRange(member)[0], "-", was);
    drop.add(member);
  }

  /** Removes the key of a block whose members have all been removed; comments between them stay. */
  dropKey(file: YamlFile, owner: Collection, pair: unknown, was: string): void {
    this.#show(file, memberRange(pair)[0], "-", was);
    this.#of(file, owner).dropKey.add(pair);
  }

  /** Replaces a member. `was` and `shown` are its texts in the diff. */
  put(file: YamlFile, owner: Collection, member: unknown, text: string, was: string, shown = text): void {
    const { put } = this.#of(file, owner);
    if (put.get(member) === text) return;
    if (put.has(member)) throw clash(file.file, lineOf(file.text, memberRange(member)[0]));
    const [start] = memberRange(member);
    this.#show(file, start, "-", was);
    this.#show(file, start, "+", shown);
    put.set(member, text);
  }

  /** Appends a member; `shown` is its text in the diff. */
  add(file: YamlFile, owner: Collection, text: string, shown = text): void {
    this.#of(file, owner).add.push(text);
    const last = owner.items.at(-1);
    const at = last === undefined ? (owner.range?.[1] ?? 0) : memberRange(last)[1] - 1;
    for (const line of shown.split("\n")) this.#show(file, at, "+", line);
  }

  /** Replaces a variable of an env file, possibly under another name; null removes its line. */
  line(
    file: ComposeEnvFile,
    member: DotenvEntry,
    now: { readonly name: string; readonly value: string } | null,
    was: string,
  ): void {
    const id = `${file.file}:${member.start}`;
    const dialect = file.raw ? "raw" : "compose";
    const value = now === null ? null : renderDotenv(now.value, dialect, member.quote);
    if (now !== null && value === null)
      throw new UnsprawlError("refused", `${file.file}:${member.line} cannot hold the new value of ${member.name}`);
    const text = now === null ? null : `${now.name}=${value ?? ""}`;
    const known = this.#lines.get(id);
    if (known !== undefined) {
      if (known.text !== text) throw clash(file.file, member.line);
      return;
    }
    this.#lines.set(id, { file, member, text });
    this.#show(file, member.start, "-", was);
    if (text !== null) this.#show(file, member.start, "+", text);
  }

  /** Gives a map an anchor to be merged by; returns its name, made unique in the file. */
  anchor(file: YamlFile, map: YAMLMap, wished: string): string {
    const known = this.#anchors.get(map);
    if (known) return known.name;
    const taken = new RegExp(`&${wished}(?![\\w-])`).test(file.text);
    const name = taken ? `${wished}-${lineOf(file.text, map.range?.[0] ?? 0)}` : wished;
    this.#anchors.set(map, { file, name });
    return name;
  }

  /** The members that stay, with their new text, or null if unchanged. */
  kept(owner: Collection): { readonly member: unknown; readonly text: string | null }[] {
    const { drop, put } = this.#members.get(owner) ?? { drop: new Set(), put: new Map<unknown, string>() };
    return (owner.items as unknown[])
      .filter((member) => !drop.has(member))
      .map((member) => ({ member, text: put.get(member) ?? null }));
  }

  /** How many members a collection will have, including added ones. */
  left(owner: Collection): number {
    const members = this.#members.get(owner);
    return owner.items.length - (members?.drop.size ?? 0) + (members?.add.length ?? 0);
  }

  /** Drops the changes inside a collection that is removed as a whole; its lines in the diff stay. */
  forget(owner: Collection): void {
    this.#members.delete(owner);
  }

  /** Whether this position in a file is removed or replaced. */
  covers(file: string, start: number): boolean {
    const within = ([from, to]: readonly [number, number]): boolean => start >= from && start < Math.max(to, from + 1);
    for (const line of this.#lines.values())
      if (line.file.file === file && within([line.member.start, line.member.end])) return true;
    for (const { file: own, drop, put } of this.#members.values())
      if (own.file === file && [...drop, ...put.keys()].some((member) => within(memberRange(member)))) return true;
    return false;
  }

  /** The changed files with their whole new text. */
  files(): NewFile[] {
    const found = new Map<string, { text: string; edits: Edit[] }>();
    const of = ({ file, text }: { readonly file: string; readonly text: string }): Edit[] => {
      const known = found.get(file) ?? { text, edits: [] };
      found.set(file, known);
      return known.edits;
    };
    // Outer collections first: of two additions at one position, `splice` puts the later one first, which is the inner
    // one.
    const outerFirst = [...this.#members].sort(([a], [b]) => (a.range?.[0] ?? 0) - (b.range?.[0] ?? 0));
    for (const [owner, { file, dropKey, drop, put, add }] of outerFirst) {
      const changes: Changes = { dropKey, drop, put, add };
      of(file).push(...yamlEdits(file, owner, changes));
    }
    for (const [map, { file, name }] of this.#anchors) {
      // After the key's colon, if the block map begins on the next line.
      const colon = file.text.lastIndexOf(":", lineStart(file.text, map.range?.[0] ?? 0) - 1) + 1;
      of(file).push({ start: colon, end: colon, text: ` &${name}` });
    }
    for (const { file, member, text } of this.#lines.values()) {
      if (text === null) of(file).push({ start: member.start, end: member.end, text: "" });
      else of(file).push({ start: member.nameStart, end: Math.max(member.valueEnd, member.nameEnd), text });
    }
    return [...found].map(([file, { text, edits: own }]) => ({
      file,
      text: splice(text, own),
      diff: (this.#diff.get(file) ?? []).toSorted((a, b) => a.line - b.line).map(({ diff }) => diff),
    }));
  }

  #of(file: YamlFile, owner: Collection): CollectionEdits {
    const known = this.#members.get(owner) ?? emptyMembers(file);
    this.#members.set(owner, known);
    return known;
  }

  #show({ file, text }: YamlFile | ComposeEnvFile, at: number, sign: DiffLine["sign"], shown: string): void {
    const line = lineOf(text, at);
    const path = `${relative(this.#project.dir, file) || file}:${line}`;
    this.#diff.set(file, [...(this.#diff.get(file) ?? []), { line, diff: { sign, path, text: shown } }]);
  }
}

function emptyMembers(file: YamlFile): CollectionEdits {
  return { file, dropKey: new Set(), drop: new Set(), put: new Map(), add: [] };
}

function clash(file: string, line: number): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${file}:${line} would need two different values`,
    "give each service its own line, then plan again",
  );
}
