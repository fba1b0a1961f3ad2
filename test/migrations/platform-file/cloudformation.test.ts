import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMoto, type Moto } from "../../services/moto.ts";
import type { NotMoved } from "../../../src/model/plan.ts";
import { filesOf, layFiles } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

describe("a CloudFormation template", () => {
  let moto: Moto;
  let world: World;
  beforeAll(async () => {
    moto = await startMoto();
    world = makeWorld("unix:///nowhere", moto.env);
  });
  afterAll(async () => {
    world?.remove();
    await moto?.stop();
  });

  /** Four containers: lines of each kind, a list of a secret alone, one beside Secrets, one in braces. */
  const yaml = (secrets: readonly string[]): string => `AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  DbPassword: {Type: String, NoEcho: true, Default: ""}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      ContainerDefinitions:
        - Name: api
          Image: !Sub "\${AWS::AccountId}/api"
          Environment:
            - Name: LOG
              Value: info
            - Name: DB_PASSWORD # rotate
              Value: "${secrets[0]}"
            - Name: OTHER_PASSWORD
              Value: !Ref DbPassword
          # in MiB
          Memory: 512
        - Name: worker
          Image: worker
          Memory: 64
          Environment:
            - {Name: SESSION_SECRET, Value: ${secrets[1]}}
          Secrets:
            - Name: OTHER
              ValueFrom: /shop/other
        - {Name: cron, Image: cron, Memory: 64, Environment: [{Name: API_TOKEN, Value: ${secrets[2]}}]}
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
      DBInstanceClass: db.t3.micro
      AllocatedStorage: "20"
      MasterUsername: app
      MasterUserPassword: ${secrets[3]} # rotate
`;
  const json = (secrets: readonly string[]): string => `{
  "Resources": {
    "Task": {
      "Type": "AWS::ECS::TaskDefinition",
      "Properties": {
        "Family": "jobs",
        "ContainerDefinitions": [
          {
            "Name": "api", "Image": "api",
            "Environment": [
              { "Name": "DB_PASSWORD", "Value": "${secrets[0]}" }
            ]
          }
        ]
      }
    },
    "Db": { "Type": "AWS::RDS::DBInstance", "Properties": { "Engine": "postgres", "DBInstanceClass": "a", "MasterUsername": "app", "MasterUserPassword": "${secrets[1]}" } }
  }
}
`;

  /** What ECS shows of the first revision of a family, once the template is a stack. */
  async function deployed(stack: string, template: string): Promise<readonly object[]> {
    const call = async (service: string, body: URLSearchParams | string, target?: string): Promise<string> => {
      const authorization = `AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
      const type = target === undefined ? {} : { "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1" };
      const response = await fetch(moto.url, { method: "POST", body, headers: { authorization, ...type } });
      const answer = await response.text();
      expect(response.status, answer).toBe(200);
      return answer;
    };
    const made = { Action: "CreateStack", Version: "2010-05-15", StackName: stack, TemplateBody: template };
    await call("cloudformation", new URLSearchParams(made));
    const asked = JSON.stringify({ taskDefinition: `${stack}:1` });
    const shown = await call("ecs", asked, "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition");
    const { taskDefinition } = JSON.parse(shown) as { taskDefinition: { containerDefinitions: readonly object[] } };
    return taskDefinition.containerDefinitions;
  }

  const arn = (field: string): string =>
    `arn:\${AWS::Partition}:secretsmanager:us-east-1:\${AWS::AccountId}:secret:apps/${field}::`;

  it.each([
    [
      "aws-ssm",
      (at: string, name: string) => `"/apps/shop/${at}/${name}"`,
      (at: string, name: string) => `ssm-secure:/apps/shop/${at}/${name}`,
    ],
    [
      "aws-secrets-manager",
      (at: string, name: string) => `!Sub "${arn(`shop/${at}:${name}`)}"`,
      (at: string, name: string) => `secretsmanager:apps/shop/${at}:SecretString:${name}`,
    ],
  ])("reads %s, differs in nothing else, and comes back byte for byte", async (store, from, resolved) => {
    const secrets = [password(), password(), password(), password()];
    world.plant(Object.fromEntries(secrets.map((secret, at) => [`SECRET_${at}`, secret])));
    const dir = join(world.dir, store, "shop");
    layFiles(world.dir, { [`${store}/shop/template.yaml`]: yaml(secrets) });
    const before = filesOf(dir);
    const moved = await world.unsprawl(["migrate", `dir:${store}`, "--to", store, "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
    expect(moved.stdout).toContain("execution role must be allowed to read");
    expect(moved.stdout).toContain("whoever updates the stack must be allowed to read");

    const text = readFileSync(join(dir, "template.yaml"), "utf8");
    const block = (at: string, name: string): string =>
      `            - Name: ${name}\n              ValueFrom: ${from(at, name)}\n`;
    expect(text).toBe(
      yaml(secrets)
        .replace(/ {12}- Name: DB_PASSWORD.*\n.*\n/, "")
        .replace("          Memory: 512\n", `          Memory: 512\n          Secrets:\n${block("api", "DB_PASSWORD")}`)
        .replace(/ {10}Environment:\n {12}- \{.*\n/, "")
        .replace("ValueFrom: /shop/other\n", `ValueFrom: /shop/other\n${block("worker", "SESSION_SECRET")}`)
        .replace(/Environment: \[.*\]/, `Secrets: [{Name: API_TOKEN, ValueFrom: ${from("cron", "API_TOKEN")}}]`)
        .replace(secrets[3] ?? "", `'{{resolve:${resolved("Db", "MasterUserPassword")}}}'`),
    );
    const [api, worker] = (await deployed(
      store === "aws-ssm" ? "shop" : "shop2",
      text.replace("Family: shop", store === "aws-ssm" ? "Family: shop" : "Family: shop2"),
    )) as readonly {
      readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[];
    }[];
    expect(api?.secrets.map(({ name }) => name)).toEqual(["DB_PASSWORD"]);
    expect(worker?.secrets.map(({ name }) => name)).toEqual(["OTHER", "SESSION_SECRET"]);
    expect(api?.secrets[0]?.valueFrom).toBe(
      from("api", "DB_PASSWORD")
        .replace("!Sub ", "")
        .replaceAll('"', "")
        .replace("${AWS::Partition}", "aws")
        .replace("${AWS::AccountId}", "123456789012"),
    );

    expect((await world.unsprawl(["rollback"])).code).toBe(0);
    expect(filesOf(dir)).toEqual(before);
  });

  it.each(["template.json", "stack.template"])("in JSON, as %s", async (name) => {
    const secrets = [password(), password()];
    world.plant({ SECRET_0: secrets[0] ?? "", SECRET_1: secrets[1] ?? "" });
    layFiles(world.dir, { [`json/${name}`]: json(secrets) });
    const before = filesOf(join(world.dir, "json"));
    const moved = await world.unsprawl(["migrate", `dir:json/${name}`, "--to", "aws-secrets-manager", "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
    const text = readFileSync(join(world.dir, "json", name), "utf8");
    expect(text).toBe(
      json(secrets)
        .replace(
          /"Environment": \[[^\]]*\]/,
          `"Environment": [],\n            "Secrets": [\n              { "Name": "DB_PASSWORD", "ValueFrom": { "Fn::Sub": "${arn("jobs/api:DB_PASSWORD")}" } }\n            ]`,
        )
        .replace(secrets[1] ?? "", "{{resolve:secretsmanager:apps/json/Db:SecretString:MasterUserPassword}}"),
    );
    expect((await world.unsprawl(["rollback"])).code).toBe(0);
    expect(filesOf(join(world.dir, "json"))).toEqual(before);
  });

  it("a container that a condition chooses", async () => {
    const secret = password();
    world.plant({ SECRET_0: secret });
    const chosen = (text: string): string =>
      `Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: shop\n      ContainerDefinitions: !If\n        - Big\n        - - Name: api\n            ${text}\n        - !Ref AWS::NoValue\n`;
    layFiles(world.dir, { "if/t.yaml": chosen(`Environment: [{Name: DB_PASSWORD, Value: ${secret}}]`) });
    const moved = await world.unsprawl(["migrate", "dir:if", "--to", "aws-ssm", "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
    expect(readFileSync(join(world.dir, "if/t.yaml"), "utf8")).toBe(
      chosen(`Secrets:\n              - Name: DB_PASSWORD\n                ValueFrom: "/apps/shop/api/DB_PASSWORD"`),
    );
  });

  const template = (type: string, key: string): string =>
    `Resources:\n  X:\n    Type: ${type}\n    Properties:\n      ${key}: ${password()}\n`;
  const container = (more: string): string =>
    `Resources:\n  X:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        - Environment: [{Name: DB_PASSWORD, Value: ${password()}}]\n          Name: a\n${more}`;
  it.each([
    [
      "local",
      template("AWS::RDS::DBCluster", "MasterUserPassword"),
      /^CloudFormation cannot read local$/,
      /Parameter Store or Sec/,
    ],
    [
      "aws-ssm",
      template("AWS::DocDB::DBCluster", "MasterUserPassword"),
      /a property of AWS::DocDB::DBCluster/,
      /when it starts/,
    ],
    [
      "aws-ssm",
      container("          Secrets: [{Name: DB_PASSWORD, ValueFrom: /x}]\n"),
      /^is also in the container's Secrets$/,
      /^remove it from Env/,
    ],
    ["aws-ssm", container("          Secrets: !Ref A\n"), /Secrets that the template assembles/, /by hand$/],
    ["aws-ssm", container("          Secrets: !If [A, B, C]\n"), /Secrets that the template assembles/, /by hand$/],
    [
      "aws-ssm",
      container("        - {Name: b, Environment: *env}\n").replace("Environment: [", "Environment: &env ["),
      /used in several places, by an anchor$/,
      /in each of them/,
    ],
    [
      "aws-ssm",
      container("        - {Name: *n}\n").replace("Value: ", "Value: &n "),
      /used in several places, by an anchor$/,
      /in each of them/,
    ],
    [
      "aws-ssm",
      "Resources:\n  X:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      Parameters:\n        DbPassword: " +
        password(),
      /^is a parameter of a nested stack$/,
      /where DbPassword is used, remove the parameter/,
    ],
    [
      "aws-ssm",
      "Parameters:\n  DbPassword:\n    Type: String\n    Default: " +
        password() +
        "\nResources: {X: {Type: AWS::SNS::Topic}}\n",
      /^is the default of a parameter$/,
      /where DbPassword is used, remove the parameter/,
    ],
    [
      "aws-ssm",
      "Resources:\n  X:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment:\n        Variables: {DB_PASSWORD: " +
        password() +
        "}\n",
      /^is a property of AWS::Lambda::Function, of which AWS may show it again$/,
      /when it starts/,
    ],
    // Its line begins the container too.
    ["aws-ssm", container(""), /would be read differently afterwards$/, /^write its lines plainly$/],
  ])("is refused for %s: %#", async (store, text, reason, hint) => {
    layFiles(world.dir, { "refused/a.yaml": text });
    const ran = await world.unsprawl(["plan", "dir:refused", "--to", store, "--json"]);
    const { notMoved, steps } = JSON.parse(ran.stdout) as { notMoved: readonly NotMoved[]; steps: readonly object[] };
    expect(steps).toEqual([]);
    expect(notMoved.length).toBeGreaterThan(0);
    for (const one of notMoved)
      expect(one).toMatchObject({ reason: expect.stringMatching(reason), hint: expect.stringMatching(hint) });
  });
});
