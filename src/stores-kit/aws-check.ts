import type { Provider, StoreCheck } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import type { StoreKey } from "../model/plan.ts";
import { awsError, awsName, isBadLogin } from "./aws-errors.ts";
import { probeStore, type RightProbe } from "./probe.ts";

/** Where a policy for such a store allows to read, and nothing is. */
const ABSENT = { subject: "unsprawl-check", project: "unsprawl-check", name: "ABSENT" };

/** A request for a name where nothing is, by IAM's name for the right to it (`ssm:GetParameter`). */
export type AwsRight = {
  readonly right: RightProbe["right"];
  readonly action: string;
  readonly send: () => Promise<unknown>;
  readonly undo?: () => Promise<unknown>;
};

export type AwsChecked = {
  /** `Parameter Store` */
  readonly service: string;
  readonly client: () => Promise<{ readonly config: { region(): Promise<string> } }>;
  readonly checkAndSet: string;
  readonly rights: (path: string) => Promise<readonly AwsRight[]>;
  /** What the policy of whoever migrates names as resource. */
  readonly resource: string;
};

/** Tries every right that a migration needs. Reading something that does not exist proves address and key at once. */
export function checkAws(
  store: Provider,
  { service, client, checkAndSet, rights, resource }: AwsChecked,
): Promise<readonly StoreCheck[]> {
  const ask = async (mayFail: (error: UnsprawlError) => boolean): Promise<void> => {
    await store.get(store.key(ABSENT)).catch((error: unknown) => {
      if (!(error instanceof UnsprawlError) || error.code !== "denied" || !mayFail(error)) throw error;
    });
  };
  return probeStore(store, {
    async reach() {
      await ask(() => true);
      const { config } = await client();
      return `${service}, ${await config.region()}`;
    },
    async authenticate() {
      await ask((error) => !isBadLogin(error));
      return "the access key is known";
    },
    async rights({ path }: StoreKey) {
      return (await rights(path)).map(({ right, action, send, undo }) => ({
        ...{ right, act: () => allowed(send, { action, resource, store: service }) },
        ...(undo && { undo: () => allowed(undo, { action, resource, store: service }) }),
      }));
    },
    checkAndSet,
  });
}

/** Sends a request for what is not there: that it is not there shows that one may ask. */
async function allowed(send: () => Promise<unknown>, act: Parameters<typeof awsError>[1]): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!["ResourceNotFoundException", "ParameterNotFound"].includes(awsName(error))) throw awsError(error, act);
  }
}
