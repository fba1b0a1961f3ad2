import { rmSync } from "node:fs";
import { join } from "node:path";
import type { DeliveryFile, Owner } from "../../../contract/delivery.ts";
import type { Provider } from "../../../contract/provider.ts";
import type { PluginStarts } from "../../../engine/plugin/questions.ts";
import { noAnswerText, withTimeLimit } from "../../../kit/net/within.ts";
import { UnsprawlError } from "../../../model/error.ts";
import type { ReferenceBinding } from "../../../model/binding.ts";
import { isBound, readBindings } from "../../runtime/bindings.ts";
import { mustBeAllowed, type ResolvedReference, type VariableReference } from "../../runtime/references.ts";
import { openStores, resolveReferences, type OpenStore } from "../../runtime/resolve.ts";
import { shimFile } from "../../shim.ts";
import { writeFiles } from "../../tmpfs.ts";
import type { VolumeReferences } from "../options.ts";
import { RESOLVER, type DriverHome } from "./home.ts";
import { idBase } from "./host-ids.ts";
import { MEMORY } from "./propagates.ts";
import { usersOf, type VolumeUser } from "./users.ts";
import type { Volumes } from "./volumes.ts";

/** Writes a volume's values into memory when a container mounts it, and takes them away with the last. */
export class Mounts {
  readonly #home: DriverHome;
  readonly #volumes: Volumes;
  readonly #open: OpenStore;
  readonly #mounted = new Map<string, Set<string>>();
  /** With `keepLast`: by volume and reference, what was served last. */
  readonly #last = new Map<string, readonly ResolvedReference[]>();
  readonly #busy = new Map<string, Promise<unknown>>();
  #stores: Promise<readonly Provider[]> | null = null;
  readonly #starts = { served: 0, servedLast: 0, failed: 0 };

  constructor(home: DriverHome, volumes: Volumes, open: OpenStore) {
    this.#home = home;
    this.#volumes = volumes;
    this.#open = open;
  }

  starts(): PluginStarts {
    return { ...this.#starts };
  }

  pathOf(volume: string): string {
    return join(MEMORY, volume);
  }

  /** The folder with the values. One mount of a volume after another, so that none takes away what another wrote. */
  async mount(volume: string, id: string): Promise<string> {
    const mine = (this.#busy.get(volume) ?? Promise.resolve()).then(() => this.#mount(volume, id));
    const settled = mine.catch(() => void this.#starts.failed++);
    this.#busy.set(volume, settled);
    void settled.then(() => (this.#busy.get(volume) === settled ? this.#busy.delete(volume) : false));
    return mine;
  }

  async #mount(volume: string, id: string): Promise<string> {
    const options = this.#volumes.mustHave(volume);
    const users = usersOf(volume);
    const wanted = [...options.references].map(([variable, reference]) => ({ variable, reference }));
    const bindings = readBindings(this.#home.dir);
    if (users.length === 0)
      throw new UnsprawlError("refused", `no container of this engine has the volume ${volume}`, "unsprawl plan again");
    mustAllBeAllowed(volume, wanted, bindings, users);
    const values = await this.#values(volume, wanted);
    writeFiles(this.pathOf(volume), ownerFor(options, users), filesOf(values));
    this.#mounted.set(volume, new Set([...(this.#mounted.get(volume) ?? []), id]));
    return this.pathOf(volume);
  }

  unmount(volume: string, id: string): void {
    const mounted = this.#mounted.get(volume) ?? new Set();
    mounted.delete(id);
    if (mounted.size > 0) return;
    this.#mounted.delete(volume);
    rmSync(this.pathOf(volume), { recursive: true, force: true });
  }

  async #values(volume: string, wanted: readonly VariableReference[]): Promise<readonly ResolvedReference[]> {
    const { settings } = this.#home;
    const asked = JSON.stringify([volume, wanted]);
    try {
      // A store that takes a question and never answers holds up no start.
      const { waitMs } = settings;
      const values = await withTimeLimit(waitMs + GRACE_MS, new AbortController().signal, () => this.#ask(wanted));
      if (typeof values === "string")
        throw new UnsprawlError(
          "unreachable",
          `the store gave ${noAnswerText(values, waitMs)}`,
          "unsprawl plugin status",
        );
      if (settings.keepLast) this.#last.set(asked, values);
      this.#starts.served++;
      return values;
    } catch (error) {
      const kept = this.#last.get(asked);
      const isAway = error instanceof UnsprawlError && ["unreachable", "throttled"].includes(error.code);
      if (kept === undefined || !isAway) throw error;
      this.#starts.servedLast++;
      return kept;
    }
  }

  async #ask(wanted: readonly VariableReference[]): Promise<readonly ResolvedReference[]> {
    const { settings, dir } = this.#home;
    this.#stores ??= openStores(settings, dir, this.#open);
    const stores = await this.#stores.catch((error: unknown) => {
      this.#stores = null;
      throw error;
    });
    return resolveReferences(stores, settings.waitMs, wanted, RESOLVER).catch((error: unknown) => {
      // A store's own advice is for whoever logs in by hand.
      if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
      throw new UnsprawlError("denied", error.message, RESOLVER.advice);
    });
  }
}

/**
 * Anyone who mounts a volume would see its values: all of them must be allowed to. Throws `refused`. Beside a container that is
 * allowed them nobody is advised to allow another, which may have come uninvited.
 */
export function mustAllBeAllowed(
  volume: string,
  wanted: readonly VariableReference[],
  bindings: readonly ReferenceBinding[],
  users: readonly Pick<VolumeUser, "consumers" | "image">[],
): void {
  const isAllowed = ({ consumers }: Pick<VolumeUser, "consumers">): boolean =>
    wanted.every(({ variable, reference }) => isBound(bindings, consumers, variable, reference));
  const [stranger] = users.filter((user) => !isAllowed(user));
  if (stranger === undefined) return;
  const [who = "CONTAINER"] = stranger.consumers;
  if (users.some(isAllowed))
    throw new UnsprawlError(
      "refused",
      `${who} has the volume ${volume} too, and may not use its values`,
      "remove that container, or start it without the volume",
    );
  mustBeAllowed(wanted, bindings, stranger.consumers, stranger.image);
}

/** For the last attempt at a store. */
const GRACE_MS = 1000;

function filesOf(values: readonly ResolvedReference[]): readonly DeliveryFile[] {
  return [
    shimFile(values.map(({ variable }) => variable)),
    ...values.map(({ variable, value }) => ({ name: variable, content: value, mode: 0o400, holdsValue: true })),
  ];
}

/** The owner on the engine's host: with userns-remap, a container's ids are others there. */
function ownerFor({ owner }: VolumeReferences, users: readonly VolumeUser[]): Owner {
  const base = users.every(({ hostIds }) => hostIds) ? null : idBase();
  return base === null ? owner : { uid: base.uid + owner.uid, gid: base.gid + owner.gid };
}
