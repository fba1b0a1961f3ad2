import { createHash } from "node:crypto";
import type { SubjectNames } from "../../src/contract/provider.ts";
import { bare, cmd, shellWord } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { applicationPath } from "./names.ts";
import type { VaultSettings } from "./settings.ts";

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
  kvVersion: 1 | 2,
  wholeTree: boolean,
): readonly PolicyRule[] {
  const base = kvVersion === 2 ? `${mount}/data/${prefix}` : `${mount}/${prefix}`;
  return [{ path: wholeTree ? `${base}*` : base, capabilities: ["read"] }];
}

/** The rights to see that a secret has changed, without reading it: none if the engine keeps no versions. */
export function versionRights(
  mount: string,
  prefix: string,
  kvVersion: 1 | 2,
  wholeTree: boolean,
): readonly PolicyRule[] {
  if (kvVersion === 1) return [];
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
export function applicationPolicy(
  { mount, path, namespace, auth }: VaultSettings,
  names: SubjectNames,
  kvVersion: 1 | 2,
): string {
  const place = applicationPath(path, names);
  // Vault expands {{…}}, and its parser reads ${…} and quotes in it.
  if (/\{\{|\$\{/.test(`${mount}/${place}`))
    throw new UnsprawlError(
      "refused",
      "a name in this path is one that a Vault policy reads in another way: ${ or {{",
      "rename it, or leave it out of the store's path",
    );
  const name = `unsprawl-${plain(path.includes("{subject}") ? names.subject : mount)}-${shortHash(namespace, mount, place)}`;
  const role = inLine(`auth/${auth.method === "approle" ? auth.mount : "approle"}/role/${name}`);
  const command = (verb: string, rest: string): string =>
    `# bao ${verb} ${namespace === null ? "" : `${inLine(`-namespace=${namespace}`)} `}${rest}`;
  return [
    cmd`# Reads what unsprawl keeps for ${bare(path.includes("{subject}") ? "one application" : "all applications: the store's path holds no {subject}")}, and nothing else.`,
    command("policy write", `${name} FILE`),
    ...readerRights(mount, place, kvVersion, false).map(policyLine),
    "",
    "# An AppRole with this policy, if you need one; the secret id is wrapped, to be unwrapped once:",
    command("write", `${role} token_policies=${name} token_ttl=20m`),
    command("read", `-field=role_id ${role}/role-id`),
    command("write", `-f -wrap-ttl=10m -field=wrapping_token ${role}/secret-id`),
    "",
  ].join("\n");
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
