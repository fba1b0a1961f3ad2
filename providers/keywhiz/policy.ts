import type { SubjectNames } from "../../src/contract/provider.ts";
import { shellWord } from "../../src/kit/shell.ts";
import { plainName, subjectPrefix } from "./names.ts";
import type { Identity, KeywhizSettings } from "./settings.ts";

/**
 * The commands with which an operator lets one application's client read its secrets: rights in Keywhiz are groups.
 * `existing` are the names of existing secrets.
 */
export function operatorCommands(settings: KeywhizSettings, names: SubjectNames, existing: readonly string[]): string {
  const { url, groups, name: template } = settings;
  const group = groups[0] ?? plainName(names.subject);
  const curl = curlOf(settings);
  const call = (method: string, path: string, json: object): string =>
    `${curl} -X ${method} -d ${shellWord(JSON.stringify(json))} ${shellWord(`${url}/automation/v2/${path}`)}`;
  const add = { addGroups: [group], removeGroups: [] };
  const prefix = subjectPrefix(template, names);
  const secrets = existing.length > 0 ? existing : [`${prefix}VARIABLE`];
  return [
    `# Every client in the group reads every secret in it. 1. The group (409: it is there):`,
    call("POST", "groups", { name: group, description: "made by unsprawl", metadata: {}, owner: "" }),
    `# 2. The application's client: CLIENT is the CN of its certificate.`,
    call("PUT", "clients/CLIENT/groups", add),
    groups.length > 0
      ? `# 3. Its secrets; unsprawl grants new ones itself, because groups of the store has ${group}.`
      : `# 3. Each of its secrets; with groups: [${group}] in the store's configuration unsprawl does that itself.`,
    ...secrets.map((name) => call("PUT", `secrets/${encodeURIComponent(name)}/groups`, add)),
    "",
  ].join("\n");
}

function curlOf({ identity, caFile }: KeywhizSettings): string {
  const ca = caFile === null ? "" : ` --cacert ${shellWord(caFile)}`;
  return `curl -fsS ${certificate(identity)}${ca} -H 'Content-Type: application/json'`;
}

function certificate(identity: Identity): string {
  if (identity.kind === "pem") return `--cert ${shellWord(identity.certFile)} --key ${shellWord(identity.keyFile)}`;
  const { p12File, p12PasswordFile } = identity;
  if (p12PasswordFile === null) return `--cert-type P12 --cert ${shellWord(`${p12File}:`)}`;
  // printf is a shell builtin, so the password is in no command line.
  return `--cert-type P12 --cert ${shellWord(p12File)} -K <(printf 'pass = "%s"\\n' "$(cat ${shellWord(p12PasswordFile)})")`;
}
