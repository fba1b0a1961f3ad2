import { labelsFor } from "../engine/consumer-labels.ts";
import type { Provider } from "../contract/provider.ts";
import { composeLabelsOf } from "../engine/labels.ts";
import { nameOf } from "../engine/names.ts";
import { sharersOf } from "../engine/recreate/sharers.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { reachesThisMachine } from "../kit/net/outgoing.ts";
import { cmd } from "../kit/shell.ts";
import { consumerRef, containerOf, type Consumer } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Handover } from "../model/handover.ts";
import type { StoreTarget } from "../model/plan.ts";
import { consumerText, type RotatedEntry, type RotateStep } from "../model/plan.ts";
import type { RotationTarget } from "../contract/rotator.ts";
import { placesInFile } from "./reference-places.ts";
import type { Around } from "./target.ts";
import type { StoredEntry } from "./types.ts";

/** How a login is handed over: the engine's mount, its connection if a person names it, and how often it changes. */
export type HandoverAsked = {
  readonly mount: string;
  readonly connection: string | null;
  readonly everySeconds: number;
};

/**
 * What it takes to hand the login of a planned rotation over to the engine of its store. Throws `refused` for a secret that
 * is no login by itself, and for a consumer that its reference cannot be changed for.
 */
export async function handoverOf(
  step: RotateStep,
  asked: HandoverAsked,
  same: readonly StoredEntry[],
  { provider, around }: { readonly provider: Provider; readonly around: Around },
): Promise<Handover> {
  const { tools, here } = around;
  if (around.mayMiss) throw refused("who is left out would be locked out for good", "leave --accept other-engine out");
  const roles = provider.loginRoles?.(asked.mount);
  if (roles === undefined)
    throw refused(`the store ${provider.target.name} has no engine that changes logins`, "leave --dynamic out");
  mustBeAlone(step, same);
  const target = step.target as unknown as RotationTarget;
  if (target.at === null) throw refused("no server checks it", "leave --dynamic out: rotate makes a new value");
  const { host, port } = target.at;
  const isLocal = step.server !== null || reachesThisMachine(host);
  const login = { server: step.rotator, host, port, user: target.login, isLocal };
  const role = await roles.find(login, asked.connection, asked.everySeconds);
  // Who reads it opens the store by these settings: one of that name which is configured otherwise would be in the way.
  await tools.storeOf(roles.target);
  const consumers = consumersHaving(step.entries, (await tools.supplies()).index.read());
  for (const consumer of consumers) mustBeRewritable(consumer, roles.target);
  for (const { name, reference } of step.entries)
    if (
      ![
        ...consumers.flatMap(({ values }) => values.map((one) => one.reference)),
        ...step.consumers.flatMap(({ references }) => references),
      ].includes(reference)
    )
      throw byHand(`nobody here gets ${name} from ${reference}, so who does would keep a password that has ended`);
  const containers: Handover["containers"][number][] = [];
  for (const { container, ...one } of step.consumers) {
    const doc = here.docs.find((other) => nameOf(other) === container);
    if (doc === undefined || one.engine !== undefined)
      throw byHand(`${consumerText({ container, ...one })} is on another engine`);
    const own = consumers.find(({ id }) => id === `container:${container}`);
    if (own === undefined) {
      const labels = await composeLabelsOf(around.engine, doc);
      const service = `compose:${labels?.["project"] ?? ""}/${labels?.["service"] ?? ""}`;
      if (consumers.some(({ id }) => id === service)) continue;
      throw byHand(`${container} gets it in another way than by a file of this host`);
    }
    mustStandAlone(doc, here.docs);
    containers.push({
      ...{ id: doc.Id, name: container },
      labels: labelsFor(
        valuesIn(step.entries, own).map(({ name }) => ({ name, reference: role.reference })),
        own.delivery,
        roles.target.name,
        null,
      ),
    });
  }
  return {
    ...{ store: roles.target, role, policy: roles.policy(role), containers },
    values: consumers.flatMap((one) =>
      valuesIn(step.entries, one).map(({ name, reference, store }) => ({ folder: one.folder, name, reference, store })),
    ),
    files: filesOf(consumers, step.entries),
  };
}

/** The consumers of this host's files that have one of these entries. */
function consumersHaving(
  entries: readonly Pick<RotatedEntry, "reference">[],
  all: readonly Consumer[],
): readonly Consumer[] {
  return all.filter((one) => valuesIn(entries, one).length > 0);
}

function valuesIn(
  entries: readonly Pick<RotatedEntry, "reference">[],
  { values }: Pick<Consumer, "values">,
): Consumer["values"] {
  return values.filter(({ reference }) => entries.some((one) => one.reference === reference));
}

/** A reference gives a whole value, and a role one password. */
function mustBeAlone({ name, entries }: RotateStep, same: readonly StoredEntry[]): void {
  const longer = same.find(({ value, part }) => !value.equals(part));
  if (longer !== undefined)
    throw refused(
      `${longer.move.name} is more than the password, and a reference is a whole value`,
      "give the application the password in a variable by itself; or leave --dynamic out",
    );
  if (entries.some(({ role }) => role !== undefined))
    throw refused(`${name} changes together with another value`, "leave --dynamic out");
}

/** Containers describe themselves; Compose's services are described by the project's files. */
function mustBeRewritable(consumer: Consumer, store: StoreTarget): void {
  const other = consumer.stores.find(({ name }) => name === store.name);
  if (other !== undefined && JSON.stringify(other) !== JSON.stringify(store))
    throw byHand(`${consumer.id} gets other values from a store that is called ${store.name} too`);
  const ref = consumerRef(consumer);
  if (ref !== null && (ref.kind === "container" || consumer.origin !== undefined)) return;
  throw byHand(`${consumer.id} gets it too, and its run configuration is not rewritten here`);
}

/** What shares a namespace with a container would lose it as that one is created again. */
export function mustStandAlone(doc: ContainerDoc, all: readonly ContainerDoc[]): void {
  const [sharer] = sharersOf(doc, all);
  if (sharer !== undefined)
    throw byHand(`${nameOf(sharer.doc)} relies on ${nameOf(doc)}, which would be created again`);
}

function filesOf(consumers: readonly Consumer[], entries: RotateStep["entries"]): Handover["files"] {
  const described = consumers.filter((one) => containerOf(one) === null);
  const references = new Set(entries.map(({ reference }) => reference));
  const names = new Set(
    described.flatMap(({ origin, also = [] }) => [...(origin === undefined ? [] : [origin]), ...also]),
  );
  const files = [...names].flatMap((file) => {
    const places = placesInFile(file, references);
    return places.length === 0 ? [] : [{ file, references: places }];
  });
  for (const one of described)
    for (const { reference } of valuesIn(entries, one))
      if (
        ![one.origin, ...(one.also ?? [])].some((file) =>
          files.some((other) => other.file === file && other.references.includes(reference)),
        )
      )
        throw byHand(`${one.id} gets ${reference}, and ${one.origin ?? "no file"} does not name it`);
  return files;
}

const refused = (what: string, hint: string): UnsprawlError => new UnsprawlError("refused", what, hint);

const byHand = (what: string): UnsprawlError =>
  refused(what, cmd`docs/rotation.md says how a login is handed over by hand; or leave --dynamic out`);
