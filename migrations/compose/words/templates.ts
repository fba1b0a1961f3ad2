import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { ComposeCli, ComposeConfig, ProjectCall, ServiceConfig } from "../engine/cli.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

/** A word as the files write it: text, and the variables of `${…}` whose values are filled in. */
export type SourceWord = readonly (string | { readonly source: string })[];

/** A service's words as its files write them; null where they have none, so that the image's count. */
export type ServiceTemplate = {
  readonly [place in "entrypoint" | "command" | "health"]: readonly SourceWord[] | null;
};

/** What the words of a project's services are filled from. */
export type FilledWords = {
  /** What they are not filled from any more, with its value. */
  readonly values: ReadonlyMap<string, string>;
  /** What Compose still fills in. */
  readonly kept: ReadonlyMap<string, string>;
};

/**
 * The words of every service with these variables left open. Compose itself is asked, with a mark in each variable's place,
 * so that words are split as it does. Empty where a value decides more than its own place in a text, such as one with a
 * space in a command that Compose splits: what comes out with the values must be `before`. A kept one that does is
 * written out.
 */
export async function serviceTemplates(
  cli: ComposeCli,
  call: ProjectCall,
  before: ComposeConfig,
  { values, kept }: FilledWords,
): Promise<ReadonlyMap<string, ServiceTemplate>> {
  const ask = async (more: Iterable<readonly [string, string]>): Promise<ReadonlyMap<string, ServiceTemplate>> =>
    markedTemplates(cli, call, before, new Map([...values, ...more]));
  const whole = await ask(kept);
  if (whole.size > 0 || kept.size === 0) return whole;
  const without = await ask([]);
  if (without.size === 0) return without;
  const open: (readonly [string, string])[] = [];
  for (const one of kept) if ((await ask([one])).size > 0) open.push(one);
  return ask(open);
}

async function markedTemplates(
  cli: ComposeCli,
  call: ProjectCall,
  before: ComposeConfig,
  values: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, ServiceTemplate>> {
  const marks = new Map([...values.keys()].map((name) => [`unsprawl${randomBytes(12).toString("hex")}`, name]));
  const marked = await configWith(cli, call, Object.fromEntries([...marks].map(([mark, name]) => [name, mark])));
  if (marked === null) return new Map();
  const any = marks.size === 0 ? NEVER : new RegExp(`(${[...marks.keys()].join("|")})`);
  const filled = (text: string): string =>
    split(text, any)
      .map((piece) => values.get(marks.get(piece) ?? "")?.replaceAll("$", () => "$$") ?? piece)
      .join("");
  const asIs = withTexts(before, (text) => text);
  if (!isDeepStrictEqual(withTexts(marked, filled), asIs)) return new Map();
  const word = (text: string): SourceWord =>
    split(text, any)
      .filter((piece) => piece !== "")
      .map((piece) => {
        const source = marks.get(piece);
        return source === undefined ? piece.replaceAll("$$", () => "$") : { source };
      });
  return new Map(Object.entries(marked.services).map(([name, service]) => [name, templateOf(service, word)]));
}

const NEVER = /(?!)/;

/** A document with each of its texts changed, keys too: the name of a label may hold a variable. */
function withTexts(of: unknown, change: (text: string) => string): unknown {
  if (typeof of === "string") return change(of);
  if (Array.isArray(of)) return of.map((one) => withTexts(one, change));
  if (typeof of !== "object" || of === null) return of;
  return Object.fromEntries(Object.entries(of).map(([key, one]) => [change(key), withTexts(one, change)]));
}

const split = (text: string, by: RegExp): string[] => text.split(by);

function templateOf(service: ServiceConfig, word: (text: string) => SourceWord): ServiceTemplate {
  const words = (list: unknown): readonly SourceWord[] | null =>
    Array.isArray(list) ? list.map((text) => word(String(text))) : null;
  const check = service["healthcheck"] as JsonObject | null | undefined;
  return {
    entrypoint: words(service["entrypoint"]),
    command: words(service["command"]),
    health: words(check?.["test"]),
  };
}

async function configWith(
  cli: ComposeCli,
  call: ProjectCall,
  variables: { readonly [name: string]: string },
): Promise<ComposeConfig | null> {
  try {
    return await cli.config(call, variables);
  } catch (error) {
    // A mark may be no valid value of another place that the variable fills, such as a port.
    if (error instanceof UnsprawlError && error.code === "failed") return null;
    throw error;
  }
}
