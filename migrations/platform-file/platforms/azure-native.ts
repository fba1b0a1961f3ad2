import { basename, dirname } from "node:path";
import { bare, cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { Refusal, StoreKey, StoreTarget } from "../../../src/model/plan.ts";
import { member, memberText, sortedPart, type Part, type PlainPart } from "../syntax/part.ts";
import type { PlatformVariable } from "../syntax/walk.ts";
import type { Description, MovingVariable, NativeForm } from "./platform.ts";

/**
 * `@Microsoft.KeyVault(SecretUri=…)` as a setting's value, which App Service and Functions fill in for the program. Without a
 * version in it, a changed secret is taken over within a day.
 */
export const appServiceReferences: NativeForm = {
  refuses: (variable, description) => twice(variable, description) ?? assembled(variable),
  names: (_variable, _description, file) => namesOf(file),
  target: (_description, store) => vaultOf(store, "App Service"),
  shown: ({ move, variable: { name } }, target) => `${name}: ${settingOf(move.key, target)}`,
  edits: (_description, moving, target) =>
    moving.flatMap(({ variable: { item }, move }) => {
      const value = member(item, "value");
      if (value === null) return [];
      return [{ start: value.start, end: value.end, text: JSON.stringify(settingOf(move.key, target)) }];
    }),
  changes: (_description, moving, target) => changesOf(moving, ({ move }) => ({ value: settingOf(move.key, target) })),
  warnings: () => [
    "the site's identity must be allowed to read the secrets (the role Key Vault Secrets User), or the program gets the reference as its value: unsprawl stores policy prints the command",
    "the settings that are deployed keep the values until az webapp config appsettings set --settings @FILE: then rotate them",
  ],
};

/**
 * A secret with `keyVaultUrl` and `identity` in place of its value. A variable with a value in a container is left: it takes a
 * secret and a `secretRef`, and which name the secret gets is its author's choice.
 */
export const containerAppSecrets: NativeForm = {
  refuses(variable, description) {
    const fault = twice(variable, description) ?? assembled(variable);
    if (fault !== null || variable.of.endsWith("secrets")) return fault;
    const secret = variable.name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    return {
      reason: "is in the env of a container, which shows it to anyone who may read the Container App",
      hint: cmd`add a secret ${secret} with keyVaultUrl and identity to configuration.secrets, write secretRef: ${secret} in place of the value, and rotate it`,
    };
  },
  names: (_variable, _description, file) => namesOf(file),
  target(description, store) {
    return { ...vaultOf(store, "Container Apps"), identity: identityOf(description) };
  },
  shown: ({ move, variable: { name } }, target) =>
    `${name}: keyVaultUrl: ${secretUri(move.key, target)}, identity: ${textOf(target["identity"])}`,
  edits: ({ text }, moving, target) =>
    moving.flatMap(({ variable: { item }, move }) => {
      const entry = item.kind === "map" ? item.entries.find(({ key }) => key === "value") : undefined;
      if (entry === undefined) return [];
      const isJson = text.charAt(entry.start) === '"';
      const isBlock = !isJson && text.charAt(item.start) !== "{";
      const column = entry.start - (text.lastIndexOf("\n", entry.start - 1) + 1);
      const key = (name: string): string => (isJson ? JSON.stringify(name) : name);
      const pairs = Object.entries(fieldsOf(move.key, target)).map(
        ([name, value]) => `${key(name)}: ${isBlock ? value : JSON.stringify(value)}`,
      );
      return [
        { start: entry.start, end: entry.value.end, text: pairs.join(isBlock ? `\n${" ".repeat(column)}` : ", ") },
      ];
    }),
  changes: (_description, moving, target) =>
    changesOf(moving, ({ move }) => ({ value: null, ...fieldsOf(move.key, target) })),
  warnings: (_moving, { identity }) => [
    `the app's identity (${textOf(identity)}) must be allowed to read the secrets (the role Key Vault Secrets User): unsprawl stores policy prints the command`,
    "the deployed app and its revisions keep the values until it is updated: then rotate them",
  ],
};

/** Keys that are null are left out. */
function changesOf(
  moving: readonly MovingVariable[],
  fields: (one: MovingVariable) => { readonly [key: string]: string | null },
): ReadonlyMap<Part, (was: PlainPart) => PlainPart> {
  return new Map(
    moving.map((one) => [
      one.variable.item,
      (was: PlainPart): PlainPart => {
        const all = Object.entries({ ...(was as { readonly [key: string]: PlainPart }), ...fields(one) });
        return sortedPart(Object.fromEntries(all.filter(([, value]) => value !== null)));
      },
    ]),
  );
}

function twice({ name, of }: PlatformVariable, { variables }: Description): Refusal | null {
  if (variables.filter((other) => other.name === name && other.of === of).length < 2) return null;
  return { reason: "is set twice, and only one counts", hint: "remove the other one, then scan again" };
}

/** `[parameters('x')]` of an ARM template. */
function assembled({ value, filled }: PlatformVariable): Refusal | null {
  if (!filled && !value.startsWith("[")) return null;
  return {
    reason: "is filled in by the template",
    hint: "make the parameter a secureString, and give it a reference to a Key Vault in the parameters' file",
  };
}

function namesOf(file: string): { readonly subject: string; readonly project: string } {
  return { subject: basename(file).replace(/\.(?:json|ya?ml)$/, ""), project: basename(dirname(file)) };
}

function vaultOf({ name, provider, settings: { url } }: StoreTarget, platform: string): { readonly url: string } {
  if (provider === "azure-key-vault" && typeof url === "string") return { url };
  throw new UnsprawlError(
    "refused",
    `${platform} cannot read ${provider === name ? provider : `${name} (${provider})`}`,
    cmd`${bare("--to a store of Azure Key Vault")}`,
  );
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Its path is the secret's name, and its version if the store pins them. */
const secretUri = ({ path }: StoreKey, { url }: { readonly [key: string]: unknown }): string =>
  `${textOf(url)}/secrets/${path}`;

const settingOf = (key: StoreKey, target: { readonly [key: string]: unknown }): string =>
  `@Microsoft.KeyVault(SecretUri=${secretUri(key, target)})`;

const fieldsOf = (key: StoreKey, target: { readonly [key: string]: unknown }): { readonly [key: string]: string } => ({
  keyVaultUrl: secretUri(key, target),
  identity: textOf(target["identity"]),
});

/**
 * Which identity the file's apps read secrets with: the system's, or the one that is assigned. Throws `refused` where several
 * are: which of them may read is not known.
 */
function identityOf({ parts: [root] }: Description): string {
  const resources = root === undefined ? null : member(root, "resources");
  const apps =
    resources?.kind === "list"
      ? resources.items.filter((one) => memberText(one, "type") === "Microsoft.App/containerApps")
      : [root].filter((one) => one !== undefined);
  const [only = SYSTEM, ...more] = new Set(apps.flatMap(identitiesOf));
  if (more.length === 0) return only;
  throw new UnsprawlError(
    "refused",
    "the Container App has several identities, and which one reads its secrets is not known",
    "give it a system-assigned identity or a single other one, or write keyVaultUrl and identity yourself",
  );
}

function identitiesOf(app: Part): readonly string[] {
  const identity = member(app, "identity");
  const assigned = identity === null ? null : member(identity, "userAssignedIdentities");
  const isSystem = identity !== null && (memberText(identity, "type") ?? "").includes("SystemAssigned");
  return isSystem || assigned?.kind !== "map" || assigned.entries.length === 0
    ? [SYSTEM]
    : assigned.entries.map(({ key }) => key);
}

const SYSTEM = "system";
