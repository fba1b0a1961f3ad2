import { posix } from "node:path";
import type { ConsumerReader, FoundConsumers } from "../../src/contract/supplies.ts";
import { isFileNameWithDots } from "../../src/kit/io/name.ts";
import { childEnvironment } from "../../src/kit/child-environment.ts";
import {
  entriesOf,
  entry,
  follow,
  isMap,
  isSeq,
  scalarText,
  type YamlEntry,
  type YamlFile,
} from "../../src/kit/text/yaml-nodes.ts";
import { parseOnChange, type Consumer, type OnChange, type SuppliedValue } from "../../src/model/consumer.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreTarget } from "../../src/model/plan.ts";
import { memoryOf, originOf, secretFileText, serviceFolder } from "./delivery/change.ts";
import { parseOwnerText } from "./delivery/entry.ts";
import { absoluteReference, isCommittedWith, sopsFileOf } from "./delivery/reference.ts";
import { START_SCRIPT } from "../../src/model/start-script.ts";
import { filledScalar, type OnFault } from "./syntax/fill.ts";
import { givenFiles } from "./syntax/given.ts";
import { loadProject, type ComposeProject, type ComposeService } from "./syntax/project.ts";

export type ComposeConsumerTools = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly mayHold: (folder: string) => boolean;
};

/**
 * Reads the consumers of `compose:FILE` from its `secrets:`: the services, the owner of the files, and the reference
 * beside each. The file is hostile input: a path of any other form than a migration writes is left out, with the
 * reason.
 */
export function composeConsumers({ env, cwd, mayHold }: ComposeConsumerTools): ConsumerReader {
  return async (what) => {
    const faults = new Set<string>();
    const tell: OnFault = ({ message }) => void faults.add(message);
    const given = await givenFiles(what, cwd, childEnvironment(env));
    // References are no secrets, and need no credential to be read.
    const project = await loadProject({
      ...{ ...given, dir: null, name: null, tell, named: false },
      env: childEnvironment(env),
    });
    const consumers = consumersIn(project, memoryOf(env), tell).filter(({ id, folder }) => {
      const holds = mayHold(folder);
      if (!holds) faults.add(`${id}: ${folder} is not a folder for values`);
      return holds;
    });
    return { consumers, faults: [...faults] };
  };
}

/** What a project's files say of the files that its services need. */
function consumersIn(project: ComposeProject, memory: string, tell: OnFault): FoundConsumers["consumers"] {
  const entries = new Map<string, FoundSecret>();
  for (const file of project.yaml.values())
    for (const one of entriesOf(entry(file.root, "secrets", file)?.value, file)) {
      const found = secretOf(project, file, one, tell);
      if (found !== null) entries.set(one.key, found);
    }
  const consumers: Consumer[] = [];
  for (const service of project.services.values()) {
    const granted = [...grantsOf(service, "secrets", tell)].flatMap((key) => entries.get(key) ?? []);
    const own = granted.filter(({ text, name }) => isFor(text, service.name, name));
    for (const { key } of granted.filter((one) => !own.includes(one)))
      tell(fault(`secrets.${key}: its file is not one of the service ${service.name}, which uses it`));
    const [first] = own;
    if (first === undefined) continue;
    // Two that share a folder have one project's name in it, and one owner.
    const odd = own.find((one) => posix.dirname(one.text) !== posix.dirname(first.text) || one.owner !== first.owner);
    const owner = parseOwnerText(first.owner);
    if (odd !== undefined || owner === null) {
      tell(fault(`secrets.${odd?.key ?? first.key}: owner is not UID:GID, or not that of the service's other secrets`));
      continue;
    }
    const [, folder = ""] = /^\$\{[^}]*\}\/(.*)\/[^/]*$/.exec(first.text) ?? [];
    consumers.push({
      id: `compose:${project.name}/${service.name}`,
      delivery: [...targetsOf(service, "configs", tell)].includes(START_SCRIPT) ? "shim" : "file",
      folder: posix.join(memory, folder),
      owner,
      values: own.map(({ name, reference }): SuppliedValue => ({ name, reference, store: null })),
      script: false,
      onChange: onChangeOf(service, tell),
      stores: storesOf(project, own),
      ...originOf(project.given, project.dir),
    });
  }
  return consumers;
}

type FoundSecret = {
  readonly key: string;
  readonly name: string;
  readonly text: string;
  readonly reference: string;
  readonly owner: string | null;
};

/** Null for a secret that is not unsprawl's. */
function secretOf(
  project: ComposeProject,
  file: YamlFile,
  { key, value }: YamlEntry,
  tell: OnFault,
): FoundSecret | null {
  const ours = entry(value, "x-unsprawl", file)?.value ?? null;
  if (!isMap(value) || ours === null) return null;
  const lookup = project.lookups.get(file.file) ?? project.lookup;
  const text = scalarText(entry(value, "file", file)?.value ?? null) ?? "";
  const name = text.slice(text.lastIndexOf("/") + 1);
  const written = (part: string): string | null =>
    filledScalar(entry(ours, part, file)?.value ?? null, lookup, file, tell);
  const reference = written("ref") ?? "";
  if (isFileNameWithDots(name) && /^ref\+[a-z0-9]+:\/\/./.test(reference))
    return { key, name, text, reference: absoluteReference(reference, project.dir), owner: written("owner") };
  tell(fault(`secrets.${key}: x-unsprawl has no reference, or its file has no variable's name`));
  return null;
}

/** Whether a path is exactly what a migration writes for this service, of whichever project's name. */
function isFor(text: string, service: string, name: string): boolean {
  const [, project = ""] = /\/compose\/([^/]+)\/[^/]+\/[^/]+$/.exec(text) ?? [];
  const [, , folder] = serviceFolder(project, service).split("/");
  const form = secretFileText("p", service, name).replace("/compose/p/", `/compose/${project}/`);
  return folder !== undefined && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(project) && text === form;
}

/** A SOPS file that is committed with the project needs no store to be set up here. */
function storesOf({ dir }: ComposeProject, secrets: readonly FoundSecret[]): readonly StoreTarget[] {
  const own = secrets
    .flatMap(({ reference }) => sopsFileOf(reference) ?? [])
    .filter((file) => isCommittedWith(file, dir));
  return [...new Set(own)].map((file) => ({ name: "local", provider: "local", settings: { file } }));
}

/** The names of the entries that a service is granted, whichever way it is written. */
function grantsOf(service: ComposeService, kind: "secrets" | "configs", tell: OnFault): Set<string> {
  return new Set(grants(service, kind, tell).map(({ source }) => source));
}

function targetsOf(service: ComposeService, kind: "secrets" | "configs", tell: OnFault): Set<string> {
  return new Set(grants(service, kind, tell).map(({ target }) => target));
}

function grants(
  { layers }: ComposeService,
  kind: "secrets" | "configs",
  tell: OnFault,
): { readonly source: string; readonly target: string }[] {
  return layers.flatMap(({ service, file, lookup }) => {
    const list = entry(service, kind, file)?.value ?? null;
    return (isSeq(list) ? list.items : []).map((item) => {
      const node = follow(item, file);
      const part = (key: string): string =>
        filledScalar(isMap(node) ? (entry(node, key, file)?.value ?? null) : node, lookup, file, tell) ?? "";
      return { source: part("source"), target: isMap(node) ? part("target") : "" };
    });
  });
}

/** The service's own label; null where it says nothing. */
function onChangeOf({ name, layers }: ComposeService, tell: OnFault): OnChange | null {
  let said: string | null = null;
  for (const { service, file, lookup } of layers) {
    const labels = entry(service, "labels", file)?.value ?? null;
    const pairs = isSeq(labels)
      ? labels.items.map((item) => filledScalar(follow(item, file), lookup, file, tell) ?? "")
      : entriesOf(labels, file).map(({ key, value }) => `${key}=${filledScalar(value, lookup, file, tell) ?? ""}`);
    said = pairs.findLast((pair) => pair.startsWith(`${ON_CHANGE}=`))?.slice(ON_CHANGE.length + 1) ?? said;
  }
  if (said === null) return null;
  try {
    return parseOnChange(said);
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    tell(fault(`${name}: the label ${ON_CHANGE} is not restart, signal:NAME or none`));
    return null;
  }
}

const ON_CHANGE = "unsprawl.on-change";

const fault = (text: string): UnsprawlError => new UnsprawlError("malformed", text);
