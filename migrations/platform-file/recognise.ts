import { lineOf } from "../../src/kit/text/lines.ts";
import type { Location } from "../../src/model/location.ts";
import { platforms } from "./platforms/index.ts";
import type { Description, Platform } from "./platforms/platform.ts";
import { readHcl, readToml } from "./syntax/hcl.ts";
import { readJson } from "./syntax/json.ts";
import type { Part } from "./syntax/part.ts";
import { mayHoldVariables } from "./syntax/keys.ts";
import { variablesAt, type PlatformVariable } from "./syntax/walk.ts";
import { readYaml } from "./syntax/yaml.ts";

/** Descriptions are written by people. Larger files are made by programs, and only their text is searched. */
const LARGEST_DESCRIPTION = 256 * 1024;

/** Whether a file of this path may be a description. */
export function mayBeDescription(file: string): boolean {
  return platforms.some(({ path }) => path.test(file));
}

/**
 * What a file describes. Null for a file without variables, and for a broken one. If its platform is known, it
 * may have no variables any more.
 */
export async function describedIn(file: string, text: string, known?: Platform): Promise<Description | null> {
  if (text.length > LARGEST_DESCRIPTION) return null;
  if (known !== undefined) {
    const read = await partsOf(file, text);
    return { platform: known, text, parts: read, variables: variablesIn(known, read) };
  }
  let parts: readonly Part[] | null = null;
  for (const platform of platforms) {
    const { path, signs } = platform;
    if (!path.test(file) || !signs.every((words) => words.some((word) => text.includes(word)))) continue;
    if (!mayHoldVariables(text, platform.environments)) continue;
    parts ??= await partsOf(file, text);
    const variables = variablesIn(platform, parts);
    if (variables.length > 0) return { platform, text, parts, variables };
  }
  return null;
}

/** The variable that a location names; null if it is no longer there. */
export function variableAt(
  name: string,
  { place }: Location,
  text: string,
  { variables }: Description,
): PlatformVariable | null {
  if (place?.kind !== "text" || place.of === undefined) return null;
  const isIt = (one: PlatformVariable): boolean =>
    one.name === name && one.of === place.of && lineOf(text, one.start) === place.line;
  return variables.find(isIt) ?? null;
}

const variablesIn = ({ environments }: Platform, parts: readonly Part[]): PlatformVariable[] =>
  parts.flatMap((part) => variablesAt(part, environments));

async function partsOf(file: string, text: string): Promise<readonly Part[]> {
  const syntax = file.replace(TEMPLATE, "");
  try {
    if (/\.(?:tf|nomad|hcl)$/.test(syntax)) return [readHcl(text)];
    if (syntax.endsWith(".toml")) return [readToml(text)];
    const json = syntax.endsWith(".json") || text.trimStart().startsWith("{") ? await readJson(text) : null;
    return json === null ? ((await readYaml(file, text)) ?? []) : [json];
  } catch (error) {
    // Nested deeper than a parser follows: no description is.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** What a template's name ends with, after the name of what it makes. */
const TEMPLATE = /\.(?:j2|jinja2?|tmpl|gotmpl|tpl|erb|ejs)$/;
