import { randomUUID } from "node:crypto";
import type { DescribeSecretCommandOutput, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Origin } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { clientOptions, type AwsSettings } from "../../src/stores-kit/aws.ts";
import { awsError, awsName } from "../../src/stores-kit/aws-errors.ts";
import { besideIn, DESCRIBED, OURS } from "./beside.ts";
import { pinnedSecret, type SecretVersionName } from "./names.ts";

/** The current text of a secret, and its version. */
export type Current = {
  readonly path: string;
  readonly text: string;
  readonly version: string;
  readonly createdAt?: Date | undefined;
};

export type SecretApi = {
  /** For messages. */
  readonly store: string;
  readonly client: () => Promise<SecretsManagerClient>;
  /** Null if there is no such secret, or it is scheduled for deletion. Throws `malformed` for a binary one. */
  current(path: string): Promise<Current | null>;
  /**
   * Earlier texts, the newest first: the one that the service labels as previous, for which the right to read values is
   * enough, then those that it lists. Throws `denied` where it may not list them.
   */
  earlier(path: string): AsyncGenerator<Current>;
  /** The id of the current version, without its value; null as for `current`. A version never changes. */
  readonly version: (path: string) => Promise<string | null>;
  /**
   * Creates the secret; null if somebody else did at the same time. Throws `conflict` for a foreign one that is being
   * deleted.
   */
  create(path: string, text: string, origin: Origin, beside?: BesideValue): Promise<string | null>;
  /** Makes `text` the current version if the current one is still the one that was read; null if it is not. */
  move(current: Current, text: string): Promise<string | null>;
  /** Schedules the secret for deletion if unsprawl made it and it is unchanged; false if it is not ours. */
  removeOurs(current: Current): Promise<boolean>;
  /** The secrets of a prefix, by name, and what each has besides its value. */
  all(prefix: string): Promise<ReadonlyMap<string, BesideValue>>;
  /** The same of one secret; null as for `current`. */
  beside(path: string): Promise<BesideValue | null>;
};

const CURRENT = "AWSCURRENT";
const PREVIOUS = "AWSPREVIOUS";
/** How many earlier versions are read. */
const EARLIER = 10;
/** Days until a removed secret is deleted for good; the service takes 7 to 30. */
const RECOVERY_DAYS = 7;

/** The SDK is loaded on the first request. A write that the client sends twice counts once: it carries a token. */
export function secretApi(aws: AwsSettings, env: NodeJS.ProcessEnv, kmsKeyId: string | null): SecretApi {
  return new SecretsManager(aws, env, kmsKeyId);
}

class SecretsManager implements SecretApi {
  readonly #aws: AwsSettings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #kmsKeyId: string | null;
  #made: Promise<SecretsManagerClient> | null = null;
  readonly store: string;

  constructor(aws: AwsSettings, env: NodeJS.ProcessEnv, kmsKeyId: string | null) {
    this.#aws = aws;
    this.#env = env;
    this.#kmsKeyId = kmsKeyId;
    this.store = `Secrets Manager${aws.endpoint === null ? "" : ` at ${aws.endpoint}`}`;
  }

  readonly client: SecretApi["client"] = (...given) => this.#client(...given);

  readonly current: SecretApi["current"] = (...given) => this.#current(...given);

  readonly earlier: SecretApi["earlier"] = (...given) => this.#earlier(...given);

  readonly version: SecretApi["version"] = async (path) => {
    const versions = Object.entries((await this.#describe(path))?.VersionIdsToStages ?? {});
    return versions.find(([, stages]) => stages.includes(CURRENT))?.[0] ?? null;
  };

  readonly beside: SecretApi["beside"] = async (path) => {
    const found = await this.#describe(path);
    return found === null ? null : besideIn(found);
  };

  readonly move: SecretApi["move"] = (...given) => this.#move(...given);

  readonly create: SecretApi["create"] = async (path, text, { runId, subject }, beside = {}) => {
    const { CreateSecretCommand, RestoreSecretCommand } = await this.#sdk();
    const command = new CreateSecretCommand({
      Name: path,
      SecretString: text,
      ClientRequestToken: randomUUID(),
      Description: beside.description ?? `${DESCRIBED}${runId}`,
      Tags: [
        ...Object.entries(beside.labels ?? {}).map(([Key, Value]) => ({ Key, Value })),
        { Key: OURS.mark, Value: "unsprawl" },
        { Key: OURS.subject, Value: subject.replace(/[^\p{L}\p{N}\s+\-=._:/@]/gu, "_").slice(0, 256) },
      ],
      ...(this.#kmsKeyId === null ? {} : { KmsKeyId: this.#kmsKeyId }),
    });
    try {
      const known = ["ResourceExistsException", "InvalidRequestException"];
      return (await this.#send("CreateSecret", path, known, (sm) => sm.send(command))).VersionId ?? null;
    } catch (error) {
      if (!["ResourceExistsException", "InvalidRequestException"].includes(awsName(error))) throw error;
    }
    const { ours, going } = await this.#described(path);
    if (!going) return null;
    if (!ours)
      throw new UnsprawlError(
        "conflict",
        `${path} is scheduled for deletion in ${this.store}, and unsprawl did not create it`,
        cmd`aws secretsmanager restore-secret --secret-id ${path} brings it back; or choose another prefix`,
      );
    await this.#send("RestoreSecret", path, [], (sm) => sm.send(new RestoreSecretCommand({ SecretId: path })));
    const restored = await this.#current(path);
    return restored === null ? null : this.#move(restored, text);
  };

  readonly removeOurs: SecretApi["removeOurs"] = async ({ path, version }) => {
    if (!(await this.#described(path)).ours) return false;
    const { DeleteSecretCommand } = await this.#sdk();
    if ((await this.#current(path))?.version !== version)
      throw new UnsprawlError("conflict", `${path} has changed meanwhile in ${this.store}`, "unsprawl plan again");
    const command = new DeleteSecretCommand({ SecretId: path, RecoveryWindowInDays: RECOVERY_DAYS });
    await this.#send("DeleteSecret", path, [], (sm) => sm.send(command));
    return true;
  };

  readonly all: SecretApi["all"] = async (prefix) => {
    const { paginateListSecrets } = await this.#sdk();
    return this.#send("ListSecrets", "*", [], async (sm) => {
      const found = new Map<string, BesideValue>();
      const Filters = prefix === "" ? [] : [{ Key: "name" as const, Values: [prefix] }];
      for await (const page of paginateListSecrets({ client: sm, pageSize: 100 }, { Filters }))
        for (const { Name, DeletedDate, ...one } of page.SecretList ?? [])
          if (Name?.startsWith(prefix) === true && DeletedDate === undefined) found.set(Name, besideIn(one));
      return found;
    });
  };

  #client(): Promise<SecretsManagerClient> {
    return (this.#made ??= connect(this.#aws, this.#env));
  }

  #sdk(): Promise<typeof import("@aws-sdk/client-secrets-manager")> {
    return import("@aws-sdk/client-secrets-manager");
  }

  /** Sends a command; errors of these names are left to the caller. */
  async #send<T>(
    action: string,
    path: string,
    known: readonly string[],
    run: (client: SecretsManagerClient) => Promise<T>,
  ): Promise<T> {
    try {
      return await run(await this.#client());
    } catch (error) {
      if (known.includes(awsName(error))) throw error;
      const resource = `arn:aws:secretsmanager:*:*:secret:${path}-??????`;
      throw awsError(error, { action: `secretsmanager:${action}`, resource, store: this.store });
    }
  }

  async #textOf(path: string, which: SecretVersionName): Promise<Current | null> {
    const { GetSecretValueCommand } = await this.#sdk();
    try {
      const known = ["ResourceNotFoundException", "InvalidRequestException"];
      const found = await this.#send("GetSecretValue", path, known, (sm) =>
        sm.send(new GetSecretValueCommand({ SecretId: path, ...which })),
      );
      if (found.SecretString === undefined)
        throw new UnsprawlError("malformed", `${path} holds binary data, not text`, "use another prefix");
      return { path, text: found.SecretString, version: found.VersionId ?? "", createdAt: found.CreatedDate };
    } catch (error) {
      // A secret that is scheduled for deletion answers InvalidRequestException.
      if (["ResourceNotFoundException", "InvalidRequestException"].includes(awsName(error))) return null;
      throw error;
    }
  }

  async #current(path: string): Promise<Current | null> {
    const { id, version } = pinnedSecret(path);
    return this.#textOf(id, version ?? { VersionStage: CURRENT });
  }

  async *#earlier(path: string): AsyncGenerator<Current> {
    const previous = await this.#textOf(path, { VersionStage: PREVIOUS });
    // The service sets this label with the first replacement: without it there is no earlier version, or no secret.
    if (previous === null) return;
    yield previous;
    const { paginateListSecretVersionIds } = await this.#sdk();
    const listed = await this.#send("ListSecretVersionIds", path, [], async (sm) => {
      const found: { readonly id: string; readonly at: number }[] = [];
      // Versions without a label remain for a day or more.
      const pages = paginateListSecretVersionIds(
        { client: sm, pageSize: 100 },
        { SecretId: path, IncludeDeprecated: true },
      );
      for await (const { Versions = [] } of pages)
        for (const { VersionId: id, CreatedDate, VersionStages = [] } of Versions)
          if (id !== undefined && id !== previous?.version && !VersionStages.includes(CURRENT))
            found.push({ id, at: CreatedDate?.getTime() ?? 0 });
      return found;
    });
    for (const { id } of listed.sort((a, b) => b.at - a.at).slice(0, EARLIER)) {
      const text = await this.#textOf(path, { VersionId: id });
      if (text !== null) yield text;
    }
  }

  async #move({ path, version }: Current, text: string): Promise<string | null> {
    const { PutSecretValueCommand, UpdateSecretVersionStageCommand } = await this.#sdk();
    const [token, stage] = [randomUUID(), `unsprawl-${randomUUID().slice(0, 8)}`];
    const put = new PutSecretValueCommand({
      SecretId: path,
      SecretString: text,
      ClientRequestToken: token,
      VersionStages: [stage],
    });
    await this.#send("PutSecretValue", path, [], (sm) => sm.send(put));
    const label = (VersionStage: string, to: string | undefined, from: string): Promise<unknown> => {
      const command = new UpdateSecretVersionStageCommand({
        SecretId: path,
        VersionStage,
        RemoveFromVersionId: from,
        ...(to === undefined ? {} : { MoveToVersionId: to }),
      });
      return this.#send("UpdateSecretVersionStage", path, ["InvalidParameterException"], (sm) => sm.send(command));
    };
    let moved: unknown = null;
    try {
      moved = await label(CURRENT, token, version);
    } catch (error) {
      if (awsName(error) !== "InvalidParameterException") throw error;
      // Sent twice by the client, or another writer was faster.
      if ((await this.#current(path))?.version === token) moved = {};
    }
    // The service forgets a version without a label.
    await label(stage, undefined, token).catch(() => undefined);
    return moved === null ? null : token;
  }

  async #describe(path: string): Promise<DescribeSecretCommandOutput | null> {
    const { DescribeSecretCommand } = await this.#sdk();
    const command = new DescribeSecretCommand({ SecretId: pinnedSecret(path).id });
    try {
      const known = ["ResourceNotFoundException"];
      const found = await this.#send("DescribeSecret", path, known, (sm) => sm.send(command));
      return found.DeletedDate === undefined ? found : null;
    } catch (error) {
      if (awsName(error) === "ResourceNotFoundException") return null;
      throw error;
    }
  }

  async #described(path: string): Promise<{ readonly ours: boolean; readonly going: boolean }> {
    const { DescribeSecretCommand } = await this.#sdk();
    const command = new DescribeSecretCommand({ SecretId: path });
    const { Tags = [], DeletedDate } = await this.#send("DescribeSecret", path, [], (sm) => sm.send(command));
    const ours = Tags.some(({ Key, Value }) => Key === OURS.mark && Value === "unsprawl");
    return { ours, going: DeletedDate !== undefined };
  }
}

async function connect(aws: AwsSettings, env: NodeJS.ProcessEnv): Promise<SecretsManagerClient> {
  const [{ SecretsManagerClient }, options] = await Promise.all([
    import("@aws-sdk/client-secrets-manager"),
    clientOptions(aws, env),
  ]);
  return new SecretsManagerClient(options);
}
