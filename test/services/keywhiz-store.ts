import { createHmac, randomBytes } from "node:crypto";

export type Metadata = { readonly [key: string]: string };

export type Version = {
  readonly id: bigint;
  /** Base64, always padded. */
  readonly content: string;
  readonly checksum: string;
  readonly metadata: Metadata;
  readonly expiry: bigint;
  readonly createdAt: number;
  readonly createdBy: string;
};

type Row = {
  readonly id: bigint;
  name: string;
  description: string;
  /** The name of the owning group; "" for none. */
  owner: string;
  readonly createdAt: number;
  readonly createdBy: string;
  updatedAt: number;
  updatedBy: string;
};

export type Secret = Row & {
  type: string;
  /** Every version that was written, in that order. */
  readonly versions: Version[];
  current: Version;
  readonly groups: Set<Group>;
};

export type Group = Row & { readonly metadata: Metadata };

export type Client = Row & {
  readonly spiffeId: string;
  readonly automationAllowed: boolean;
  lastSeen: number | null;
  /** When the certificate it was last seen with ends. */
  expiration: number | null;
  readonly groups: Set<Group>;
};

export type Written = {
  readonly content: string;
  readonly metadata: Metadata;
  readonly expiry: bigint;
};

/** The tables behind the double, with the rules that hold whichever way they are written. */
export class Store {
  readonly secrets = new Table<Secret>();
  readonly groups = new Table<Group>();
  readonly clients = new Table<Client>();
  readonly now: () => number;
  readonly #maxBytes: number;
  readonly #key = randomBytes(32);

  constructor(now: () => number, maxBytes: number) {
    this.now = now;
    this.#maxBytes = maxBytes;
  }

  /** What every row begins with; ids are random over all 64 bits, so about half are negative. */
  row(name: string, by: string, description: string, owner: string): Row {
    const now = this.now();
    return { id: randomLong(), name, description, owner, createdAt: now, createdBy: by, updatedAt: now, updatedBy: by };
  }

  /** Null where the database would refuse the value for its size. */
  version(by: string, { content, metadata, expiry }: Written): Version | null {
    if (decodedLength(content) > this.#maxBytes) return null;
    const checksum = createHmac("sha256", this.#key).update(content).digest("hex").toUpperCase();
    return { id: randomLong(), content, checksum, metadata, expiry, createdAt: this.now(), createdBy: by };
  }

  addSecret(row: Row, type: string, version: Version): Secret {
    return this.secrets.add({ ...row, type, versions: [version], current: version, groups: new Set() });
  }

  addGroup(row: Row, metadata: Metadata): Group {
    return this.groups.add({ ...row, metadata });
  }

  addClient(row: Row, spiffeId: string, automationAllowed: boolean): Client {
    return this.clients.add({
      ...row,
      spiffeId,
      automationAllowed,
      lastSeen: null,
      expiration: null,
      groups: new Set(),
    });
  }

  removeGroup(group: Group): void {
    this.groups.remove(group);
    for (const { groups } of [...this.secrets.all(), ...this.clients.all()]) groups.delete(group);
  }

  /** The groups of these names; those that do not exist are dropped without a word. */
  groupsNamed(names: readonly string[]): Group[] {
    return names.flatMap((name) => this.groups.get(name) ?? []);
  }

  secretsFor(client: Client): Secret[] {
    return this.secrets.all().filter((secret) => granted(secret, client));
  }
}

/** Rows by name, compared as the database's default collation does: without regard to case. */
class Table<T extends { name: string }> {
  readonly #rows = new Map<string, T>();

  get(name: string): T | undefined {
    return this.#rows.get(name.toLowerCase());
  }

  add(row: T): T {
    this.#rows.set(row.name.toLowerCase(), row);
    return row;
  }

  remove(row: T): void {
    this.#rows.delete(row.name.toLowerCase());
  }

  rename(row: T, name: string): void {
    this.remove(row);
    row.name = name;
    this.add(row);
  }

  all(): T[] {
    return [...this.#rows.values()];
  }
}

/** The order of the random ids, which is none at all: where nothing else decides, as with what was made in one second. */
export function byId(a: { readonly id: bigint }, b: { readonly id: bigint }): number {
  return a.id < b.id ? -1 : 1;
}

export function granted(secret: Secret, client: Client): boolean {
  return [...client.groups].some((group) => secret.groups.has(group));
}

/** The bytes behind a padded base64 text, counted without decoding it. */
export function decodedLength(content: string): number {
  return (content.length / 4) * 3 - (content.endsWith("==") ? 2 : content.endsWith("=") ? 1 : 0);
}

/** Names in the order of a Java HashSet, so that nobody takes them for sorted or for the order of creation. */
export function hashOrder(rows: Iterable<{ readonly name: string }>): string[] {
  const names = [...rows].map((row) => row.name);
  let size = 16;
  while (names.length > size * 0.75) size *= 2;
  return names.sort((a, b) => bucket(a, size) - bucket(b, size));
}

function bucket(name: string, size: number): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (Math.imul(31, hash) + name.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 16)) & (size - 1);
}

function randomLong(): bigint {
  return randomBytes(8).readBigInt64BE();
}
