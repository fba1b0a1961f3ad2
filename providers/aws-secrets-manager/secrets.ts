import type { JsonObject } from "../../src/kit/json-object.ts";
import { stringifyExact } from "../../src/kit/text/exact-json.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Provider, Stored } from "../../src/contract/provider.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import type { AwsSettings } from "../../src/stores-kit/aws.ts";
import { checkMatch, checkReplace, versionOf } from "../../src/stores-kit/check-and-set.ts";
import { jsonFields, memberText } from "../../src/stores-kit/field.ts";
import { storableText } from "../../src/stores-kit/storable.ts";
import { writtenAt } from "../../src/stores-kit/written.ts";
import { versionAsker } from "../../src/stores-kit/versions.ts";
import { secretApi, type Current, type SecretApi } from "./api.ts";

/** In bytes (quotas of Secrets Manager, "Secret value"). */
const MOST = 65_536;
const ROOM = { what: "a secret of Secrets Manager", most: MOST };
/** Other writers of the same object may win this often. */
const TRIES = 12;

export type SecretStore = {
  readonly client: SecretApi["client"];
  readonly get: (key: StoreKey) => Promise<Stored | null>;
  readonly version: (key: StoreKey) => Promise<string | null>;
  readonly earlier: (key: StoreKey, matches: (value: Secret) => boolean) => Promise<Secret | null>;
  readonly put: Provider["put"];
  readonly beside: NonNullable<Provider["beside"]>;
  readonly remove: (key: StoreKey, matches: (value: Secret) => boolean) => Promise<boolean>;
  readonly list: (what: string, single: boolean, omits?: (path: string) => void) => Promise<readonly StoreKey[]>;
};

export function secretStore(aws: AwsSettings, env: NodeJS.ProcessEnv, kmsKeyId: string | null): SecretStore {
  const api = secretApi(aws, env, kmsKeyId);
  const { store } = api;
  /** What the last listing showed: one by one it would be a request more for each secret. */
  let listed: ReadonlyMap<string, BesideValue> = new Map();

  const get = async (key: StoreKey): Promise<Stored | null> => {
    const current = await api.current(key.path);
    const [there, beside] = [current === null ? null : valueAt(current, key), listed.get(key.path)];
    return there === null || beside === undefined ? there : { ...there, beside };
  };

  return {
    client: api.client,
    get,
    beside: ({ path }) => api.beside(path),
    version: versionAsker(api.version),
    async earlier(key, matches) {
      for await (const one of api.earlier(key.path)) {
        const value = key.field !== "" && fieldsOf(one) === null ? null : (valueAt(one, key)?.value ?? null);
        if (value !== null && matches(value)) return value;
      }
      return null;
    },
    async put(key, value, replace, origin, beside) {
      const text = storableText(value, { ...ROOM, empty: key.field !== "" });
      for (let tries = 0; tries < TRIES; tries++) {
        const current = await api.current(key.path);
        mustBeWritable(key, current);
        const there = current === null ? null : valueAt(current, key);
        checkReplace(there, replace, key, store);
        const whole = withField(current, key, text);
        mustFit(key.path, whole);
        const version =
          current === null ? await api.create(key.path, whole, origin, beside) : await api.move(current, whole);
        if (version !== null) return { version: versionOf(version, value) };
      }
      throw new UnsprawlError("conflict", `other writers keep changing ${key.path}`, "try again later");
    },
    async remove(key, matches) {
      for (let tries = 0; tries < TRIES; tries++) {
        const current = await api.current(key.path);
        const there = current === null ? null : valueAt(current, key);
        mustBeWritable(key, current);
        if (current === null || there === null) return false;
        checkMatch(there.value, matches, key, store);
        const left = key.field === "" ? null : withoutField(current, key.field);
        if (left === null) {
          if (await api.removeOurs(current)) return true;
          if (key.field === "")
            throw new UnsprawlError("conflict", `${key.path} was not created by unsprawl and is kept`, null);
        }
        if ((await api.move(current, left ?? "{}")) !== null) return true;
      }
      throw new UnsprawlError("conflict", `other writers keep changing ${key.path}`, "try again later");
    },
    async list(what, single, omits = () => undefined) {
      const keys: StoreKey[] = [];
      listed = await api.all(what);
      for (const path of [...listed.keys()].sort()) {
        const current = single ? null : await api.current(path);
        keys.push(...keysIn(path, current === null ? null : fieldsOf(current), omits));
      }
      return keys.sort((a, b) => (`${a.path}\0${a.field}` < `${b.path}\0${b.field}` ? -1 : 1));
    },
  };
}

function mustFit(path: string, whole: string): void {
  if (Buffer.byteLength(whole) > MOST)
    throw new UnsprawlError(
      "refused",
      `${path} would become larger than ${ROOM.what} may be (${MOST} bytes)`,
      "put {name} into the store's path, so that each value is a separate secret",
    );
}

/** The keys of a secret: those of its fields that are text, else the secret itself. */
function keysIn(path: string, fields: ReturnType<typeof fieldsOf>, omits: (path: string) => void): readonly StoreKey[] {
  if (fields === null) return [{ path, field: "" }];
  return Object.entries(fields).flatMap(([field, value]) => {
    if (typeof value === "string") return [{ path, field }];
    omits(path);
    return [];
  });
}

/**
 * The value of a key; null if the field does not exist. Throws `malformed` if a field is asked of a secret without
 * fields.
 */
function valueAt(current: Current, { path, field }: StoreKey): Stored | null {
  const stored = (text: string): Stored => {
    const value = Secret.of(text);
    return { value, version: versionOf(current.version, value), ...writtenAt(current.createdAt, "store") };
  };
  if (field === "") return stored(current.text);
  const fields = fieldsOf(current);
  if (fields === null)
    throw new UnsprawlError(
      "malformed",
      `${path} is a single value, not an object with fields`,
      "put {name} into the store's path, or use another prefix",
    );
  const own = Object.hasOwn(fields, field) ? fields[field] : memberText(fields, field);
  if (own === undefined || own === null) return null;
  return stored(typeof own === "string" ? own : stringifyExact(own));
}

/** Throws `refused` for a key that only a reference names: a pinned version, or a field within a field. */
function mustBeWritable({ path, field }: StoreKey, current: Current | null): void {
  const fields = current === null ? null : fieldsOf(current);
  const isNested = fields !== null && !Object.hasOwn(fields, field) && memberText(fields, field) !== null;
  if (!path.includes("?") && !isNested) return;
  throw new UnsprawlError(
    "refused",
    `${path} is pinned to a version, or ${field} is a field within a field, which unsprawl does not write`,
    "leave the version out of the reference, or give the value a secret or a field for itself",
  );
}

const fieldsOf = ({ text }: Current): JsonObject | null => jsonFields(text);

function withField(current: Current | null, { field }: StoreKey, text: string): string {
  if (field === "") return text;
  return stringifyExact({ ...(current === null ? {} : fieldsOf(current)), [field]: text });
}

/** The object without a field; null if nothing is left. */
function withoutField(current: Current, field: string): string | null {
  const { [field]: _, ...left } = fieldsOf(current) ?? {};
  return Object.keys(left).length === 0 ? null : stringifyExact(left);
}
