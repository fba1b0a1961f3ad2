import { basename, dirname } from "node:path";
import type { SubjectNames } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { sopsKey, type Identities } from "../../src/stores-kit/sops/index.ts";
import { otherRecipients } from "./keys.ts";

/**
 * A file has no policy but its list of recipients: the `.sops.yaml` rule that lets one application open the file of its
 * subject, and the command that writes it into the file (getsops/sops config/config.go `creation_rules`).
 */
export async function localPolicy(
  template: string,
  names: SubjectNames,
  identities: Identities,
  env: NodeJS.ProcessEnv,
  readers: readonly string[],
): Promise<string> {
  const { path } = sopsKey(template, { ...names, name: "x" });
  const own = (await identities.load()).slice(0, 1).map((one) => one.recipient);
  const application = "AGE-RECIPIENT-OF-THE-APPLICATION";
  const recipients = [...new Set([...own, ...otherRecipients(env), ...readers]), application];
  const rule = `(^|/)${[basename(dirname(path)), basename(path)].map(literal).join("/")}$`;
  return [
    ...(template.includes("{subject}")
      ? []
      : [
          "# One file holds every subject: anyone who can open it reads all of them. {subject} in the store's file separates them.",
        ]),
    `# .sops.yaml, in a folder above ${path}. age-keygen makes the application's identity; age-keygen -y prints its recipient.`,
    "creation_rules:",
    `  - path_regex: '${rule.replaceAll("'", "''")}'`,
    `    age: ${recipients.join(",")}`,
    "# Then, as somebody who can open the file, and let the application's user read it:",
    cmd`#   sops updatekeys ${path}`,
    "",
  ].join("\n");
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
