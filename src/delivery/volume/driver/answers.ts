import { randomBytes } from "node:crypto";
import type { Provider } from "../../../contract/provider.ts";
import type { Json } from "../../../model/json.ts";
import { UnsprawlError } from "../../../model/error.ts";
import {
  FOREIGN_KEY,
  type AnswerStatus,
  type DigestedValue,
  type PluginStatus,
  type QuestionKind,
  type Questions,
  type SealedAnswer,
  type SealedQuestion,
} from "../../../engine/plugin/questions.ts";
import { seal, unseal, valueDigest, type PluginKey } from "../../../engine/plugin/seal.ts";
import { programsOf, treeHasVariable, type IsValue } from "../../../engine/process.ts";
import { becameEntrypoint, engineFileTraces } from "../../../engine/sight.ts";
import { mustAnswer } from "../../readers.ts";
import { addBindings, isSameBinding, readBindings, removeBindings } from "../../runtime/bindings.ts";
import { openStores, resolveReferences, type OpenStore } from "../../runtime/resolve.ts";
import { RESOLVER, type DriverHome } from "./home.ts";
import { ENGINE } from "./users.ts";
import type { Mounts } from "./mounts.ts";
import type { Volumes } from "./volumes.ts";

type Answering = {
  readonly [Kind in QuestionKind]: (ask: Questions[Kind]["ask"]) => Promise<Questions[Kind]["answer"]>;
};

/** What the driver has, and what has become of it. */
type DriverParts = { readonly volumes: Volumes; readonly mounts: Mounts };

/** How many answers and challenges are kept: who asks takes his at once. */
const MOST = 200;

/** Answers the sealed questions of those who have the plugin's key. */
export class DriverAnswers {
  readonly #home: DriverHome;
  readonly #answering: Answering;
  /** By the name of the volume that is the question. */
  readonly #given = new Map<string, AnswerStatus>();
  readonly #challenges = new Set<string>();

  constructor(home: DriverHome, seen: DriverParts, open: OpenStore) {
    this.#home = home;
    this.#answering = answering(home, seen, open);
  }

  /** Answers a question. */
  async take(name: string, sealed: string): Promise<void> {
    const { key } = this.#home;
    const question = unsealed(sealed, key);
    const given: AnswerStatus =
      question === null
        ? { fault: FOREIGN_KEY }
        : { answer: seal((await this.#answer(question)) as unknown as Json, key) };
    keepAtMost(this.#given, MOST);
    this.#given.set(name, given);
  }

  /** The answer to the question of this name; null if there is none. */
  of(name: string): AnswerStatus | null {
    return this.#given.get(name) ?? null;
  }

  drop(name: string): boolean {
    return this.#given.delete(name);
  }

  async #answer({ kind, challenge = "", ask }: SealedQuestion): Promise<SealedAnswer> {
    const isNew = this.#challenges.delete(challenge);
    const next = randomBytes(16).toString("base64url");
    keepAtMost(this.#challenges, MOST);
    this.#challenges.add(next);
    // A question that was seen on its way cannot be asked again.
    if (kind === "hello" || !isNew) return { challenge: next };
    try {
      const answer = Object.hasOwn(this.#answering, kind) ? this.#answering[kind] : undefined;
      if (answer === undefined)
        throw new UnsprawlError("malformed", "the volume plugin is of another release", "unsprawl plugin upgrade");
      return { challenge: next, answer: await answer(ask as never) };
    } catch (error) {
      const { code, message, hint } =
        error instanceof UnsprawlError ? error : new UnsprawlError("failed", "the volume plugin failed");
      return { challenge: next, fault: { code, message, hint } };
    }
  }
}

/** Null for what was not sealed with this key. */
function unsealed(sealed: string, key: PluginKey): SealedQuestion | null {
  try {
    return unseal(sealed, key) as unknown as SealedQuestion;
  } catch {
    return null;
  }
}

function keepAtMost(kept: Set<string> | Map<string, unknown>, most: number): void {
  for (const key of kept.keys()) {
    if (kept.size < most) return;
    kept.delete(key);
  }
}

function answering(home: DriverHome, { volumes, mounts }: DriverParts, open: OpenStore): Answering {
  const { dir, settings } = home;
  const stores = (): Promise<readonly Provider[]> => openStores(settings, dir, open);
  const is =
    ({ digest }: DigestedValue): IsValue =>
    (found) =>
      valueDigest(found, home.key) === digest;
  return {
    serves: async ({ references }) => {
      const all = await stores();
      const unserved = references.filter((reference) => all.every((store) => store.parse(reference) === null));
      return {
        faults: Object.fromEntries(unserved.map((reference) => [reference, "no store of it has such references"])),
      };
    },
    allow: async ({ bindings }) => (await addBindings(dir, bindings), {}),
    forbid: async ({ by }) => (await removeBindings(dir, (one) => one.by === by), {}),
    revoke: async ({ bindings }) => (
      await removeBindings(dir, (one) => bindings.some((other) => isSameBinding(one, other))),
      {}
    ),
    status: async () => ({
      version: settings.program,
      stores: await Promise.all(settings.stores.map((store) => storeStatus(store, dir, open))),
      bindings: readBindings(dir),
      volumes: volumes.names(),
      starts: mounts.starts(),
    }),
    holds: async ({ pid, of }) => ({ holds: treeHasVariable(pid, of.name, is(of)) }),
    programs: async ({ pid, of, start }) => {
      const { programs, inScript } = programsOf(pid, of.name, is(of), start);
      return { programs: [...programs], inScript };
    },
    started: async ({ pid, of }) => ({ started: await becameEntrypoint(pid, of.name, is(of)) }),
    traces: async ({ id, values }) => {
      const wanted = values.map(({ name, reference }) => ({ variable: name, reference }));
      const found = await resolveReferences(await stores(), settings.waitMs, wanted, RESOLVER);
      const sought = found.map(({ variable, value }) => ({ name: variable, value }));
      return { traces: /^[0-9a-f]{64}$/.test(id) ? engineFileTraces(ENGINE, id, sought) : null };
    },
    state: async () => ({ files: home.files() }),
  };
}

async function storeStatus(
  store: DriverHome["settings"]["stores"][number],
  dir: string,
  open: OpenStore,
): Promise<PluginStatus["stores"][number]> {
  const { name, provider } = store;
  try {
    await mustAnswer(await open(store, dir));
    return { name, provider, fault: null };
  } catch (error) {
    return { name, provider, fault: error instanceof UnsprawlError ? error.message : "unexpected error" };
  }
}
