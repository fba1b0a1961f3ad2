import { consumerReaders, formats, migrations } from "../../migrations/index.ts";
import type { Delivery } from "../contract/delivery.ts";
import type { Migration } from "../contract/migration.ts";
import type { FoundConsumers, Supplies } from "../contract/supplies.ts";
import type { SourceReading } from "../contract/source.ts";
import { route } from "../core/route.ts";
import { consumerIndex } from "../core/consumer-index.ts";
import { plainReadings } from "../fast/plain.ts";
import { once } from "../kit/once.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Basis } from "./basis.ts";
import { externalSecretsOf, openStore } from "./open-store.ts";
import { STORES } from "./plug-ins.ts";
import { quotable } from "./quote.ts";
import type { Assembly } from "./types.ts";

type ScanningAndStores = Pick<Assembly, "detector" | "sources" | "store" | "storeOf">;

/** The migration of plans that rotate: its units are secrets, and no format finds any. */
const ROTATION = "rotation";

/** How secrets are moved: deliveries, and the migrations of run-config formats, each loaded on first use. */
export function movingOf(
  basis: Basis,
  parts: ScanningAndStores,
): Pick<Assembly, "deliveries" | "migration" | "migrationOf" | "usersOf" | "supplies" | "consumers"> {
  const deliveries = once(() => openDeliveries(basis));
  const opened = new Map<string, Promise<Migration>>();
  const migration = (name: string): Promise<Migration> => {
    const open = (): Promise<Migration> =>
      name === ROTATION
        ? openRotation(basis, parts, supplies)
        : openMigration(name, basis, parts, deliveries, supplies);
    const opening = opened.get(name) ?? open();
    opened.set(name, opening);
    return opening;
  };
  const supplies = once(async () => {
    const { suppliesOf } = await import("../delivery/supply.ts");
    return suppliesOf(basis.env, consumerIndex(basis.state));
  });
  return {
    deliveries,
    supplies,
    consumers: async (source) => readConsumers(source, basis, await supplies()),
    migration: (names) => route(names, migration, null),
    migrationOf: (plan) =>
      route([...new Set([...Object.values(plan.migrations ?? {}), plan.migration])], migration, plan),
    usersOf: (provider, of) => {
      const users = once(async () => {
        const [{ entryUsers }, { allReferenceHolders }] = await Promise.all([
          import("../core/entry-users.ts"),
          import("./reference-holders.ts"),
        ]);
        return entryUsers({
          installation: basis.installation,
          provider,
          engine: async () => (await of.engine()).id,
          holders: async () => allReferenceHolders(await basis.engine(), basis),
        });
      });
      return async (key, unit) => (await users())(key, unit);
    },
  };
}

async function openDeliveries({ env, engine, state }: Basis): Promise<readonly Delivery[]> {
  const [{ fileDelivery }, { runtimeDelivery }, { shimDelivery }, { volumeDelivery }] = await Promise.all([
    import("../delivery/file.ts"),
    import("../delivery/runtime/index.ts"),
    import("../delivery/shim.ts"),
    import("../delivery/volume/index.ts"),
  ]);
  // In the order in which `auto` prefers them: what the engine brings back after a reboot, then what the host must.
  return [volumeDelivery({ engine, state }), fileDelivery(env), runtimeDelivery(env, openStore), shimDelivery(env)];
}

async function openRotation(
  basis: Basis,
  { detector, storeOf }: ScanningAndStores,
  supplies: () => Promise<Supplies>,
): Promise<Migration> {
  const [{ rotation }, { rotateTools }] = await Promise.all([import("../rotate/perform.ts"), import("./rotating.ts")]);
  return rotation(rotateTools({ ...basis, detector, storeOf, supplies }));
}

async function openMigration(
  name: string,
  { engine, key, registry, env, cwd, state, redactor }: Basis,
  { detector, sources, store }: ScanningAndStores,
  deliveries: () => Promise<readonly Delivery[]>,
  supplies: () => Promise<Supplies>,
): Promise<Migration> {
  const load = Object.hasOwn(migrations, name) ? migrations[name] : undefined;
  if (!load)
    throw new UnsprawlError(
      "malformed",
      `the plan names an unknown migration: ${JSON.stringify(name)}`,
      "unsprawl plan again",
    );
  const readings = async function* (spec: string): AsyncGenerator<SourceReading> {
    const [kind = "", ...what] = spec.split(":");
    const source = (await sources()).find((one) => one.kind === kind);
    if (source) yield* plainReadings(source.read(what.join(":"), new AbortController().signal));
  };
  const [own, { memoryRoot }, { sightOf }] = await Promise.all([
    deliveries(),
    import("../delivery/tmpfs.ts"),
    import("../engine/sight.ts"),
  ]);
  return load({
    open: engine,
    deliveries: own,
    key: key(),
    detector,
    store,
    registry,
    readings,
    env,
    cwd,
    state,
    supplies: await supplies(),
    memory: () => memoryRoot(env),
    sight: (of) => sightOf(of, state()),
    quote: (said: string) => quotable(said, { redactor, detector }),
    externalSecrets: externalSecretsOf,
    inClusters: STORES.filter((one) => one.inClusters).map(({ name }) => name),
  });
}

/** Others wait for this one. */
const LIMITS = { silenceMs: 20_000 };

async function readConsumers(source: string, { engine, env, cwd }: Basis, supplies: Supplies): Promise<FoundConsumers> {
  const [kind = "", ...what] = source.split(":");
  const load = Object.hasOwn(consumerReaders, kind) ? consumerReaders[kind] : undefined;
  if (load === undefined)
    throw new UnsprawlError(
      "usage",
      `${kind}: is not a source of files to render`,
      cmd`known: ${bare(Object.keys(consumerReaders).join(": "))}:`,
    );
  if (formats.some(({ source: about }) => about?.kind === kind && about.reads === "files")) {
    const { readApart } = await import("../fast/workers/apart.ts");
    const job = {
      kind: "consumers",
      source: kind,
      what: what.join(":"),
      cwd,
      env: { ...env },
      options: undefined,
    } as const;
    const found: FoundConsumers[] = [];
    for await (const one of readApart<FoundConsumers>(job, new AbortController().signal, LIMITS)) found.push(one);
    return { consumers: found.flatMap((one) => one.consumers), faults: found.flatMap((one) => one.faults) };
  }
  const read = await load({
    engine,
    env,
    cwd,
    mayHold: (folder) => supplies.mayHold(folder),
  });
  return read(what.join(":"));
}
