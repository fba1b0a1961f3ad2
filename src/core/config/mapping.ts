import * as v from "valibot";
import type { KeyNames, Provider } from "../../contract/provider.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { DeliveryName, StoreKey } from "../../model/plan.ts";
import {
  flag,
  map,
  may,
  mayBeNull,
  oneOf,
  parse,
  says,
  text as nonEmpty,
  type SchemaValue,
} from "../../kit/schema/index.ts";
import { yamlKey, yamlText } from "../../kit/text/splice.ts";
import type { Router } from "../route.ts";
import type { ScanHit } from "../scan-hit.ts";

/** A person's decisions on where each secret of a plan is stored and how it is delivered. Holds no value. */
export type Mapping = {
  /** Whether another value in the store may be replaced. */
  readonly overwrite: boolean;
  /** By unit name. */
  readonly units: ReadonlyMap<string, UnitMapping>;
};

export type UnitMapping = {
  readonly deliver: DeliveryName | "auto";
  readonly accept: readonly string[];
  /** By `NAME`, or `subject/NAME` if the unit has several subjects. */
  readonly keys: ReadonlyMap<string, StoreKey>;
};

export const DELIVERIES: readonly (DeliveryName | "auto")[] = ["auto", "file", "runtime", "shim", "volume"];

/** The name of a secret in its unit's mapping. */
export function mappedName(unit: string, subject: string, name: string): string {
  return subject === unit ? name : `${subject}/${name}`;
}

/**
 * The mapping of a plan for these findings, keeping the decisions in `was`. Excludes findings that no migration
 * handles.
 */
export async function mappingOf(
  hits: readonly ScanHit[],
  { migration, provider }: { readonly migration: Router; readonly provider: Provider },
  was: Mapping | null,
): Promise<Mapping> {
  const units = new Map<
    string,
    { deliver: UnitMapping["deliver"]; accept: readonly string[]; keys: Map<string, StoreKey> }
  >();
  for (const hit of hits) {
    const of = await migration.unit(hit.finding);
    if (of === null) continue;
    const before = was?.units.get(of.name);
    const unit = units.get(of.name) ?? {
      deliver: before?.deliver ?? "auto",
      accept: before?.accept ?? [],
      keys: new Map(),
    };
    units.set(of.name, unit);
    const names = await migration.names(hit.finding);
    const name = (await migration.part?.(hit))?.name ?? hit.finding.name;
    const called = mappedName(of.name, names.subject, name);
    const key = before?.keys.get(called) ?? keyOf(provider, { ...names, name });
    if (key !== null) unit.keys.set(called, key);
  }
  return { overwrite: was?.overwrite ?? false, units };
}

/**
 * Why the key is not valid in this store; null if it is. A key is valid if its reference parses back to it: the
 * rewritten configuration must find it again.
 */
export function storeKeyFault(key: StoreKey, provider: Provider): string | null {
  const { path, field } = key;
  let back: StoreKey | null;
  try {
    back = provider.parse(provider.reference(key));
  } catch (error) {
    return `the store cannot hold that: ${error instanceof UnsprawlError ? error.message : causeOf(error)}`;
  }
  if (back?.path === path && back.field === field) return null;
  return `this is not a place in the store ${provider.target.name}: ${path}${field === "" ? "" : ` ${field}`}`;
}

/** Null if the store cannot hold this name: the plan reports why. */
function keyOf(provider: Provider, names: KeyNames): StoreKey | null {
  try {
    return provider.key(names);
  } catch (error) {
    if (error instanceof UnsprawlError) return null;
    throw error;
  }
}

/** The mapping as YAML for a person to edit. `accepts` are the words that `accept` takes. */
export function mappingText({ overwrite, units }: Mapping, store: string, accepts: readonly string[]): string {
  const lines = [
    `# Where each secret goes in the store ${store.replace(/[^ -~]/g, "?")}, and how its application gets it. After you save,`,
    "# unsprawl plans again; nothing is applied. This file holds no value: do not add one.",
    `# deliver: ${DELIVERIES.join(", ")}. accept: what may be lost or changed, of ${accepts.join(", ")}.`,
    "# What you leave out gets its default; to leave a secret where it is, unmark it in the list.",
    `overwrite: ${overwrite} # whether another value in the store may be replaced; it is kept until scrub`,
    "units:",
  ];
  for (const [unit, { deliver, accept, keys }] of units) {
    lines.push(`  ${yamlKey(unit)}:`, `    deliver: ${deliver}`, `    accept: [${accept.join(", ")}]`, "    secrets:");
    for (const [name, { path, field }] of keys) {
      const at = field === "" ? "" : `, field: ${yamlText(field)}`;
      lines.push(`      ${yamlKey(name)}: { path: ${yamlText(path)}${at} }`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Parses an edited mapping. `known` is the mapping before the edit: no unit or secret may be added. Throws `config`
 * naming the line or the key, and for keys that are not valid in the store.
 */
export async function readMapping(
  text: string,
  known: Mapping,
  provider: Provider,
  accepts: readonly string[],
): Promise<Mapping> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, { uniqueKeys: true, logLevel: "silent" });
  const [problem] = document.errors;
  if (problem) {
    const at = problem.linePos?.[0].line ?? "?";
    throw new UnsprawlError("config", `${WHAT}, line ${at}: not valid YAML`, AGAIN, problem.code);
  }
  const { overwrite, units } = parse(schemaOf(known, accepts), document.toJS({ maxAliasCount: 0 }) ?? {}, WHAT);
  return {
    overwrite: overwrite ?? known.overwrite,
    units: new Map(
      [...known.units].map(([unit, was]) => [unit, edited(units?.[unit], was, provider, `units.${unit}`)] as const),
    ),
  };
}

/** A mapping of these units and secrets and no others, each of which may be left out. */
function schemaOf({ units }: Mapping, accepts: readonly string[]) {
  const unitMaps = [...units].map(
    ([unit, { keys }]) => [unit, v.nullish(unitSchema([...keys.keys()], accepts))] as const,
  );
  return map({
    overwrite: may("whether another value in the store may be replaced", flag(says("must be true or false", AGAIN))),
    units: mayBeNull("by the unit's name", map(Object.fromEntries(unitMaps), AGAIN)),
  });
}

function unitSchema(names: readonly string[], accepts: readonly string[]) {
  const secrets = names.map((name) => [name, v.nullish(STORE_KEY)] as const);
  return map(
    {
      deliver: mayBeNull("how the application gets its values", oneOf(DELIVERIES)),
      accept: mayBeNull("what may be lost or changed", v.array(oneOf(accepts), says("must be a list of texts", AGAIN))),
      secrets: mayBeNull("where each one goes", map(Object.fromEntries(secrets), AGAIN)),
    },
    AGAIN,
  );
}

/** What a person left of a unit. Throws `config` for a place that the store does not have. */
function edited(
  given: SchemaValue<ReturnType<typeof unitSchema>> | null | undefined,
  was: UnitMapping,
  provider: Provider,
  at: string,
): UnitMapping {
  if (given === undefined || given === null) return was;
  const keys = [...was.keys].map(([name, key]) => {
    const { path = key.path, field = key.field } = given.secrets?.[name] ?? {};
    if (path === key.path && field === key.field) return [name, key] as const;
    const why = storeKeyFault({ path, field }, provider);
    if (why !== null) throw new UnsprawlError("config", `${WHAT}: ${at}.secrets.${name}: ${why}`, AGAIN);
    return [name, { path, field }] as const;
  });
  return { deliver: given.deliver ?? was.deliver, accept: given.accept ?? [], keys: new Map(keys) };
}

const WHAT = "the mapping";
const AGAIN = "e opens it again as you left it";
const STORE_KEY = map(
  {
    path: may("the store's own address", nonEmpty(says("must be text", AGAIN))),
    field: may("the field at that path", v.string(says("must be text", AGAIN))),
  },
  AGAIN,
);
