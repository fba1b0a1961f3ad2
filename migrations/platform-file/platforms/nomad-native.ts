import type { StepTarget } from "../../../src/files/file-migration.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { lineEnding, lineStart, type Edit } from "../../../src/kit/text/splice.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { StoreKey } from "../../../src/model/plan.ts";
import { indentBefore, removedEntry } from "../syntax/hcl-edits.ts";
import {
  member,
  memberText,
  numberedKey,
  pathTo,
  sortedPart,
  textsIn,
  type Part,
  type PlainPart,
} from "../syntax/part.ts";
import type { MovingVariable, NativeForm } from "./platform.ts";

/**
 * A template with `env = true`, which Nomad fills in from Vault into a file of the task's secrets folder. Sources:
 * developer.hashicorp.com/nomad, "template block" (Vault KV API v2; `toJSON` for values of any characters) and "vault
 * block" (without one, a task has no token).
 */
export const nomadTemplate: NativeForm = {
  refuses({ name, value, of, owner }, { parts, variables }) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      return { reason: "has a name that no environment file can have", hint: "rename it, then scan again" };
    if (value.includes("${"))
      return {
        reason: "is assembled by Nomad, which would not fill in a stored value",
        hint: cmd`write ${name} in a template block with env = true, the part that is secret by {{ with secret }}`,
      };
    if (variables.filter((other) => other.name === name && other.of === of).length > 1)
      return { reason: "is set twice in its task, and only one counts", hint: "remove the other one, then scan again" };
    if (parts.some((part) => [...textsIn(part)].some((text) => isFilledIn(text, name))))
      return {
        reason: "is filled in elsewhere in the job",
        hint: cmd`let the program read ${name} from its environment, then plan again`,
      };
    const templates = owner.kind === "map" ? owner.entries.filter(({ key }) => key === "template") : [];
    if (templates.some(({ value: one }) => setsVariable(one, name)))
      return { reason: "is also set by a template of its task", hint: "remove it from the env block, and rotate it" };
    return null;
  },
  names({ owner }, { parts: [root] }) {
    const keys = (root === undefined ? null : pathTo(root, owner))?.map(({ key }) => key) ?? [];
    return { subject: keys.at(-1) ?? "task", project: keys[0] === "job" ? (keys[1] ?? "nomad") : "nomad" };
  },
  async target(_description, { name, provider, settings }, facts) {
    if (provider !== "vault")
      throw new UnsprawlError(
        "refused",
        `Nomad's templates read Vault, not ${provider === name ? provider : `${name} (${provider})`}`,
        "--to a store of Vault or OpenBao",
      );
    const { kvVersion } = await facts();
    const { mount, namespace } = settings;
    if (typeof mount !== "string")
      throw new UnsprawlError("refused", `${name} has no mount`, "set it in the store's settings");
    return { mount, kvVersion: kvVersion === 1 ? 1 : 2, ...(typeof namespace === "string" ? { namespace } : {}) };
  },
  shown: ({ move: { key }, variable: { name } }, target) =>
    `template: ${name}={{ with secret "${secretPath(key, target)}" }}{{ ${fieldOf(key, target)} }}{{ end }}`,
  edits({ text, parts: [root] }, moving, target) {
    return [...Map.groupBy(moving, ({ variable }) => variable.owner)].flatMap(([task, own]): Edit[] => {
      const removed = own.map(({ variable }) => removedEntry(text, variable.environment, variable.item));
      const at = lineStart(text, task.end - 1);
      const { indent, lines } = addedBlocks(text, root, task, own, target);
      const eol = lineEnding(text);
      const added = lines.map((line) => `${line === "" ? "" : indent}${line}${eol}`).join("");
      return [...removed, { start: at, end: at, text: added }];
    });
  },
  changes({ text, parts: [root] }, moving, target) {
    const changes = new Map<Part, (was: PlainPart) => PlainPart>();
    for (const [task, own] of Map.groupBy(moving, ({ variable }) => variable.owner)) {
      for (const { variable } of own) changes.set(variable.item, () => null);
      const { indent, data, destination, vault } = addedBlocks(text, root, task, own, target);
      const count = task.kind === "map" ? task.entries.filter(({ key }) => key === "template").length : 0;
      const eol = lineEnding(text);
      const block = { data: data.map((line) => `${indent}    ${line}${eol}`).join(""), destination, env: "true" };
      changes.set(task, (was) =>
        sortedPart({
          ...(was as { readonly [key: string]: PlainPart }),
          ...(vault === null ? {} : { vault: sortedPart(vault) }),
          [numberedKey("template", count + 1)]: sortedPart(block),
        }),
      );
    }
    return changes;
  },
  warnings: (_moving, target) => [
    `Nomad's clients need Vault, and the job's role there must be allowed to read its paths${typeof target["namespace"] === "string" ? ` in the namespace ${target["namespace"]}` : ""}: unsprawl stores policy prints the policy; a vault block needs policies before Nomad 1.7`,
    "running allocations keep the old values until the job is run again; nomad job history keeps its earlier versions: rotate them",
    "Nomad's API and UI show the template, and no value",
  ],
};

type AddedBlocks = {
  readonly indent: string;
  readonly lines: readonly string[];
  readonly data: readonly string[];
  readonly destination: string;
  /** The settings of a new vault block; null if the job has one. */
  readonly vault: { readonly [key: string]: string } | null;
};

/** What is written before the closing brace of a task, without its indentation. */
function addedBlocks(
  text: string,
  root: Part | undefined,
  task: Part,
  moving: readonly MovingVariable[],
  target: StepTarget,
): AddedBlocks {
  const outer = indentBefore(text, task.end - 1);
  if (outer === null)
    throw new UnsprawlError(
      "refused",
      "the closing brace of its task is on a line with something else",
      "write it on a separate line, then plan again",
    );
  const first = task.kind === "map" ? task.entries[0] : undefined;
  const indent = (first === undefined ? null : indentBefore(text, first.start)) ?? `${outer}  `;
  const byPath = [...Map.groupBy(moving, ({ move }) => secretPath(move.key, target))];
  const data = byPath.flatMap(([path, own]) => [
    `{{ with secret "${path}" }}`,
    ...own.map(({ variable: { name }, move: { key } }) => `${name}={{ ${fieldOf(key, target)} | toJSON }}`),
    "{{ end }}",
  ]);
  const destination = freeDestination(task);
  const namespace = target["namespace"];
  const settings: AddedBlocks["vault"] = typeof namespace === "string" ? { namespace } : {};
  const vault = hasVault(root, task) ? null : settings;
  const vaultLines = vault === null ? [] : typeof namespace === "string" ? vaultBlock(namespace) : ["", "vault {}"];
  const lines = [
    ...vaultLines,
    "",
    "template {",
    "  data        = <<-EOT",
    ...data.map((line) => `    ${line}`),
    "  EOT",
    `  destination = ${JSON.stringify(destination)}`,
    "  env         = true",
    "}",
  ];
  return { indent, lines, data, destination, vault };
}

const vaultBlock = (namespace: string): string[] => ["", "vault {", `  namespace = ${JSON.stringify(namespace)}`, "}"];

/** A file that no template of the task writes yet. */
function freeDestination(task: Part): string {
  const known = new Set(textsIn(task));
  for (let count = 1; ; count++) {
    const name = count === 1 ? "secrets/unsprawl.env" : `secrets/unsprawl-${count}.env`;
    if (!known.has(name)) return name;
  }
}

/** Whether the task, its group or its job has a vault block. */
function hasVault(root: Part | undefined, task: Part): boolean {
  const around = (root === undefined ? null : pathTo(root, task)) ?? [];
  return around.some(({ part }) => member(part, "vault") !== null);
}

/** Characters that a template, or HCL around it, would read as something else. */
const SPECIAL = /["\\{}$%`\r\n]/;

function secretPath({ path }: StoreKey, { mount, kvVersion }: StepTarget): string {
  const full = `${typeof mount === "string" ? mount : ""}/${kvVersion === 1 ? "" : "data/"}${path}`;
  if (!SPECIAL.test(full)) return full;
  throw new UnsprawlError("refused", `a template cannot name ${full}`, "choose another path for the store");
}

function fieldOf({ field }: StoreKey, { kvVersion }: StepTarget): string {
  const data = kvVersion === 1 ? ".Data" : ".Data.data";
  if (/^[A-Za-z_]\w*$/.test(field)) return `${data}.${field}`;
  if (!SPECIAL.test(field)) return `(index ${data} "${field}")`;
  throw new UnsprawlError("refused", `a template cannot name the field ${field}`, "choose another name in the store");
}

/** Whether a text fills in a variable of the task's env block, which a template's variables come too late for. */
function isFilledIn(text: string, name: string): boolean {
  if (text.includes(`\${${name}}`) || text.includes(`env["${name}"]`)) return true;
  const actions = text.split("{{").slice(1);
  // `{{ env "NAME" }}`, `{{ mustEnv "NAME" }}`, `{{ "NAME" | env }}`
  return actions.some((action) => [`"${name}"`, `\`${name}\``].some((word) => action.split("}}")[0]?.includes(word)));
}

/** As go-envparse reads a line. */
function setsVariable(template: Part, name: string): boolean {
  const lines = (memberText(template, "data") ?? "").split("\n");
  return lines.some(
    (line) =>
      line
        .split("=", 1)[0]
        ?.trim()
        .replace(/^export\s+/, "") === name && line.includes("="),
  );
}
