import type { DotenvEntry } from "../../../src/files/dotenv.ts";
import type { VariableLookup } from "../../../src/files/interpolate.ts";

/** An env file that `${…}` is interpolated from, or that a service names. */
export type ComposeEnvFile = {
  /** Absolute path. */
  readonly file: string;
  readonly text: string;
  readonly raw: boolean;
  readonly entries: readonly DotenvEntry[];
  /** What its lines are filled with, besides those before them. */
  readonly scope: VariableScope;
  /** Some bytes are no UTF-8, which Compose accepts: they are U+FFFD in `text`, so the file cannot be written again. */
  readonly isLossy?: true;
};

/** What sets a variable that is filled in: the shell's environment, or a line of an env file. */
export type VariableSetting =
  | { readonly kind: "shell" }
  | { readonly kind: "line"; readonly file: ComposeEnvFile; readonly member: DotenvEntry };

/** What `${…}` is filled with in a file, and what sets it: null for what is unset, or Compose's own. */
export type VariableScope = VariableLookup & { readonly setting: (name: string) => VariableSetting | null };

export function shellScope(env: NodeJS.ProcessEnv): VariableScope {
  const lookup: VariableLookup = (name) => env[name] ?? null;
  return Object.assign(lookup, {
    setting: (name: string): VariableSetting | null => (env[name] === undefined ? null : { kind: "shell" }),
  });
}

/** The outer variables, then those of these files, the last of which counts first. */
export function withFiles(outer: VariableScope, files: readonly ComposeEnvFile[]): VariableScope {
  const line = (name: string): VariableSetting | null => {
    const file = files.findLast((one) => setBy(one).has(name));
    const member = file === undefined ? undefined : setBy(file).get(name)?.at(-1);
    return file === undefined || member === undefined ? null : { kind: "line", file, member };
  };
  const lookup: VariableLookup = (name) => outer(name) ?? valueOf(line(name));
  return Object.assign(lookup, {
    setting: (name: string): VariableSetting | null =>
      outer.setting(name) ?? (outer(name) === null ? line(name) : null),
  });
}

/** The variables of these files of a service, then the outer ones. A name alone in the last of them unsets it again. */
export function overFiles(files: readonly ComposeEnvFile[], outer: VariableScope): VariableScope {
  const isSet = (name: string): boolean => files.some((file) => setBy(file).has(name));
  const last = (name: string): VariableSetting | null => {
    const file = files.findLast((one) => lastEntries(one).has(name));
    const member = file === undefined ? undefined : lastEntries(file).get(name);
    return file === undefined || member === undefined ? null : { kind: "line", file, member };
  };
  const lookup: VariableLookup = (name) => (isSet(name) ? valueOf(last(name)) : outer(name));
  return Object.assign(lookup, {
    setting: (name: string): VariableSetting | null => (isSet(name) ? last(name) : outer.setting(name)),
  });
}

/** The same with a value for one variable that Compose sets itself. */
export function withOwn(outer: VariableScope, own: string, value: () => string | null): VariableScope {
  const lookup: VariableLookup = (name) => (name === own ? value() : null) ?? outer(name);
  return Object.assign(lookup, {
    setting: (name: string): VariableSetting | null => (lookup(name) === outer(name) ? outer.setting(name) : null),
  });
}

/** What fills a line of an env file in: its scope, then the lines before it. */
export function settingInLine(
  file: ComposeEnvFile,
  { start, nameEnd, valueStart }: DotenvEntry,
  name: string,
): VariableSetting | null {
  const outer = file.scope.setting(name);
  const isAlone = valueStart === nameEnd;
  if (outer !== null || isAlone) return outer;
  const member = setBy(file)
    .get(name)
    ?.findLast((one) => one.start < start);
  return member === undefined ? null : { kind: "line", file, member };
}

const valueOf = (setting: VariableSetting | null): string | null =>
  setting?.kind === "line" ? setting.member.value : null;

const set = new WeakMap<ComposeEnvFile, ReadonlyMap<string, readonly DotenvEntry[]>>();
const entries = new WeakMap<ComposeEnvFile, ReadonlyMap<string, DotenvEntry>>();

/** By name, the entries with a value. */
function setBy(file: ComposeEnvFile): ReadonlyMap<string, readonly DotenvEntry[]> {
  const found =
    set.get(file) ??
    Map.groupBy(
      file.entries.filter(({ value }) => value !== null),
      ({ name }) => name,
    );
  set.set(file, found);
  return found;
}

/** By name, the last entry, with or without a value. */
function lastEntries(file: ComposeEnvFile): ReadonlyMap<string, DotenvEntry> {
  const found = entries.get(file) ?? new Map(file.entries.map((one) => [one.name, one]));
  entries.set(file, found);
  return found;
}
