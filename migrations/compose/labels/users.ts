import type { Node, YAMLMap, YAMLSeq } from "yaml";
import { interpolate, type Use } from "../../../src/files/interpolate.ts";
import {
  entriesOf,
  entry,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  scalarText,
  type YamlFile,
} from "../../../src/kit/text/yaml-nodes.ts";
import { variablesOf } from "../syntax/environment.ts";
import { home } from "../syntax/home.ts";
import { freeName } from "../../../src/files/words/literal-name.ts";
import type { ComposeProject, ComposeService, ServiceLayer } from "../syntax/project.ts";

/** A label that says who may log in, as `name:hash`. Traefik takes a file with the same text instead. */
export type UsersLabel = {
  readonly service: string;
  readonly key: string;
  /** The same label with the file's path as its value. */
  readonly fileKey: string;
  /** As it is written, and as Traefik's file has it: each user on a line. */
  readonly text: string;
  readonly value: string;
  /** The variable as which its value moves. */
  readonly name: string;
  /** The variables of `${…}` that hold its secret. */
  readonly sources: readonly string[];
  readonly place: LabelPlace;
};

/** Where a label is written. `rawKey` is its name as the file has it; `isOwn`: in the service's own block. */
type LabelPlace = {
  /** Below `deploy`. */
  readonly isDeployed: boolean;
  readonly file: YamlFile;
  readonly owner: YAMLMap | YAMLSeq;
  readonly member: unknown;
  readonly start: number;
  readonly rawKey: string;
  readonly isOwn: boolean;
};

/**
 * By version of Traefik. Sources: Traefik 2 and 3, "BasicAuth" and "DigestAuth"; Traefik 1.7, "Docker": `users` is a list behind
 * commas, `usersFile` a file with one a line, and with both, the two are merged.
 */
const USERS: readonly { readonly label: RegExp; readonly suffix: string }[] = [
  { label: /^traefik\.http\.middlewares\.([\w@-]{1,100})\.(basic|digest)auth\.users$/i, suffix: "file" },
  { label: /^traefik\.(?:([\w-]{1,100})\.)?frontend\.auth\.(basic|digest)\.users$/i, suffix: "File" },
];
const ONE_USER = /^[^\s,:#][^\s,:]{0,255}(?::[^\s,:]{1,255}){1,2}$/;

const known = new WeakMap<ComposeService, readonly UsersLabel[]>();

/** The label that takes a file in place of one with users; null for any other label. */
export function usersFileKey(key: string): string | null {
  const found = USERS.find(({ label }) => label.test(key));
  return found === undefined ? null : key + found.suffix;
}

/** The labels of a service whose value could be a file. */
export function usersLabels(service: ComposeService): readonly UsersLabel[] {
  const found = known.get(service) ?? labelsOf(service);
  known.set(service, found);
  return found;
}

/** Those of all services that are filled from a variable. */
export function labelsFilledFrom({ services }: ComposeProject, source: string): readonly UsersLabel[] {
  return [...services.values()].flatMap((service) =>
    usersLabels(service).filter(({ sources }) => sources.includes(source)),
  );
}

/** The one that is written at this position of a file. */
export function labelAt({ services }: ComposeProject, file: string, start: number): UsersLabel | null {
  for (const service of services.values()) {
    const found = usersLabels(service).find(({ place }) => place.file.file === file && place.start === start);
    if (found !== undefined) return found;
  }
  return null;
}

function labelsOf(service: ComposeService): readonly UsersLabel[] {
  const all = service.layers.flatMap((layer) =>
    [false, true].flatMap((isDeployed) => inLayer(service, layer, isDeployed)),
  );
  const found = all.flatMap((one) => {
    const fileKey = usersFileKey(one.key);
    const users = one.value.split(",").map((user) => user.trim());
    const isSound = fileKey !== null && users.every((user) => ONE_USER.test(user)) && standsAlone(one, all);
    return isSound ? [{ ...one, fileKey, users }] : [];
  });
  const names = namesByValue(found, new Set(variablesOf(service).keys()));
  return found.flatMap(({ key, fileKey, value: text, users, uses, lookup, place }): UsersLabel[] => {
    const name = names.get(text);
    if (name === undefined) return [];
    const secrets = users.map((user) => user.slice(user.lastIndexOf(":") + 1));
    const sources = [...new Set(uses.map((use) => use.name))].filter((one) =>
      secrets.some((secret) => (lookup(one) ?? "").endsWith(secret)),
    );
    return [{ service: service.name, key, fileKey, text, value: users.join("\n"), name, sources, place }];
  });
}

/** False for one that an earlier file or a base sets too, which would come back, and for one beside a file of users. */
function standsAlone({ key }: Written, all: readonly Written[]): boolean {
  const keys = all.map((one) => one.key.toLowerCase());
  return keys.filter((one) => one === key.toLowerCase()).length === 1 && !keys.includes(`${key}file`.toLowerCase());
}

/** By a label's value, the variable as which it moves: labels with the same users share one, others never do. */
function namesByValue(labels: readonly Written[], taken: ReadonlySet<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { value, uses, lookup } of labels) {
    const whole = uses.find((one) => one.whole);
    // A file has several users in another form than the variable.
    if (whole === undefined || lookup(whole.name) !== value || value.includes(",")) continue;
    // Traefik takes any other TRAEFIK_… of its environment for a setting, and may refuse to start.
    if (taken.has(whole.name) || !/^traefik_/i.test(whole.name)) names.set(value, whole.name);
  }
  for (const { key, value } of labels) {
    if (names.has(value)) continue;
    const [, of = "frontend", kind = ""] = USERS.flatMap(({ label }) => label.exec(key) ?? []);
    const name = `${kind}auth_${of}_users`.replaceAll(/[^A-Za-z0-9]+/g, "_").toUpperCase();
    const others = new Set([...taken, ...names.values()]);
    const free = freeName(name, (one) => others.has(one));
    if (free !== null) names.set(value, free);
  }
  return names;
}

type Written = {
  readonly key: string;
  readonly value: string;
  readonly uses: readonly Use[];
  readonly lookup: ServiceLayer["lookup"];
  readonly place: LabelPlace;
};

/** `isDeployed`: the labels of a stack's service, which Traefik reads on a swarm. */
function inLayer(
  service: ComposeService,
  { service: node, file, lookup }: ServiceLayer,
  isDeployed: boolean,
): readonly Written[] {
  const deploy = isDeployed ? entry(node, "deploy", file) : null;
  const found = entry(isDeployed ? (deploy?.value ?? null) : node, "labels", file);
  if (found === null || found.value === null) return [];
  const at = home(service);
  const above = deploy ?? found;
  const isBlock =
    at !== null &&
    at.file === file &&
    above.owner === at.map &&
    !isAlias(above.pair.value) &&
    !found.shared &&
    !isAlias(found.pair.value);
  const written = (
    owner: YAMLMap | YAMLSeq,
    member: unknown,
    text: Node,
    raw: readonly [string, string],
  ): Written[] => {
    try {
      // Compose fills in nothing in the keys of a map.
      const key = isSeq(owner) ? interpolate(raw[0], lookup).value : raw[0];
      const { value, uses } = interpolate(raw[1], lookup);
      const place = { isDeployed, file, owner, member, start: text.range?.[0] ?? 0, rawKey: raw[0] };
      const isOwn = isBlock && owner === found.value && !isAlias(member);
      return [{ key, value, uses, lookup, place: { ...place, isOwn } }];
    } catch {
      return []; // Compose would not read it either
    }
  };
  const list = found.value;
  if (isSeq(list))
    return (list.items as Node[]).flatMap((item) => {
      const text = isScalar(item) ? (item.value ?? "") : "";
      const sign = text.indexOf("=");
      return sign < 0 ? [] : written(list, item, item, [text.slice(0, sign), text.slice(sign + 1)]);
    });
  return entriesOf(list, file).flatMap(({ key, pair, owner, value }) => {
    const text = scalarText(value);
    return !isMap(owner) || value === null || text === null ? [] : written(owner, pair, value, [key, text]);
  });
}
