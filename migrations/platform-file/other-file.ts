import { basename } from "node:path";
import { bare, cmd } from "../../src/kit/shell.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Files that another source reads as what they are, by their names, and for manifests by what they hold. */
const SOURCES: readonly { readonly kind: string; readonly name: RegExp; readonly holds?: (text: string) => boolean }[] =
  [
    { kind: "compose", name: /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/ },
    { kind: "env", name: /^\.env(?:\.[\w.-]+)?$|\.env$/ },
    { kind: "dockerfile", name: /^(?:Docker|Container)file(?:\.[\w.-]+)?$|\.[Dd]ockerfile$/ },
    { kind: "systemd", name: /\.(?:service|container|pod|kube|build)$/ },
    { kind: "script", name: /\.(?:ba|k|z)?sh$/, holds: startsContainers },
    {
      kind: "kubernetes",
      name: /\.(?:ya?ml|json)$/,
      holds: (text) => /\bapiVersion["']?\s{0,9}:/.test(text) && /\bkind["']?\s{0,9}:/.test(text),
    },
    { kind: "kubernetes", name: /^values(?:[-._].*)?\.ya?ml$|^kustomization\.ya?ml$/ },
  ];

/** Why a finding in a file that no platform describes stays there: `dir:` searches texts, and rewrites none. */
export function otherFile(file: string, text: string): Refusal {
  const name = basename(file);
  const source = SOURCES.find((one) => one.name.test(name) && (one.holds === undefined || one.holds(text)));
  if (source !== undefined)
    return {
      reason: `was found in the plain text of the file: ${source.kind}: understands its format`,
      hint: cmd`unsprawl plan ${bare(source.kind)}:${file} --to STORE`,
    };
  return {
    reason: "is in a file whose format unsprawl does not rewrite",
    hint: "let the program read it from a variable or a file that a store fills in, remove it here, and rotate it",
  };
}

function startsContainers(text: string): boolean {
  const client = text.search(/\b(?:docker|podman)\b/);
  return client >= 0 && /\brun\b/.test(text.slice(client));
}
