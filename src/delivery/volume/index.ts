/*
 * Delivery by a volume of the engine's own plugin, which asks the store when a container mounts it: for any engine whose API
 * is reached. The plugin's installation is here, its driver below driver/. Nothing of this host is mounted or read.
 */
import {
  noFit,
  type Delivery,
  type DeliveryFit,
  type DeliverySubject,
  type Owner,
  type RunChange,
} from "../../contract/delivery.ts";
import type { Engine } from "../../engine/engine.ts";
import type { AskPlugin } from "../../engine/plugin/ask.ts";
import { readPluginNote } from "../../engine/plugin/key.ts";
import { PLUGIN } from "../../engine/plugin/questions.ts";
import { once } from "../../kit/once.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Move } from "../../model/plan.ts";
import { NAMES_END, START_SCRIPT } from "../../model/start-script.ts";
import { ownerOf } from "../owner.ts";
import { scriptChange, scriptFault, scriptFits } from "../shim.ts";
import { deliveredBindings } from "../runtime/bindings.ts";
import { ownPlugin } from "./engine-plugin.ts";
import { OWNER, volumeOptions } from "./options.ts";

export type VolumeDeliveryTools = {
  readonly engine: () => Promise<Engine>;
  /** The state folder, with the key that the plugin was installed with. */
  readonly state: () => string;
};

/**
 * `volume`: the values and a start script that exports them are files of a volume. Its options are the references, and the
 * engine brings it back by itself after a reboot, since it starts plugins before containers.
 */
export function volumeDelivery({ engine: open, state }: VolumeDeliveryTools): Delivery {
  const asker = once(async () => ownPlugin(await open(), state()));
  const mustAsk = async (): Promise<AskPlugin> => {
    const ask = await asker();
    if (ask instanceof UnsprawlError) throw ask;
    return ask;
  };
  return {
    name: "volume",
    async fits(subject, moves) {
      const ask = await asker();
      if (ask instanceof UnsprawlError) return noFit(ask.hint === null ? ask.message : `${ask.message} (${ask.hint})`);
      return fitOf(subject, moves, ask);
    },
    change: volumeChange,
    owner: ownerOf,
    consumer: () => null,
    files: () => [],
    async allow(subjectId, consumer, moves) {
      const bindings = deliveredBindings(subjectId, consumer, moves);
      await (
        await mustAsk()
      )("allow", { bindings });
    },
    async prepare() {
      // The plugin asks the store as a container mounts the volume.
    },
    async discard(subjectId) {
      const ask = await asker();
      const [engine, name] = [await open(), volumeName({ id: subjectId })];
      if (ask instanceof UnsprawlError) {
        const isMoving = (readPluginNote(state(), (await engine.info()).ID)?.moving ?? null) !== null;
        // What it was allowed is gone with it, unless an upgrade of it was killed.
        return ask.code === "absent" && !isMoving ? null : leftText(ask.message);
      }
      await ask("forbid", { by: subjectId });
      const docker = await engine.docker();
      try {
        await engine.call(`remove the volume ${name}`, () => docker.getVolume(name).remove());
      } catch (error) {
        // Somebody has it still: without what was allowed it serves nothing.
        if (!(error instanceof UnsprawlError) || error.code !== "conflict") throw error;
      }
      return null;
    },
    environment: "whole",
    received: async (app, sought) => ((await app.becameEntrypoint(sought)) ? "entrypoint" : null),
  };
}

/** Whether the plugin serves the references, and a start script the variables. */
async function fitOf(subject: DeliverySubject, moves: readonly Move[], ask: AskPlugin): Promise<DeliveryFit> {
  if (subject.consumer === null)
    return noFit("only a container with a fixed name (--name) can be allowed its references");
  if (moves.some(({ name }) => name === OWNER)) return noFit(`a volume's own option has the name ${OWNER}`);
  const fault = await scriptFault(subject, moves, subject.volume?.target);
  if (fault !== null) return noFit(fault);
  const references = moves.map(({ reference }) => reference);
  const { faults } = await ask("serves", { references });
  const unserved = references.find((reference) => faults[reference] !== undefined);
  if (unserved !== undefined)
    return noFit(
      `the volume plugin has no store for ${unserved.slice(0, unserved.indexOf(":"))} (unsprawl plugin upgrade --to STORE)`,
    );
  const { warnings } = await scriptFits(subject, moves);
  return { fits: true, why: "the engine has the volume plugin, which brings it back after a reboot", warnings };
}

function volumeChange(subject: DeliverySubject, moves: readonly Move[], owner?: Owner | null): RunChange {
  const references = new Map([
    ...(subject.volume?.references ?? []),
    ...moves.map(({ name, reference }) => [name, reference] as const),
  ]);
  const options = volumeOptions({ references, owner: owner ?? { uid: 0, gid: 0 } });
  const volume = { source: volumeName(subject), volume: { driver: PLUGIN, options } };
  const change = scriptChange(subject, moves, volume, subject.entrypoint[1] === START_SCRIPT);
  const { entrypointPrefix, healthcheckPrefix } = change;
  return {
    ...change,
    // Our words have an end, so that a later migration finds them again in a Compose file.
    entrypointPrefix: entrypointPrefix && [...entrypointPrefix, NAMES_END],
    healthcheckPrefix: healthcheckPrefix && [...healthcheckPrefix, NAMES_END],
    ...(subject.volume === undefined ? {} : { unmount: [subject.volume.target] }),
  };
}

const leftText = (why: string): string =>
  `${why}: the volume, and what its container was allowed, stay in the plugin; to remove them: unsprawl plugin upgrade, then unsprawl runtime forbid NAME and docker volume rm (unsprawl plugin status lists them)`;

const volumeName = ({ id }: Pick<DeliverySubject, "id">): string => `unsprawl-${id}`;
