import type { SSMClient } from "@aws-sdk/client-ssm";
import type { AwsRight } from "../../src/stores-kit/aws-check.ts";

/** A request for each action of whoever migrates, to a parameter that does not exist. */
export async function parameterRights(client: () => Promise<SSMClient>, path: string): Promise<readonly AwsRight[]> {
  const [sdk, ssm] = await Promise.all([import("@aws-sdk/client-ssm"), client()]);
  const Name = path;
  const remove = (): Promise<unknown> => ssm.send(new sdk.DeleteParameterCommand({ Name }));
  return [
    {
      ...{ right: "read", action: "ssm:GetParameter" },
      send: () => ssm.send(new sdk.GetParameterCommand({ Name, WithDecryption: true })),
    },
    {
      ...{ right: "read", action: "ssm:GetParameterHistory" },
      send: () => ssm.send(new sdk.GetParameterHistoryCommand({ Name })),
    },
    { ...{ right: "delete", action: "ssm:DeleteParameter" }, send: remove },
    {
      ...{ right: "write", action: "ssm:PutParameter" },
      send: () =>
        ssm.send(
          new sdk.PutParameterCommand({
            ...{ Name, Value: "unsprawl", Type: "SecureString" },
            Tags: [{ Key: "managed-by", Value: "unsprawl" }],
          }),
        ),
      undo: remove,
    },
  ];
}
