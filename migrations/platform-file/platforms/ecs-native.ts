import { bare, cmd } from "../../../src/kit/shell.ts";
import type { Edit } from "../../../src/kit/text/splice.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { StoreKey, StoreTarget } from "../../../src/model/plan.ts";
import { addedItems, removedItems } from "../syntax/json-edits.ts";
import { member, memberText, sortedPart, type Part, type PlainPart } from "../syntax/part.ts";
import type { NativeForm } from "./platform.ts";

/**
 * `secrets: [{ name, valueFrom }]`, which ECS fills in when it starts a container. Sources: AmazonECS developer guide,
 * "Pass sensitive data to an Amazon ECS container"; API reference, `Secret`: a parameter of the task's region by its name,
 * a secret by its ARN (the suffix may be left out: aws-cdk #11042), followed by key, stage and version.
 */
export const ecsSecrets: NativeForm = {
  refuses({ name, owner, of }, { variables }) {
    const same = variables.filter((other) => other.name === name && other.of === of);
    if (same.length > 1)
      return {
        reason: "is set twice in its container, and only one counts",
        hint: "remove the other one, then scan again",
      };
    if (secretsOf(owner).some((item) => memberText(item, "name") === name))
      return { reason: "is also in the container's secrets", hint: "remove it from environment, and rotate it" };
    return null;
  },
  names({ owner }, { parts: [root] }) {
    const family = root === undefined ? null : familyOf(root);
    return { subject: memberText(owner, "name") ?? family ?? "task", project: family ?? "ecs" };
  },
  target({ parts: [root] }, { name, provider, settings }) {
    if (provider === "aws-ssm") return { by: "name", region: regionOf(settings) };
    if (provider !== "aws-secrets-manager")
      throw new UnsprawlError(
        "refused",
        `ECS cannot read ${provider === name ? provider : `${name} (${provider})`}`,
        "--to a store of Parameter Store or Secrets Manager",
      );
    const [, partition, account] = /^arn:([\w-]+):iam::(\d{12}):/.exec(roleOf(root) ?? "") ?? [];
    const region = regionOf(settings);
    if (partition === undefined || account === undefined || region === null)
      throw new UnsprawlError(
        "refused",
        `the ARN of a secret cannot be made: ${region === null ? "the store has no region" : "the task definition names no executionRoleArn, which holds the account"}`,
        "--to a store of Parameter Store, which ECS reads by name",
      );
    return { by: "arn", region, prefix: `arn:${partition}:secretsmanager:${region}:${account}:secret:` };
  },
  shown: ({ move, variable: { name } }, target) => `secrets: ${name}: valueFrom: ${valueFrom(move.key, target)}`,
  edits({ text }, moving, target): readonly Edit[] {
    const byOwner = [...Map.groupBy(moving, ({ variable }) => variable.owner)];
    return byOwner.flatMap(([owner, own]) => {
      const [first] = own;
      const list = first?.variable.environment;
      if (list?.kind !== "list" || owner.kind !== "map") return [];
      const items = own.map((one) => ({ name: one.variable.name, valueFrom: valueFrom(one.move.key, target) }));
      const gone = new Set(own.map(({ variable }) => variable.item));
      return [...removedItems(list, gone), ...addedItems(text, owner, list, "secrets", items)];
    });
  },
  changes(_description, moving, target) {
    const changes = new Map<Part, (was: PlainPart) => PlainPart>();
    for (const [owner, own] of Map.groupBy(moving, ({ variable }) => variable.owner)) {
      const added = own.map(({ variable: { name }, move }) =>
        sortedPart({ name, valueFrom: valueFrom(move.key, target) }),
      );
      for (const { variable } of own) changes.set(variable.item, () => null);
      changes.set(owner, (was) => {
        const map = was as { readonly [key: string]: PlainPart };
        return sortedPart({ ...map, secrets: [...((map["secrets"] ?? []) as readonly PlainPart[]), ...added] });
      });
    }
    return changes;
  },
  warnings: (_moving, target) => [
    `the execution role must be allowed to read ${target["by"] === "name" ? "the parameters (ssm:GetParameters) and the task must run in the store's region" : "the secrets (secretsmanager:GetSecretValue, with -?????? after each name); the account is the one of executionRoleArn"}: unsprawl stores policy prints the policy`,
    "running tasks keep the old values until the new revision is deployed; earlier revisions hold them until they are deregistered and deleted: rotate them",
    "on EC2 instances, docker inspect still shows the values that ECS fills in",
  ],
};

function valueFrom({ path, field }: StoreKey, target: { readonly [key: string]: unknown }): string {
  if (target["by"] === "name") return path;
  if (/-\w{6}$/.test(path))
    throw new UnsprawlError(
      "refused",
      `${path} ends like a suffix of Secrets Manager: its ARN would name another secret`,
      cmd`choose another path for the store, without a dash before the last ${bare(6)} characters`,
    );
  return `${String(target["prefix"])}${path}${field === "" ? "" : `:${field}::`}`;
}

const regionOf = ({ region }: StoreTarget["settings"]): string | null => (typeof region === "string" ? region : null);

/** `describe-task-definition` prints the definition below `taskDefinition`. */
const definitionOf = (root: Part): Part => member(root, "taskDefinition") ?? root;
const familyOf = (root: Part): string | null => memberText(definitionOf(root), "family");
const roleOf = (root: Part | undefined): string | null =>
  root === undefined ? null : memberText(definitionOf(root), "executionRoleArn");

function secretsOf(owner: Part): readonly Part[] {
  const secrets = member(owner, "secrets");
  return secrets?.kind === "list" ? secrets.items : [];
}
