import type { BesideLimits, Origin, Stored, Provider } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import { labelsIn } from "../../src/stores-kit/labels.ts";
import { checkMatch, checkReplace, versionOf } from "../../src/stores-kit/check-and-set.ts";
import { storableText } from "../../src/stores-kit/storable.ts";
import { versionAsker } from "../../src/stores-kit/versions.ts";
import { pathOf, SECRETS, type Automation, type KeywhizStored } from "./api.ts";
import type { KeywhizClient } from "./client.ts";
import { checkName, plainName } from "./names.ts";

export type KeywhizSecrets = {
  get(key: StoreKey): Promise<Stored | null>;
  version(key: StoreKey): Promise<string | null>;
  put(
    key: StoreKey,
    value: Secret,
    replace: string | null,
    origin: Origin,
    beside?: BesideValue,
  ): Promise<{ version: string }>;
  remove(key: StoreKey, matches: (value: Secret) => boolean): Promise<boolean>;
  readonly list: Provider["list"];
};

const STORE = "Keywhiz";
const ROOM = { what: "a Keywhiz secret", most: 8 * 1024 * 1024, empty: false };
/** How often a write is repeated whose response was lost, and which proves not to have been carried out. */
const TRIES = 3;
const AT_ONCE = 8;

type GrantSettings = { readonly groups: readonly string[]; readonly url: string };

/** Secrets through the automation API. New ones are granted to `groups`. */
export function automationSecrets(client: KeywhizClient, api: Automation, settings: GrantSettings): KeywhizSecrets {
  return new AutomationSecrets(client, api, settings);
}

class AutomationSecrets implements KeywhizSecrets {
  readonly #client: KeywhizClient;
  readonly #api: Automation;
  readonly #settings: GrantSettings;

  constructor(client: KeywhizClient, api: Automation, settings: GrantSettings) {
    this.#client = client;
    this.#api = api;
    this.#settings = settings;
  }

  readonly get: KeywhizSecrets["get"] = async ({ path }) => {
    const there = await this.#api.read(path);
    return there === null ? null : stored(there);
  };

  readonly version: KeywhizSecrets["version"] = versionAsker(async (path) => {
    const there = await this.#api.detail(path);
    return there === null ? null : `${there.version} ${there.checksum}`;
  });

  readonly put: KeywhizSecrets["put"] = async (key, value, replace, origin, beside = {}) => {
    const text = storableText(value, ROOM);
    checkName(key.path);
    return replace === null
      ? this.#create(key.path, text, value, origin, beside)
      : this.#replaceBy(key, text, value, replace);
  };

  readonly remove: KeywhizSecrets["remove"] = async (key, matches) => {
    let unsure = false;
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const there = await this.#api.settled(key.path);
      if (there === null) return unsure;
      checkMatch(there.value, matches, key, STORE);
      const answer = await this.#client.write("DELETE", pathOf(key.path), { expect: [404] });
      unsure ||= answer === null || answer.again;
      if (answer !== null) return answer.status !== 404 || unsure;
    }
    if ((await this.#api.detail(key.path)) === null) return true;
    throw this.#gaveUp(key.path);
  };

  readonly list: KeywhizSecrets["list"] = async (what, omits = () => undefined) => {
    const names = (await this.#api.names()).filter((name) => name.startsWith(what)).sort();
    const keys: StoreKey[] = [];
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const some = names.slice(at, at + AT_ONCE);
      const values = await this.#api.contents(some);
      for (const path of some)
        if (isText(values.get(path))) keys.push({ path, field: "" });
        else omits(path);
    }
    return keys;
  };

  #gaveUp(name: string): UnsprawlError {
    return new UnsprawlError(
      "unreachable",
      `the Keywhiz at ${this.#settings.url} broke the connection each time that ${name} was written`,
      "its log says why; try again",
    );
  }

  async #create(
    name: string,
    text: string,
    value: Secret,
    origin: Origin,
    { description, labels = {}, expiry = 0 }: BesideValue,
  ): Promise<{ version: string }> {
    for (const group of this.#settings.groups) await this.#api.ensureGroup(group);
    const mark = description === undefined ? {} : { [RUN]: origin.runId };
    const json = {
      ...{ name, content: base64(text), description: description ?? describe(origin) },
      ...{ metadata: { ...labels, ...mark }, expiry, type: "", groups: this.#settings.groups },
    };
    let unsure = false;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#client.write("POST", SECRETS, { json, expect: [409] });
      unsure ||= answer === null || answer.again;
      if (answer !== null && answer.status !== 409) break;
      const there = await this.#api.settled(name);
      if (there !== null) {
        const { detail } = there;
        const isMarked = detail.description === json.description && detail.metadata[RUN] === mark[RUN];
        const ours = unsure && there.value.equals(value) && isMarked;
        if (!ours) checkReplace(stored(there), null, { path: name, field: "" }, STORE);
        break;
      }
      if (answer === null && attempt === TRIES) throw this.#gaveUp(name);
      // Once more even then: another writer's secret of this name may have existed for a moment.
      if (answer !== null && attempt > 1) throw databaseError(name, this.#settings.url);
    }
    const lacking = await this.#api.grant(name, this.#settings.groups);
    const made = await this.#api.detail(name);
    if (lacking.length === 0 && made !== null) return { version: versionOf(made.version, value) };
    if (made === null)
      throw new UnsprawlError(
        "conflict",
        `${name} was removed again by someone else in Keywhiz`,
        "unsprawl plan again",
      );
    const undone = await this.#client.write("DELETE", pathOf(name), { expect: [404] });
    throw new UnsprawlError(
      "failed",
      `Keywhiz does not grant ${name} to ${lacking.join(", ")}: there is no such group any more`,
      cmd`${bare(undone === null ? "it is stored, but no client can read it" : "nothing is stored")}; check groups in the store's configuration, and try again`,
    );
  }

  /**
   * Keywhiz has no check-and-set. A write by another between our read and our write shows up afterwards as one more
   * version: then that one is made current again, and our write fails with a conflict.
   */
  async #replaceBy(key: StoreKey, text: string, value: Secret, replace: string): Promise<{ version: string }> {
    const name = key.path;
    const before = new Set((await this.#api.versions(name)).map(({ version }) => version));
    const there = await this.#api.settled(name);
    const changed = (): UnsprawlError =>
      new UnsprawlError("conflict", `${name} has changed meanwhile in ${STORE}`, "unsprawl plan again");
    checkReplace(there === null ? null : stored(there), replace, key, STORE);
    // Only the content: keysync and the application rely on groups, metadata and expiry.
    const json = { contentPresent: true, content: base64(text) };
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#client.write("POST", `${pathOf(name)}/partialupdate`, { json, expect: [404] });
      const fresh = (await this.#api.versions(name)).filter(({ version }) => !before.has(version));
      const now = await this.#api.settled(name);
      if (answer?.status === 404 || now === null || !(now.value.equals(value) || fresh.length === 0)) throw changed();
      if (fresh.length === 0) {
        if (answer !== null || attempt === TRIES) throw answer === null ? this.#gaveUp(name) : changed();
        continue;
      }
      const theirs = fresh.find(({ checksum }) => checksum !== now.detail.checksum);
      if (theirs === undefined) return { version: versionOf(now.detail.version, value) };
      const restored = await this.#api.setVersion(name, theirs.version).then(
        () => true,
        () => false,
      );
      if (restored) throw changed();
      throw new UnsprawlError(
        "conflict",
        `another writer's value of ${name} in ${STORE} was overwritten, and could not be made current again`,
        cmd`it is version ${theirs.version}: POST ${this.#settings.url}${pathOf(name)}/setversion`,
      );
    }
  }
}

/** Whether this is a value that a variable could have had. */
export function isText(value: Secret | undefined): boolean {
  if (value === undefined || value.length === 0) return false;
  try {
    storableText(value, { what: ROOM.what, most: Infinity });
    return true;
  } catch {
    return false;
  }
}

/** The metadata that names the writer of an entry whose description is people's. */
const RUN = "unsprawl-run";

/** What the database has room for; metadata and expiry are for people and for what reads them. */
export const HOLDS: BesideLimits = {
  description: 255,
  labels: {
    most: 50,
    name: { bytes: 255, form: /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u },
    text: { bytes: 255, form: /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u },
  },
  expiry: Number.MAX_SAFE_INTEGER,
};

/** What the description of an entry that unsprawl made begins with. */
const OURS = "managed by unsprawl:";

/** The writer, in the 255 characters that the database keeps of a description. */
function describe({ runId, subject }: Origin): string {
  return `${OURS} run ${runId}, subject ${plainName(subject)}`.slice(0, 250);
}

/** Any error of its database becomes a 409, as if the secret existed. */
function databaseError(name: string, url: string): UnsprawlError {
  return new UnsprawlError(
    "failed",
    `the database behind the Keywhiz at ${url} does not accept ${name}`,
    "the value may be larger than it allows (max_allowed_packet and the column's type); Keywhiz's log says why",
    "409",
  );
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function stored({ value, detail }: KeywhizStored): Stored {
  const { description, metadata, expiry } = detail;
  const beside = {
    ...(description !== "" && !description.startsWith(OURS) && { description }),
    ...labelsIn(metadata, RUN),
    ...(expiry > 0 && { expiry }),
  };
  return { value, version: versionOf(detail.version, value), beside };
}
