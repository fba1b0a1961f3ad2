import { createHash } from "node:crypto";
import type { SubjectNames } from "../../src/contract/provider.ts";
import { bare, cmd, shellWord } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { applicationPath, everyPath } from "./names.ts";
import type { VaultSettings } from "./settings.ts";

/** The version of the KV engine. */
export type KvVersion = 1 | 2;

/** What is at a mount. `isSaid`: by the server itself, and not by the configuration or by trying. */
export type MountKind = { readonly kind: KvVersion | "database"; readonly isSaid: boolean };

/** One rule of a policy: the rights needed on a path. */
export type PolicyRule = { readonly path: string; readonly capabilities: readonly string[] };

/** The line to add to a policy, in HCL. */
export function policyLine({ path, capabilities }: PolicyRule): string {
  return `path ${JSON.stringify(path)} { capabilities = [${capabilities.map((one) => JSON.stringify(one)).join(", ")}] }`;
}

/** What an application's reader needs: to read below the store's prefix, and nothing else. */
export function readerRights(
  mount: string,
  prefix: string,
  kind: MountKind["kind"],
  wholeTree: boolean,
): readonly PolicyRule[] {
  const base = kind === 2 ? `${mount}/data/${prefix}` : `${mount}/${prefix}`;
  return [{ path: wholeTree ? `${base}*` : base, capabilities: ["read"] }];
}

/** The rights to see that a secret has changed, without reading it: none if the engine keeps no versions. */
export function versionRights(
  mount: string,
  prefix: string,
  kind: MountKind["kind"],
  wholeTree: boolean,
): readonly PolicyRule[] {
  if (kind !== 2) return [];
  return [{ path: `${mount}/metadata/${prefix}${wholeTree ? "*" : ""}`, capabilities: ["read"] }];
}

/** The rights to move and restore one secret. */
export function writerRights(mount: string, path: string, kvVersion: 1 | 2): readonly PolicyRule[] {
  if (kvVersion === 1) return [{ path: `${mount}/${path}`, capabilities: ["create", "read", "update", "delete"] }];
  return [
    { path: `${mount}/data/${path}`, capabilities: ["create", "read", "update", "patch"] },
    { path: `${mount}/metadata/${path}`, capabilities: ["read", "patch", "delete"] },
  ];
}

/** The rights to list everything below a folder, values included. */
export function listRights(mount: string, folder: string, kvVersion: 1 | 2): readonly PolicyRule[] {
  if (kvVersion === 1) return [{ path: `${mount}/${folder}*`, capabilities: ["list", "read"] }];
  return [
    { path: `${mount}/metadata/${folder}*`, capabilities: ["list"] },
    { path: `${mount}/data/${folder}*`, capabilities: ["read"] },
  ];
}

/**
 * The policy of one application, as `bao policy write` takes it: to read its values and nothing else. In comments, how
 * to apply it and how to create an AppRole with it. Throws `refused` if no policy can distinguish this application.
 */
export function applicationPolicy(settings: VaultSettings, names: SubjectNames, kind: MountKind["kind"]): string {
  const { mount, path, auth } = settings;
  const place = applicationPath(path, names);
  mustBeReadable(`${mount}/${place}`);
  const name = policyName(settings, path.includes("{subject}") ? names.subject : mount, place);
  const role = inLine(`auth/${auth.method === "approle" ? auth.mount : "approle"}/role/${name}`);
  return [
    cmd`# Reads what unsprawl keeps for ${bare(path.includes("{subject}") ? "one application" : "all applications: the store's path holds no {subject}")}, and nothing else.`,
    command(settings, "policy write", `${name} FILE`),
    ...readerRights(mount, place, kind, false).map(policyLine),
    "",
    "# An AppRole with this policy, if you need one; the secret id is wrapped, to be unwrapped once:",
    command(settings, "write", `${role} token_policies=${name} token_ttl=20m`),
    command(settings, "read", `-field=role_id ${role}/role-id`),
    command(settings, "write", `-f -wrap-ttl=10m -field=wrapping_token ${role}/secret-id`),
    "",
  ].join("\n");
}

/**
 * The policy of whoever migrates, in the same form: to move and restore every value of this store, and nothing else. A
 * version that is not known, because nobody may see the mount yet, is both. Throws `refused` as above.
 */
export function migratorPolicy(settings: VaultSettings, kvVersion: 1 | 2 | null): string {
  const { mount, path } = settings;
  const place = everyPath(path);
  mustBeReadable(`${mount}/${place}`);
  const name = policyName(settings, `migrate-${mount}`, place);
  const rules = (version: 1 | 2): readonly string[] => writerRights(mount, place, version).map(policyLine);
  const either = ([2, 1] as const).flatMap((version) => [
    `# If ${inLine(`${mount}/`)} is KV version ${version} (bao secrets list -detailed shows it); leave the other one out:`,
    ...rules(version),
  ]);
  return [
    "# Moves and restores what unsprawl keeps in this store (plan, migrate, rollback, scrub, rotate), and nothing else.",
    command(settings, "policy write", `${name} FILE`),
    ...(kvVersion === null ? either : rules(kvVersion)),
    "",
    "# A token with this policy, for an hour:",
    command(settings, "token create", `-policy=${name} -ttl=1h -field=token`),
    "",
  ].join("\n");
}

/** Vault expands {{…}}, and its parser reads ${…} and quotes in it. */
function mustBeReadable(place: string): void {
  if (!/\{\{|\$\{/.test(place)) return;
  throw new UnsprawlError(
    "refused",
    "a name in this path is one that a Vault policy reads in another way: ${ or {{",
    "rename it, or leave it out of the store's path",
  );
}

function policyName({ namespace, mount }: VaultSettings, whose: string, place: string): string {
  return `unsprawl-${plain(whose)}-${shortHash(namespace, mount, place)}`;
}

function command({ namespace }: VaultSettings, verb: string, rest: string): string {
  return `# bao ${verb} ${namespace === null ? "" : `${inLine(`-namespace=${namespace}`)} `}${rest}`;
}

/** Distinguishes stores, places and names that look alike in the characters of a policy's name. */
export function shortHash(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8);
}

function plain(name: string): string {
  return name.replace(/[^\w.-]/g, "-").slice(0, 60);
}

/** A word for a POSIX shell, in one line. */
function inLine(word: string): string {
  return shellWord(word.replace(/\p{Cc}/gu, "?"));
}
