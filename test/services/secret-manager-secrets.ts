import { randomBytes } from "node:crypto";
import { crc32 } from "./secret-manager-checksum.ts";
import { rpcRefusal } from "./secret-manager-login.ts";

export type StoredVersion = {
  readonly number: number;
  readonly createTime: string;
  state: "ENABLED" | "DISABLED" | "DESTROYED";
  etag: string;
  data: Buffer | null;
};

export type StoredSecret = {
  readonly name: string;
  readonly createTime: string;
  readonly replication: unknown;
  readonly labels: { readonly [key: string]: string };
  annotations: { readonly [key: string]: string };
  versionAliases: { readonly [alias: string]: string };
  etag: string;
  readonly versions: StoredVersion[];
};

/** The secrets of one project. Answers name the project by its number, as the service does. */
export class Secrets {
  readonly #number: string;
  readonly #all = new Map<string, StoredSecret>();
  /** What `latest` still shows of a secret while it lags behind; null where it does not. */
  #frozen: ReadonlyMap<string, number> | null = null;

  constructor(number: string) {
    this.#number = number;
  }

  /** From here on `latest` is what it is now, whatever is added: only a version's own number is seen at once. */
  freeze(): void {
    this.#frozen = new Map([...this.#all].map(([name, { versions }]) => [name, versions.length]));
  }

  thaw(): void {
    this.#frozen = null;
  }

  peek(name: string): StoredSecret | null {
    return this.#all.get(name) ?? null;
  }

  find(name: string): StoredSecret {
    const found = this.#all.get(name);
    if (found === undefined) throw notFound(`Secret [projects/${this.#number}/secrets/${name}] not found.`);
    return found;
  }

  /** By number, alias or `latest`. */
  version(name: string, which: string): StoredVersion {
    const secret = this.find(name);
    const seen = this.#frozen === null ? secret.versions.length : (this.#frozen.get(name) ?? 0);
    const number = which === "latest" ? seen : Number(secret.versionAliases[which] ?? which);
    const found = secret.versions.find((one) => one.number === number);
    if (found !== undefined) return found;
    throw notFound(`Secret [projects/${this.#number}/secrets/${name}] not found or has no versions.`);
  }

  create(
    name: string,
    given: Pick<StoredSecret, "replication" | "labels" | "annotations" | "versionAliases">,
  ): StoredSecret {
    if (this.#all.has(name))
      throw rpcRefusal(409, "ALREADY_EXISTS", `Secret [projects/${this.#number}/secrets/${name}] already exists.`);
    const made: StoredSecret = { ...given, name, createTime: now(), etag: newEtag(), versions: [] };
    this.#all.set(name, made);
    return made;
  }

  add(name: string, data: Buffer): StoredVersion {
    const { versions } = this.find(name);
    const number = versions.length + 1;
    const made: StoredVersion = { number, createTime: now(), state: "ENABLED", etag: newEtag(), data };
    versions.push(made);
    return made;
  }

  /** Destroying is final. */
  change(name: string, which: string, state: StoredVersion["state"]): StoredVersion {
    const version = this.version(name, which);
    if (version.state === "DESTROYED") throw inState(version);
    Object.assign(version, { state, etag: newEtag(), ...(state === "DESTROYED" ? { data: null } : {}) });
    return version;
  }

  remove(name: string): void {
    this.#all.delete(this.find(name).name);
  }

  /** Newest first. */
  list(): readonly StoredSecret[] {
    return [...this.#all.values()].reverse();
  }

  secretJson(secret: StoredSecret): object {
    const { name, versions: _, ...rest } = secret;
    return { name: `projects/${this.#number}/secrets/${name}`, ...rest };
  }

  versionJson(name: string, version: StoredVersion): object {
    const { number, data: _, ...rest } = version;
    return { name: this.#versionName(name, number), ...rest, replicationStatus: { automatic: {} } };
  }

  payloadJson(name: string, version: StoredVersion): object {
    const { number, state, data } = version;
    if (state !== "ENABLED" || data === null) throw inState(version);
    const payload = { data: data.toString("base64"), dataCrc32c: String(crc32(data)) };
    return { name: this.#versionName(name, number), payload };
  }

  #versionName(name: string, number: number): string {
    return `projects/${this.#number}/secrets/${name}/versions/${number}`;
  }
}

/** With its quotes, which belong to it (AIP-154). */
export function newEtag(): string {
  return `"${randomBytes(7).toString("hex")}"`;
}

function now(): string {
  return new Date().toISOString();
}

function notFound(message: string): Error {
  return rpcRefusal(404, "NOT_FOUND", message);
}

function inState({ state, number }: StoredVersion): Error {
  return rpcRefusal(400, "FAILED_PRECONDITION", `Secret Version [${number}] is in ${state} state.`);
}
