import { member, type JsonObject } from "../../src/kit/json-object.ts";
import { serverCode } from "../../src/kit/net/fault.ts";
import type { BesideLimits } from "../../src/contract/provider.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { labelsIn } from "../../src/stores-kit/labels.ts";
import { GcpFailure, type GcpAnswer } from "./answer.ts";
import type { GcpCall, GcpClient } from "./client.ts";
import { crc32c } from "./crc32c.ts";
import { failed, storeName, unreadableVersion } from "./errors.ts";
import type { GcpSettings } from "./settings.ts";

export type Annotations = { readonly [key: string]: string };

/** A secret without its values. `at` is the server's time of the answer. */
export type GcpHead = {
  readonly etag: string;
  readonly ours: boolean;
  readonly annotations: Annotations;
  readonly createdAt: number;
  readonly beside: BesideValue;
  readonly at: number;
};

/** A version with its value. */
export type GcpVersion = { readonly number: number; readonly value: Secret };

/** The label of what unsprawl created. */
const OURS = { "managed-by": "unsprawl" };
/** Labels, beside that of ours (projects.secrets, labels). */
export const HOLDS: BesideLimits = {
  labels: {
    most: 63,
    name: { bytes: 128, form: /^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u },
    text: { bytes: 128, form: /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u },
  },
};
/** The most that the service returns at once (projects.secrets.list, pageSize). */
const PAGE = "25000";

/** The calls of projects.secrets (REST, v1). `null` is what the service says is not there. */
export class GcpSecretApi {
  readonly #settings: GcpSettings;
  readonly #client: GcpClient;

  constructor(settings: GcpSettings, client: GcpClient) {
    this.#settings = settings;
    this.#client = client;
  }

  async head(name: string): Promise<GcpHead | null> {
    const answer = await this.#ask({ permission: "secrets.get", name, method: "GET", path: at(name) });
    return answer === null ? null : headIn(answer);
  }

  /** Creates a secret without a version; false if there is one of this name. */
  async create(name: string, annotations: Annotations, labels: BesideValue["labels"]): Promise<boolean> {
    const { locations, kmsKeys } = this.#settings;
    const under = (location: string): object => {
      const kmsKeyName = kmsKeys.find((key) => key.includes(`/locations/${location}/`));
      return kmsKeyName === undefined ? {} : { customerManagedEncryption: { kmsKeyName } };
    };
    const replicas = locations.map((location) => ({ location, ...under(location) }));
    const replication = replicas.length === 0 ? { automatic: under("global") } : { userManaged: { replicas } };
    const made = await this.#client.call({
      ...{ permission: "secrets.create", name, method: "POST", path: "secrets", query: { secretId: name } },
      ...{ body: { replication, labels: { ...labels, ...OURS }, annotations }, expect: ["ALREADY_EXISTS"] },
    });
    return !(made instanceof GcpFailure);
  }

  /** Replaces the annotations if the secret is still as in `head`; null if it is not. */
  async annotate(name: string, head: GcpHead, annotations: Annotations): Promise<GcpHead | null> {
    const body = { etag: head.etag, annotations: { ...head.annotations, ...annotations } };
    const answer = await this.#client.call({
      ...{ permission: "secrets.update", name, method: "PATCH", path: at(name), query: { updateMask: "annotations" } },
      ...{ body, expect: ["FAILED_PRECONDITION", "NOT_FOUND"] },
    });
    return answer instanceof GcpFailure ? null : headIn(answer);
  }

  /** By number, by alias, or `latest`. Throws `denied` for a version that is disabled or destroyed. */
  async access(name: string, version: string): Promise<GcpVersion | null> {
    const answer = await this.#client.call({
      ...{ permission: "versions.access", name, method: "GET", path: `${at(name)}/versions/${version}:access` },
      expect: ["NOT_FOUND", "FAILED_PRECONDITION"],
    });
    if (!(answer instanceof GcpFailure)) return versionIn(answer.body, name, this.#settings);
    if (answer.code === "NOT_FOUND") return null;
    throw unreadableVersion(name, version, await stateOf(this.#client, name, version), this.#settings);
  }

  /** Adds a version and returns its number; a failure if it is not known whether it was added. */
  async add(name: string, text: string): Promise<number | GcpFailure> {
    const bytes = Buffer.from(text, "utf8");
    const payload = { data: bytes.toString("base64"), dataCrc32c: String(crc32c(bytes)) };
    const answer = await this.#client.call({
      ...{ permission: "versions.add", name, method: "POST", path: `${at(name)}:addVersion` },
      ...{ body: { payload }, once: true },
    });
    return answer instanceof GcpFailure ? answer : numberIn(answer.body, name, this.#settings);
  }

  /** What identifies the latest version's state, without its value. */
  async state(name: string): Promise<string | null> {
    const path = `${at(name)}/versions/latest`;
    const answer = await this.#ask({ permission: "versions.get", name, method: "GET", path });
    const { etag, name: version } = answer?.body ?? {};
    return answer === null ? null : JSON.stringify([version, etag]);
  }

  /** Deletes the secret with all its versions if it is still as in `head`; false if it is not. */
  async remove(name: string, { etag }: GcpHead): Promise<boolean> {
    const answer = await this.#client.call({
      ...{ permission: "secrets.delete", name, method: "DELETE", path: at(name), query: { etag } },
      expect: ["NOT_FOUND", "FAILED_PRECONDITION"],
    });
    // An answer that was lost: it is gone.
    return !(answer instanceof GcpFailure) || answer.code === "NOT_FOUND";
  }

  /** The names of all secrets, and what each has besides its value. */
  async all(): Promise<ReadonlyMap<string, BesideValue>> {
    const found = new Map<string, BesideValue>();
    for (let pageToken = ""; ;) {
      const query = { pageSize: PAGE, ...(pageToken === "" ? {} : { pageToken }) };
      const call = { permission: "secrets.list", name: null, method: "GET", path: "secrets", query } as const;
      const answer = await this.#client.call(call);
      if (answer instanceof GcpFailure) return found;
      const { secrets, nextPageToken } = answer.body;
      for (const one of Array.isArray(secrets) ? (secrets as unknown[]) : []) {
        const body = member({ one }, "one") ?? {};
        const { name } = body;
        const [, last] = /^projects\/[^/]+\/secrets\/([\w-]+)$/.exec(typeof name === "string" ? name : "") ?? [];
        if (last !== undefined) found.set(last, besideIn(body));
      }
      if (typeof nextPageToken !== "string" || nextPageToken === "") return found;
      pageToken = nextPageToken;
    }
  }

  /** The error for what `add` returned. */
  failed(failure: GcpFailure, name: string): UnsprawlError {
    return failed(failure, { permission: "versions.add", name }, this.#settings);
  }

  /** The answer; null for what the service says is not there. */
  async #ask(call: GcpCall): Promise<GcpAnswer | null> {
    const answer = await this.#client.call({ ...call, expect: ["NOT_FOUND"] });
    return answer instanceof GcpFailure ? null : answer;
  }
}

const at = (name: string): string => `secrets/${name}`;

function headIn({ body, at }: GcpAnswer): GcpHead {
  const { etag, createTime } = body;
  const annotations = Object.entries(member(body, "annotations") ?? {}).flatMap(([key, text]) =>
    typeof text === "string" ? [[key, text] as const] : [],
  );
  return {
    etag: typeof etag === "string" ? etag : "",
    ours: member(body, "labels")?.["managed-by"] === OURS["managed-by"],
    annotations: Object.fromEntries(annotations),
    createdAt: typeof createTime === "string" ? Date.parse(createTime) : Number.NaN,
    beside: besideIn(body),
    at,
  };
}

function besideIn(body: JsonObject): BesideValue {
  const annotations = Object.keys(member(body, "annotations") ?? {});
  const stays = [
    ...(annotations.some((name) => !name.startsWith("unsprawl-")) ? ["annotations" as const] : []),
    ...(typeof body["expireTime"] === "string" ? ["deletion" as const] : []),
  ];
  const labels = labelsIn(member(body, "labels") ?? {});
  return { ...labels, ...(stays.length > 0 && { stays }) };
}

function versionIn(body: JsonObject, name: string, settings: GcpSettings): GcpVersion {
  const payload = member(body, "payload");
  const { data = "", dataCrc32c } = payload ?? {};
  if (payload === null || typeof data !== "string") throw strange(name, settings);
  const bytes = Buffer.from(data, "base64");
  if (typeof dataCrc32c === "string" && dataCrc32c !== String(crc32c(bytes))) throw strange(name, settings);
  return { number: numberIn(body, name, settings), value: Secret.of(bytes) };
}

/** The number in `projects/…/secrets/…/versions/7`. */
function numberIn({ name: of }: JsonObject, name: string, settings: GcpSettings): number {
  const found = /\/versions\/(\d{1,10})$/.exec(typeof of === "string" ? of : "")?.[1];
  if (found === undefined) throw strange(name, settings);
  return Number(found);
}

function strange(name: string, settings: GcpSettings): UnsprawlError {
  return new UnsprawlError(
    "malformed",
    `${storeName(settings)} gave ${name} in a form that is not its own, or with a wrong checksum`,
    "try again; check endpoint and HTTPS_PROXY",
  );
}

/** Empty where this login may not ask. */
async function stateOf(client: GcpClient, name: string, version: string): Promise<string> {
  const call = {
    permission: "versions.get",
    name,
    method: "GET",
    path: `secrets/${name}/versions/${version}`,
  } as const;
  const answer = await client.call({ ...call, expect: ["NOT_FOUND", "PERMISSION_DENIED"] });
  return answer instanceof GcpFailure ? "" : serverCode(answer.body["state"]);
}
