/*
 * What a service runs, where `${NAME}` of a moved value is filled into it: `redis-server --requirepass ${REDIS_PASSWORD}`,
 * `mysqladmin ping -p${MYSQL_ROOT_PASSWORD}`. The value becomes a variable of the service, which a shell fills in.
 */
import { randomBytes } from "node:crypto";
import type { Delivery, FileOptions } from "../../../src/contract/delivery.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";
import { escapeDollar } from "../../../src/files/interpolate.ts";
import { earlierPrefix, type BareService } from "../delivery/change.ts";
import type { ComposeCli, ComposeConfig, ProjectCall } from "../engine/cli.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { keptSources, mayBeWritten } from "./kept.ts";
import { hasValue, reworded, wordsByFile, type WordTemplate } from "./reword.ts";
import {
  withoutLiterals,
  writtenIn,
  type FilledVariable,
  type WrittenValue,
} from "../../../src/files/words/literal-places.ts";
import { isQuotable, literal, type KeptPart, type Word } from "../../../src/files/words/shell-text.ts";
import { serviceTemplates, type ServiceTemplate, type SourceWord } from "./templates.ts";
import { expressionsOf } from "./written.ts";
import { labelsGiven, withLabels } from "../labels/index.ts";
import type { NewWords, Rewording } from "./rewording.ts";
import { filledSources, wordSources, type FilledSources } from "./uses.ts";

/** Null for a service whose words hold no value that it is given. */
export type Rewordings = (service: string, bare: BareService) => Rewording | null;

/** The new words of services that are given these values. Asks Compose only if words are filled with one of them. */
export async function rewordings(
  project: ComposeProject,
  at: {
    readonly cli: ComposeCli;
    readonly call: ProjectCall;
    readonly before: ComposeConfig;
    readonly deliveries: readonly Delivery[];
  },
  given: ReadonlyMap<string, readonly FilledVariable[]>,
): Promise<Rewordings> {
  const filled = filledSources(project, given);
  const written = writtenValues(at.before, given);
  const used = wordSources(project);
  const values = new Map(
    [...filled.values()].flatMap((own) => [...own].map(([name, { text }]) => [name, text] as const)),
  );
  const labels = labelsGiven(project, given);
  if (values.size === 0 && written.size === 0) return (service) => withLabels(null, labels.get(service));
  const kept = new Map([...keptSources(project, filled, written)].filter(([source]) => !values.has(source)));
  const parts = new Map<string, KeptPart>(
    [...values, ...kept].map(([source, text]) => [
      source,
      { mark: `unsprawl${randomBytes(12).toString("hex")}`, text },
    ]),
  );
  const templates = await serviceTemplates(at.cli, at.call, at.before, { values, kept });
  const files = [...project.yaml.values()].map(({ text }) => text.replaceAll("$$", () => "$")).join("\n");
  const texts = { project, deliveries: at.deliveries, templates, filled, written, used, parts, files };
  return (service, bare) => withLabels(rewordingOf(texts, service, bare), labels.get(service));
}

/** The words of all services, and what is filled into them. */
type ProjectWords = {
  readonly project: ComposeProject;
  readonly deliveries: readonly Delivery[];
  readonly templates: ReadonlyMap<string, ServiceTemplate>;
  readonly filled: ReturnType<typeof filledSources>;
  readonly written: ReturnType<typeof writtenValues>;
  readonly used: ReturnType<typeof wordSources>;
  /** By variable: a mark for it, and the text that it stands for. */
  readonly parts: ReadonlyMap<string, KeptPart>;
  /** The texts of all files. */
  readonly files: string;
};

function rewordingOf(
  { project, deliveries, templates, filled, written, used, parts, files }: ProjectWords,
  service: string,
  bare: BareService,
): Rewording | null {
  const [template, own, literals = []] = [templates.get(service), filled.get(service), written.get(service)];
  if (template === undefined || own === undefined || (own.size === 0 && literals.length === 0)) return null;
  const words = (list: readonly SourceWord[]): readonly Word[] =>
    withoutLiterals(
      list.map((word) => word.flatMap((part) => filledPart(part, own, parts))),
      literals,
    );
  const found = templateOf(template, words, bare);
  const all = [...found.entrypoint, ...found.cmd, ...found.health];
  if (!isAsBefore(found, bare) || !all.some(hasValue)) return null;
  const fileOptions = deliveries.find(({ name }) => name === "file")?.options?.(bare.subject) ?? null;
  const inShell = reworded(found);
  const byFile = fileOptions === null ? null : wordsByFile(found, fileOptions);
  const made = byFile === null ? inShell : { ...byFile, health: inShell.health };
  const others = [...(used.get(service) ?? [])].filter((source) => !own.has(source));
  const kept = others.flatMap((source) => parts.get(source) ?? []);
  const expressions = mayBeWritten(all, made, files, kept) ? keptExpressions(project, service, parts, made) : null;
  if (expressions === null) return null;
  const seen = visibleWords(found, template, files);
  const inFile = (words: NewWords): NewWords => withTexts(words, escapeDollar, expressions);
  return {
    ...withTexts(made, (text) => text, new Map([...parts.values()].map(({ mark, text }) => [mark, text]))),
    written: inFile(made),
    kept: new Set([...parts].flatMap(([source, { mark }]) => (expressions.has(mark) ? source : []))),
    sources: [...own].map(([source, { name }]) => ({ source, name })),
    literals,
    names: namesIn(all),
    byOption: byFile === null ? new Set() : namesIn([...found.entrypoint, ...found.cmd]),
    shown: inFile(
      byFile === null ? reworded(seen) : { ...wordsOrNull(seen, fileOptions), health: reworded(seen).health },
    ),
    labels: [],
  };
}

/** The words as a plan may show them: those of an image as they are, of a container's own what stands in the files. */
function visibleWords(found: WordTemplate, template: ServiceTemplate, files: string): WordTemplate {
  const visible = (list: readonly Word[], isPublic: boolean): Word[] =>
    list.map((word) =>
      word.map((part) =>
        typeof part !== "string" || isPublic || files.includes(part) || KINDS.has(part) ? part : "…",
      ),
    );
  return {
    entrypoint: visible(found.entrypoint, template.entrypoint === null),
    cmd: visible(found.cmd, template.command === null),
    health: visible(found.health, template.health === null),
  };
}

const NO_WORDS: NewWords = { entrypoint: null, command: null, health: null };

const wordsOrNull = (words: WordTemplate, options: FileOptions | null): NewWords =>
  (options === null ? null : wordsByFile(words, options)) ?? NO_WORDS;

const namesIn = (words: readonly Word[]): ReadonlySet<string> =>
  new Set(words.flat().flatMap((part) => (typeof part === "object" && "name" in part ? part.name : [])));

/** By service: the values that it is given and that its words have as they are. */
function writtenValues(
  { services }: ComposeConfig,
  given: ReadonlyMap<string, readonly FilledVariable[]>,
): ReadonlyMap<string, readonly WrittenValue[]> {
  const found = new Map<string, readonly WrittenValue[]>();
  for (const [service, variables] of given) {
    const { entrypoint, command, healthcheck } = services[service] ?? {};
    const texts = [entrypoint, command, (healthcheck as JsonObject | undefined)?.["test"]].flatMap((list) =>
      Array.isArray(list) ? list.map((text) => String(text).replaceAll("$$", () => "$")) : [],
    );
    const own = writtenIn(texts, variables);
    if (own.length > 0) found.set(service, own);
  }
  return found;
}

/** What Compose writes before the words of a health check. */
const KINDS: ReadonlySet<unknown> = new Set(["CMD", "CMD-SHELL"]);

function filledPart(part: SourceWord[number], own: FilledSources, parts: ReadonlyMap<string, KeptPart>): Word {
  if (typeof part === "string") return [part];
  const has = own.get(part.source);
  if (has !== undefined) return [{ name: has.name, value: has.text }];
  return [parts.get(part.source) ?? ""];
}

/**
 * By the mark: the `${…}` of each variable that is still filled into the new words. Null where one is filled in in several
 * ways, and for one that quotes around it would not hold.
 */
function keptExpressions(
  project: ComposeProject,
  name: string,
  parts: ReadonlyMap<string, KeptPart>,
  { entrypoint, command, health }: NewWords,
): ReadonlyMap<string, string> | null {
  const service = project.services.get(name);
  const all = service === undefined ? new Map<string, ReadonlySet<string>>() : expressionsOf(service);
  const made = [...(entrypoint ?? []), ...(command ?? []), ...(health ?? [])];
  const found = new Map<string, string>();
  for (const [source, { mark }] of parts) {
    if (!made.some((text) => text.includes(mark))) continue;
    const [text = "", ...more] = all.get(source) ?? [];
    if (text === "" || more.length > 0 || !isQuotable({ mark, text })) return null;
    found.set(mark, text);
  }
  return found;
}

/** The words, each changed, with a text in the place of each mark. */
function withTexts(
  { entrypoint, command, health }: NewWords,
  change: (text: string) => string,
  texts: ReadonlyMap<string, string>,
): NewWords {
  const fill = (words: readonly string[] | null): readonly string[] | null =>
    words?.map((word) => [...texts].reduce((made, [mark, text]) => made.replaceAll(mark, () => text), change(word))) ??
    null;
  return { entrypoint: fill(entrypoint), command: fill(command), health: fill(health) };
}

/** A service's words without those of earlier runs, and its image's where the files have none. */
function templateOf(
  { entrypoint, command, health }: ServiceTemplate,
  words: (list: readonly SourceWord[]) => readonly Word[],
  { subject, earlier, health: own }: BareService,
): WordTemplate {
  const texts = (list: readonly string[]): Word[] => list.map((text) => [text]);
  const [kind = [], ...check] = words(health ?? []);
  const ours = earlierPrefix(check.map((word) => word.map(literal).join(""))).length;
  return {
    entrypoint: entrypoint === null ? texts(subject.entrypoint) : words(entrypoint).slice(earlier.length),
    cmd: command === null ? texts(subject.cmd) : words(command),
    health: health === null ? texts(own ?? []) : [kind, ...check.slice(ours)],
  };
}

/** Whether the words with the values in them are what the container runs. */
function isAsBefore({ entrypoint, cmd, health }: WordTemplate, { subject, health: own }: BareService): boolean {
  const same = (words: readonly Word[], texts: readonly string[]): boolean =>
    JSON.stringify(words.map((word) => word.map(literal).join(""))) === JSON.stringify(texts);
  return same(entrypoint, subject.entrypoint) && same(cmd, subject.cmd) && same(health, own ?? []);
}
