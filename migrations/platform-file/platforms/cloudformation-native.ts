import { basename, dirname } from "node:path";
import { cmd } from "../../../src/kit/shell.ts";
import type { Edit } from "../../../src/kit/text/splice.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { StepTarget } from "../../../src/files/file-migration.ts";
import type { StoreKey } from "../../../src/model/plan.ts";
import { isRepeated, member, memberText, pathTo, sortedPart, type Part, type PlainPart } from "../syntax/part.ts";
import { FILLER } from "../syntax/templates.ts";
import type { PlatformVariable } from "../syntax/walk.ts";
import { addedJsonSecrets, addedYamlSecrets, isJson, type ContainerSecret } from "../syntax/cloudformation-edits.ts";
import type { Description, MovingVariable, NativeForm } from "./platform.ts";

/**
 * `Secrets` of a container, which ECS fills in when it starts it, and dynamic references for properties that are never
 * shown again. Sources: AWS CloudFormation template reference, `AWS::ECS::TaskDefinition Secret`; user guide, "Get a
 * secret or secret value from Secrets Manager" and "Get a secure string value from Systems Manager Parameter Store",
 * with the properties that the latter is allowed in.
 */
const REFERENCED: ReadonlySet<string> = new Set([
  "AWS::RDS::DBInstance MasterUserPassword",
  "AWS::RDS::DBCluster MasterUserPassword",
  "AWS::Redshift::Cluster MasterUserPassword",
  "AWS::ElastiCache::ReplicationGroup AuthToken",
  "AWS::DirectoryService::MicrosoftAD Password",
  "AWS::DirectoryService::SimpleAD Password",
]);

export const cloudFormationSecrets: NativeForm = {
  refuses(variable, description) {
    const { name, value, of, owner, item } = variable;
    if (description.parts.some((root) => isRepeated(root, item)))
      return {
        reason: "is written once and used in several places, by an anchor",
        hint: "write it out in each of them, then scan again",
      };
    const isNested = /^Resources\..+\.Parameters$/.test(of);
    if (isNested || of.startsWith("Parameters."))
      return {
        reason: isNested ? "is a parameter of a nested stack" : "is the default of a parameter",
        hint: cmd`write {{resolve:secretsmanager:…}} where ${name} is used, remove the parameter, and rotate it`,
      };
    if (isProperty(variable)) {
      const resource = resourceOf(variable, description);
      const type = resource === null ? null : memberText(resource.part, "Type");
      if (!REFERENCED.has(`${type ?? ""} ${name}`))
        return {
          reason: `is a property of ${type ?? "a resource"}, of which AWS may show it again`,
          hint: "let the program read it from a store when it starts, remove it here, and rotate it",
        };
      return value.includes("\n") ? { reason: "has a value of several lines", hint: "write it in one line" } : null;
    }
    if (description.variables.filter((other) => other.name === name && other.of === of).length > 1)
      return {
        reason: "is set twice in its container, and only one counts",
        hint: "remove the other one, then scan again",
      };
    const secrets = member(owner, "Secrets");
    if (secrets !== null && secrets.kind !== "list")
      return { reason: "is beside Secrets that the template assembles", hint: cmd`add ${name} to them by hand` };
    if (secrets?.items.some((item) => memberText(item, "Name") === name) === true)
      return { reason: "is also in the container's Secrets", hint: "remove it from Environment, and rotate it" };
    return null;
  },
  names(variable, description, file) {
    const resource = resourceOf(variable, description);
    const subject = isProperty(variable) ? null : literal(variable.owner, "Name");
    const family = resource === null ? null : literal(member(resource.part, "Properties"), "Family");
    return {
      subject: subject ?? resource?.key ?? "stack",
      project: family ?? (basename(dirname(file)) || "cloudformation"),
    };
  },
  target(_description, { name, provider, settings }) {
    if (provider === "aws-ssm") return { by: "name" };
    if (provider === "aws-secrets-manager")
      return { by: "arn", region: typeof settings["region"] === "string" ? settings["region"] : null };
    throw new UnsprawlError(
      "refused",
      `CloudFormation cannot read ${provider === name ? provider : `${name} (${provider})`}`,
      "--to a store of Parameter Store or Secrets Manager",
    );
  },
  shown: ({ move: { key }, variable }, target) =>
    isProperty(variable)
      ? `${variable.name}: ${dynamicReference(key, target)}`
      : `Secrets: ${variable.name}: ValueFrom: ${valueFrom(key, target).text}`,
  async edits({ text }, moving, target) {
    const [properties, containers] = parted(moving);
    const edits: Edit[] = properties.map(({ variable: { start, end }, move: { key } }) => {
      const reference = dynamicReference(key, target);
      return { start, end, text: text.charAt(start) === '"' ? JSON.stringify(reference) : `'${reference}'` };
    });
    for (const own of byContainer(containers, target))
      edits.push(...(isJson(text) ? addedJsonSecrets(text, own) : await addedYamlSecrets(text, own)));
    return edits;
  },
  changes({ text }, moving, target) {
    const changes = new Map<Part, (was: PlainPart) => PlainPart>();
    const [properties, containers] = parted(moving);
    for (const {
      variable,
      move: { key },
    } of properties) {
      const reference = dynamicReference(key, target);
      // YAML is read with what others fill in masked.
      changes.set(variable.item, () => (isJson(text) ? reference : FILLER.repeat(reference.length)));
    }
    for (const { container, list, items, secrets } of byContainer(containers, target)) {
      for (const item of items) changes.set(item, () => null);
      const added = secrets.map(({ name, from }) =>
        sortedPart({ Name: name, ValueFrom: from.isFilled && isJson(text) ? { "Fn::Sub": from.text } : from.text }),
      );
      const isEmptied = !isJson(text) && list.kind === "list" && list.items.length === items.length;
      changes.set(container, (was) => {
        const { Environment: environment = null, ...map } = was as { readonly [key: string]: PlainPart };
        const kept = isEmptied || environment === null ? {} : { Environment: environment };
        return sortedPart({
          ...map,
          ...kept,
          Secrets: [...((map["Secrets"] ?? []) as readonly PlainPart[]), ...added],
        });
      });
    }
    return changes;
  },
  warnings(moving, target) {
    const [properties, containers] = parted(moving);
    const what = target["by"] === "name" ? "parameters (ssm:GetParameters)" : "secrets (secretsmanager:GetSecretValue)";
    return [
      ...(containers.length === 0
        ? []
        : [`the tasks' execution role must be allowed to read the ${what}: unsprawl stores policy prints the policy`]),
      ...(properties.length === 0
        ? []
        : [
            `whoever updates the stack must be allowed to read the ${what}; an update that changes nothing else does not read a changed secret again`,
          ]),
      "the store must be in the stack's account and region",
      "earlier task definitions, templates and change sets hold the old values: rotate them",
    ];
  },
};

type ContainerSecrets = {
  readonly container: Part;
  readonly list: Part;
  readonly items: readonly Part[];
  readonly secrets: readonly ContainerSecret[];
};

function byContainer(moving: readonly MovingVariable[], target: StepTarget): readonly ContainerSecrets[] {
  return [...Map.groupBy(moving, ({ variable }) => variable.owner)].flatMap(([container, own]) => {
    const [first] = own;
    if (first === undefined) return [];
    return {
      container,
      list: first.variable.environment,
      items: own.map(({ variable }) => variable.item),
      secrets: own.map(({ variable: { name }, move: { key } }) => ({ name, from: valueFrom(key, target) })),
    };
  });
}

const isProperty = ({ of, item }: PlatformVariable): boolean => item.kind === "text" && of.startsWith("Resources.");

function parted(moving: readonly MovingVariable[]): [properties: MovingVariable[], containers: MovingVariable[]] {
  return [
    moving.filter(({ variable }) => isProperty(variable)),
    moving.filter(({ variable }) => !isProperty(variable)),
  ];
}

/** The resource that a variable belongs to, with its logical id. */
function resourceOf(
  { item }: PlatformVariable,
  { parts }: Description,
): { readonly key: string; readonly part: Part } | null {
  for (const root of parts) {
    const [top, resource] = pathTo(root, item) ?? [];
    if (top?.key === "Resources" && resource !== undefined) return resource;
  }
  return null;
}

/** A text that no function of the template computes. */
function literal(part: Part | null, key: string): string | null {
  const found = part === null ? null : member(part, key);
  return found?.kind === "text" && !found.filled && /^[\w.-]{1,100}$/.test(found.value) ? found.value : null;
}

/** Characters that end a part of a dynamic reference or begin a variable of `Fn::Sub`. */
const SPECIAL = /[:{}$"'\\\s]/;

function checked(text: string): string {
  if (!SPECIAL.test(text)) return text;
  throw new UnsprawlError("refused", `CloudFormation cannot name ${text}`, "choose another path for the store");
}

function dynamicReference({ path, field }: StoreKey, { by }: StepTarget): string {
  if (by === "name") return `{{resolve:ssm-secure:${checked(path)}}}`;
  return `{{resolve:secretsmanager:${checked(path)}${field === "" ? "" : `:SecretString:${checked(field)}`}}}`;
}

/** As ECS takes it: a parameter of the stack's region by its name, a secret by its ARN, which the stack assembles. */
function valueFrom({ path, field }: StoreKey, { by, region }: StepTarget): ContainerSecret["from"] {
  if (by === "name") return { text: checked(path), isFilled: false };
  if (/-\w{6}$/.test(path))
    throw new UnsprawlError(
      "refused",
      `${path} ends like a suffix of Secrets Manager: its ARN would name another secret`,
      "choose another path for the store, without a dash before the last 6 characters",
    );
  const place = typeof region === "string" ? region : "${AWS::Region}";
  const arn = `arn:\${AWS::Partition}:secretsmanager:${place}:\${AWS::AccountId}:secret:${checked(path)}`;
  return { text: `${arn}${field === "" ? "" : `:${checked(field)}::`}`, isFilled: true };
}
