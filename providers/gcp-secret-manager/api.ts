import type { JsonObject } from "../../src/kit/json-object.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { GcpFailure, member, word, type GcpAnswer } from "./answer.ts";
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
  readonly at: number;
};

/** A version with its value. */
export type GcpVersion = { readonly number: number; readonly value: Secret };

/** The calls of projects.secrets (REST, v1). `null` is what the service says is not there. */
export type GcpSecretApi = {
  head(name: string): Promise<GcpHead | null>;
  /** Creates a secret without a version; false if there is one of this name. */
  create(name: string, annotations: Annotations): Promise<boolean>;
  /** Replaces the annotations if the secret is still as in `head`; null if it is not. */
  annotate(name: string, head: GcpHead, annotations: Annotations): Promise<GcpHead | null>;
  /** By number, by alias, or `latest`. Throws `denied` for a version that is disabled or destroyed. */
  access(name: string, version: string): Promise<GcpVersion | null>;
  /** Adds a version and returns its number; a failure if it is not known whether it was added. */
  add(name: string, text: string): Promise<number | GcpFailure>;
  /** What identifies the latest version's state, without its value. */
  state(name: string): Promise<string | null>;
  /** Deletes the secret with all its versions if it is still as in `head`; false if it is not. */
  remove(name: string, head: GcpHead): Promise<boolean>;
  names(): Promise<readonly string[]>;
  /** The error for what `add` returned. */
  failed(failure: GcpFailure, name: string): UnsprawlError;
};

/** The label of what unsprawl created. */
const OURS = { "managed-by": "unsprawl" };
/** The most that the service returns at once (projects.secrets.list, pageSize). */
const PAGE = "25000";

export function secretApi(settings: GcpSettings, client: GcpClient): GcpSecretApi {
  const { locations } = settings;
  const at = (name: string): string => `secrets/${name}`;
  /** The answer; null for what the service says is not there. */
  const ask = async (call: GcpCall): Promise<GcpAnswer | null> => {
    const answer = await client.call({ ...call, expect: ["NOT_FOUND"] });
    return answer instanceof GcpFailure ? null : answer;
  };

  return {
    async head(name) {
      const answer = await ask({ permission: "secrets.get", name, method: "GET", path: at(name) });
      return answer === null ? null : headIn(answer);
    },
    async create(name, annotations) {
      const replication =
        locations.length === 0
          ? { automatic: {} }
          : { userManaged: { replicas: locations.map((location) => ({ location })) } };
      const made = await client.call({
        ...{ permission: "secrets.create", name, method: "POST", path: "secrets" },
        ...{
          query: { secretId: name },
          body: { replication, labels: OURS, annotations },
          expect: ["ALREADY_EXISTS"],
        },
      });
      return !(made instanceof GcpFailure);
    },
    async annotate(name, { etag, annotations: kept }, annotations) {
      const answer = await client.call({
        ...{
          permission: "secrets.update",
          name,
          method: "PATCH",
          path: at(name),
          query: { updateMask: "annotations" },
        },
        ...{
          body: { etag, annotations: { ...kept, ...annotations } },
          expect: ["FAILED_PRECONDITION", "NOT_FOUND"],
        },
      });
      return answer instanceof GcpFailure ? null : headIn(answer);
    },
    async access(name, version) {
      const path = `${at(name)}/versions/${version}:access`;
      const expect = ["NOT_FOUND", "FAILED_PRECONDITION"];
      const answer = await client.call({
        permission: "versions.access",
        name,
        method: "GET",
        path,
        expect,
      });
      if (!(answer instanceof GcpFailure)) return versionIn(answer.body, name, settings);
      if (answer.code === "NOT_FOUND") return null;
      throw unreadableVersion(name, version, await stateOf(client, name, version), settings);
    },
    async add(name, text) {
      const bytes = Buffer.from(text, "utf8");
      const payload = { data: bytes.toString("base64"), dataCrc32c: String(crc32c(bytes)) };
      const call = {
        permission: "versions.add",
        name,
        method: "POST",
        path: `${at(name)}:addVersion`,
      } as const;
      const answer = await client.call({ ...call, body: { payload }, once: true });
      return answer instanceof GcpFailure ? answer : numberIn(answer.body, name, settings);
    },
    async state(name) {
      const path = `${at(name)}/versions/latest`;
      const answer = await ask({ permission: "versions.get", name, method: "GET", path });
      const { etag, name: version } = answer?.body ?? {};
      return answer === null ? null : JSON.stringify([version, etag]);
    },
    async remove(name, { etag }) {
      const answer = await client.call({
        ...{
          permission: "secrets.delete",
          name,
          method: "DELETE",
          path: at(name),
          query: { etag },
        },
        expect: ["NOT_FOUND", "FAILED_PRECONDITION"],
      });
      // An answer that was lost: it is gone.
      return !(answer instanceof GcpFailure) || answer.code === "NOT_FOUND";
    },
    async names() {
      const found: string[] = [];
      for (let pageToken = ""; ;) {
        const query = { pageSize: PAGE, ...(pageToken === "" ? {} : { pageToken }) };
        const answer = await client.call({
          permission: "secrets.list",
          name: null,
          method: "GET",
          path: "secrets",
          query,
        });
        if (answer instanceof GcpFailure) return found;
        const { secrets, nextPageToken } = answer.body;
        for (const one of Array.isArray(secrets) ? (secrets as unknown[]) : []) {
          const name = member({ one }, "one")?.["name"];
          const [, last] = /^projects\/[^/]+\/secrets\/([\w-]+)$/.exec(typeof name === "string" ? name : "") ?? [];
          if (last !== undefined) found.push(last);
        }
        if (typeof nextPageToken !== "string" || nextPageToken === "") return found.sort();
        pageToken = nextPageToken;
      }
    },
    failed: (failure, name) => failed(failure, { permission: "versions.add", name }, settings),
  };
}

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
    at,
  };
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
  return answer instanceof GcpFailure ? "" : word(answer.body["state"]);
}
