import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Origin, Stored, Provider } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { clientOptions, type AwsSettings } from "../../src/stores-kit/aws.ts";
import { awsError, awsName } from "../../src/stores-kit/aws-errors.ts";
import { checkMatch, checkReplace, storeVersion, versionOf } from "../../src/stores-kit/check-and-set.ts";
import { fieldOf } from "../../src/stores-kit/field.ts";
import { storableText } from "../../src/stores-kit/storable.ts";
import { writtenAt } from "../../src/stores-kit/written.ts";
import { versionAsker } from "../../src/stores-kit/versions.ts";
import { mustBeWhole } from "./names.ts";

/**
 * An advanced parameter; a standard one holds 4 KiB (PutParameter, Value). Intelligent tiering chooses the one that
 * fits.
 */
const ROOM = { what: "a parameter", most: 8192, empty: false };
/** What GetParameter answers for a missing parameter. */
const ABSENT: readonly string[] = ["ParameterNotFound", "ParameterVersionNotFound"];

/** How many earlier versions are read; the service keeps 100. */
const EARLIER = 10;

export type ParameterStore = {
  readonly client: () => Promise<SSMClient>;
  readonly get: (key: StoreKey) => Promise<Stored | null>;
  readonly version: (key: StoreKey) => Promise<string | null>;
  readonly earlier: (key: StoreKey, matches: (value: Secret) => boolean) => Promise<Secret | null>;
  readonly put: (key: StoreKey, value: Secret, replace: string | null, origin: Origin) => Promise<{ version: string }>;
  readonly remove: (key: StoreKey, matches: (value: Secret) => boolean) => Promise<boolean>;
  readonly list: Provider["list"];
};

/** The SDK is loaded, and credentials are looked up, on the first request. */
export function parameterStore(aws: AwsSettings, env: NodeJS.ProcessEnv, kmsKeyId: string | null): ParameterStore {
  return new SystemsManager(aws, env, kmsKeyId);
}

class SystemsManager implements ParameterStore {
  readonly #aws: AwsSettings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #kmsKeyId: string | null;
  #made: Promise<SSMClient> | null = null;
  readonly #store: string;

  constructor(aws: AwsSettings, env: NodeJS.ProcessEnv, kmsKeyId: string | null) {
    this.#aws = aws;
    this.#env = env;
    this.#kmsKeyId = kmsKeyId;
    this.#store = `the Parameter Store${aws.endpoint === null ? "" : ` at ${aws.endpoint}`}`;
  }

  readonly client: ParameterStore["client"] = (...given) => this.#client(...given);

  readonly get: ParameterStore["get"] = async (key) => {
    const stored = await this.#get(key);
    const value = stored === null ? null : await fieldOf(stored.value, key);
    return stored === null || value === null ? null : { ...stored, value };
  };

  readonly version: ParameterStore["version"] = versionAsker((path) => this.#version(path));

  readonly earlier: ParameterStore["earlier"] = async (key, matches) => {
    const current = Number(storeVersion((await this.#get(key))?.version ?? "0#"));
    // By number: the right to read values is enough.
    for (let older = current - 1; older > 0 && older >= current - EARLIER; older--) {
      const found = await this.#get({ ...key, path: `${key.path}:${older}` });
      const value = found === null ? null : await fieldOf(found.value, key);
      if (value !== null && matches(value)) return value;
    }
    return null;
  };

  readonly put: ParameterStore["put"] = async (key, value, replace, { runId, subject }) => {
    mustBeWhole(key);
    const text = storableText(value, ROOM);
    const there = await this.#get(key);
    checkReplace(there, replace, key, this.#store);
    const { PutParameterCommand } = await import("@aws-sdk/client-ssm");
    const command = new PutParameterCommand({
      Name: key.path,
      Value: text,
      Type: "SecureString",
      Tier: "Intelligent-Tiering",
      Description: `managed by unsprawl, run ${runId}`,
      Overwrite: there !== null,
      ...(this.#kmsKeyId === null ? {} : { KeyId: this.#kmsKeyId }),
      // Tags cannot be combined with an overwrite (PutParameter, Tags).
      ...(there === null ? { Tags: tags(subject) } : {}),
    });
    const written = await this.#act("PutParameter", key.path, (ssm) => ssm.send(command)).catch(
      async (error: unknown) => {
        if (awsName(error) !== "ParameterAlreadyExists") throw error;
        // The client retries by itself if a response was lost: the current value may be the one it wrote.
        const now = await this.#get(key);
        if (
          now !== null &&
          now.value.equals(value) &&
          storeVersion(now.version) === "1" &&
          (await this.#writtenBy(runId, key.path))
        )
          return { Version: 1 };
        checkReplace(now, null, key, this.#store);
        throw new UnsprawlError("conflict", `${key.path} was there for a moment`, "unsprawl plan again");
      },
    );
    const expected = Number(there === null ? 0 : storeVersion(there.version)) + 1;
    if (there !== null && written.Version !== expected) await this.#settled(key, value, expected, written.Version ?? 0);
    return { version: versionOf(String(written.Version ?? expected), value) };
  };

  readonly remove: ParameterStore["remove"] = async (key, matches) => {
    mustBeWhole(key);
    const there = await this.#get(key);
    if (there === null) return false;
    checkMatch(there.value, matches, key, this.#store);
    const { DeleteParameterCommand } = await import("@aws-sdk/client-ssm");
    const command = new DeleteParameterCommand({ Name: key.path });
    try {
      await this.#act("DeleteParameter", key.path, (ssm) => ssm.send(command));
      return true;
    } catch (error) {
      if (awsName(error) === "ParameterNotFound") return false;
      throw error;
    }
  };

  readonly list: ParameterStore["list"] = async (what, omits) => {
    const { paginateDescribeParameters } = await import("@aws-sdk/client-ssm");
    const begins = what.startsWith("/") ? what : `/${what}`;
    const below = begins.endsWith("/") ? begins : `${begins}/`;
    return this.#act("DescribeParameters", "/*", async (ssm) => {
      const found: StoreKey[] = [];
      const filters = [{ Key: "Name", Option: "BeginsWith", Values: [begins] }];
      for await (const page of paginateDescribeParameters({ client: ssm, pageSize: 50 }, { ParameterFilters: filters }))
        for (const { Name, Type } of page.Parameters ?? []) {
          if (Name === undefined || (Name !== begins && !Name.startsWith(below))) continue;
          if (Type === "StringList") omits?.(Name);
          else found.push({ path: Name, field: "" });
        }
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    });
  };

  #client(): Promise<SSMClient> {
    return (this.#made ??= connect(this.#aws, this.#env));
  }

  async #act<T>(action: string, path: string, send: (client: SSMClient) => Promise<T>): Promise<T> {
    try {
      return await send(await this.#client());
    } catch (error) {
      const name = awsName(error);
      if ([...ABSENT, "ParameterAlreadyExists"].includes(name)) throw error;
      throw awsError(error, {
        action: `ssm:${action}`,
        resource: `arn:aws:ssm:*:*:parameter${path}`,
        store: this.#store,
      });
    }
  }

  async #get({ path }: StoreKey): Promise<Stored | null> {
    const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
    try {
      const command = new GetParameterCommand({ Name: path, WithDecryption: true });
      const { Parameter: found } = await this.#act("GetParameter", path, (ssm) => ssm.send(command));
      if (found?.Value === undefined) return null;
      const value = Secret.of(found.Value);
      return {
        ...{ value, version: versionOf(String(found.Version ?? 0), value) },
        ...writtenAt(found.LastModifiedDate, "store"),
      };
    } catch (error) {
      if (ABSENT.includes(awsName(error))) return null;
      throw error;
    }
  }

  /** A SecureString comes with its ciphertext, for which the right to read is enough; DescribeParameters needs more. */
  async #version(path: string): Promise<string | null> {
    const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
    try {
      const command = new GetParameterCommand({ Name: path, WithDecryption: false });
      const { Parameter: found } = await this.#act("GetParameter", path, (ssm) => ssm.send(command));
      // The versions of a parameter that was deleted and created again start over.
      return found === undefined ? null : JSON.stringify([found.Version, found.LastModifiedDate?.getTime()]);
    } catch (error) {
      if (awsName(error) === "ParameterNotFound") return null;
      throw error;
    }
  }

  /** Not the next version: the client wrote twice, or somebody else wrote in between. */
  async #settled(key: StoreKey, value: Secret, expected: number, version: number): Promise<void> {
    const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
    for (let at = expected; at < version; at++) {
      const command = new GetParameterCommand({ Name: `${key.path}:${at}`, WithDecryption: true });
      const { Parameter: found } = await this.#act("GetParameter", key.path, (ssm) => ssm.send(command));
      if (found?.Value !== undefined && !Secret.of(found.Value).equals(value))
        throw new UnsprawlError(
          "conflict",
          `another writer put version ${at} of ${key.path} at the same time; it is in the parameter's history`,
          cmd`aws ssm get-parameter --with-decryption --name ${key.path}:${at} shows it`,
        );
    }
  }

  async #writtenBy(runId: string, path: string): Promise<boolean> {
    const { GetParameterHistoryCommand } = await import("@aws-sdk/client-ssm");
    const command = new GetParameterHistoryCommand({ Name: path });
    const history = await this.#act("GetParameterHistory", path, (ssm) => ssm.send(command)).catch(() => null);
    return history?.Parameters?.[0]?.Description === `managed by unsprawl, run ${runId}`;
  }
}

async function connect(aws: AwsSettings, env: NodeJS.ProcessEnv): Promise<SSMClient> {
  const [{ SSMClient }, options] = await Promise.all([import("@aws-sdk/client-ssm"), clientOptions(aws, env)]);
  return new SSMClient(options);
}

/** A tag's value: letters, digits, spaces and `+-=._:/@`, 256 at most. */
function tags(subject: string): { Key: string; Value: string }[] {
  return [
    { Key: "managed-by", Value: "unsprawl" },
    { Key: "unsprawl-subject", Value: subject.replace(/[^\p{L}\p{N}\s+\-=._:/@]/gu, "_").slice(0, 256) },
  ];
}
