import { randomUUID } from "node:crypto";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { AwsRight } from "../../src/stores-kit/aws-check.ts";
import { OURS } from "./beside.ts";

/** A request for each action of whoever migrates, to a secret that does not exist. */
export async function secretRights(
  client: () => Promise<SecretsManagerClient>,
  path: string,
): Promise<readonly AwsRight[]> {
  const [sdk, sm] = await Promise.all([import("@aws-sdk/client-secrets-manager"), client()]);
  const [secret, token] = [{ SecretId: path }, randomUUID()];
  const put = { ...secret, SecretString: "{}", ClientRequestToken: token };
  const stage = { ...secret, VersionStage: "AWSCURRENT", MoveToVersionId: token };
  const named = (right: AwsRight["right"], action: string, send: AwsRight["send"]): AwsRight => ({
    ...{ right, action: `secretsmanager:${action}`, send },
  });
  return [
    named("read", "GetSecretValue", () => sm.send(new sdk.GetSecretValueCommand(secret))),
    named("read", "DescribeSecret", () => sm.send(new sdk.DescribeSecretCommand(secret))),
    named("read", "ListSecretVersionIds", () => sm.send(new sdk.ListSecretVersionIdsCommand(secret))),
    named("write", "PutSecretValue", () => sm.send(new sdk.PutSecretValueCommand(put))),
    named("write", "UpdateSecretVersionStage", () => sm.send(new sdk.UpdateSecretVersionStageCommand(stage))),
    named("write", "RestoreSecret", () => sm.send(new sdk.RestoreSecretCommand(secret))),
    named("delete", "DeleteSecret", () => sm.send(new sdk.DeleteSecretCommand({ ...secret, RecoveryWindowInDays: 7 }))),
    {
      ...named("write", "CreateSecret", () =>
        sm.send(
          new sdk.CreateSecretCommand({
            Name: path,
            SecretString: "{}",
            Tags: [{ Key: OURS.mark, Value: "unsprawl" }],
          }),
        ),
      ),
      undo: () => sm.send(new sdk.DeleteSecretCommand({ ...secret, ForceDeleteWithoutRecovery: true })),
    },
  ];
}
