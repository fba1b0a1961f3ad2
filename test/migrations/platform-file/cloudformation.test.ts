import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NotMoved } from "../../../src/model/plan.ts";
import { layFiles } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

describe("a CloudFormation template is found and stays, with what to write in it", () => {
  let world: World;
  beforeAll(() => void (world = makeWorld("unix:///nowhere")));
  afterAll(() => world?.remove());

  const property = (type: string, key: string): string =>
    `Resources:\n  X:\n    Type: ${type}\n    Properties:\n      ${key}: ${password()}\n`;
  const task = (containers: string): string =>
    `Resources:\n  X:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:${containers}\n`;
  const container = (): string => `{Name: a, Environment: [{Name: DB_PASSWORD, Value: ${password()}}]}`;
  const json = `{"Resources": {"X": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "a", "Environment": [{"Name": "DB_PASSWORD", "Value": "${password()}"}]}]}}}}`;
  const environment = [
    "is in the environment of a CloudFormation task definition",
    "take it out of Environment, and add to Secrets: {Name: DB_PASSWORD, ValueFrom: !Ref a Secrets Manager secret}",
  ] as const;

  it.each([
    ["of a container", "a.yaml", task(`\n        - ${container()}`), ...environment],
    ["of a container that a condition chooses", "a.yaml", task(` !If [Big, [${container()}], []]`), ...environment],
    ["in JSON", "a.json", json, ...environment],
    ["in JSON by another name", "stack.template", json, ...environment],
    [
      "of a database",
      "a.yaml",
      property("AWS::RDS::DBCluster", "MasterUserPassword"),
      "is a property of a resource in a CloudFormation template",
      "write '{{resolve:secretsmanager:NAME:SecretString:MasterUserPassword}}' in its place, and rotate it",
    ],
    [
      "of a nested stack",
      "a.yaml",
      property("AWS::CloudFormation::Stack", "Parameters:\n        DbPassword"),
      "is a parameter of a nested stack",
      "write {{resolve:secretsmanager:…}} where DbPassword is used, remove the parameter, and rotate it",
    ],
    [
      "of a parameter",
      "a.yaml",
      `Parameters:\n  DbPassword:\n    Type: String\n    Default: ${password()}\nResources: {X: {Type: AWS::SNS::Topic}}\n`,
      "is the default of a parameter",
      "write {{resolve:secretsmanager:…}} where DbPassword is used, remove the parameter, and rotate it",
    ],
    [
      "of a function",
      "a.yaml",
      property("AWS::Lambda::Function", "Environment:\n        Variables:\n          DB_PASSWORD"),
      "is in the environment of a function, which AWS shows",
      "let the program read it from a store when it starts, remove it here, and rotate it",
    ],
  ])("%s", async (_what, name, text, reason, hint) => {
    layFiles(world.dir, { [`stays/${name}`]: text });
    const ran = await world.unsprawl(["plan", `dir:stays/${name}`, "--to", "local", "--json"]);
    const { notMoved, steps } = JSON.parse(ran.stdout) as { notMoved: readonly NotMoved[]; steps: readonly object[] };
    expect(steps).toEqual([]);
    expect(notMoved.map((one) => [one.reason, one.hint])).toEqual([[reason, hint]]);
  });
});
