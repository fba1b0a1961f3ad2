import { basename, dirname } from "node:path";
import { bare, cmd } from "../../../src/kit/shell.ts";
import { STORED_VALUE } from "../../../src/files/stored-value.ts";
import { member, type Part, type PlainPart } from "../syntax/part.ts";
import type { Description, NativeForm } from "./platform.ts";

/**
 * `${{ secrets.NAME }}` in an `env`, which every job, step and service may have. Source: docs.github.com, "Context
 * availability" and "Using secrets in GitHub Actions".
 */
export const githubSecrets: NativeForm = {
  refuses({ name, value, item }, description, accept) {
    if (!/^(?!GITHUB_)[A-Za-z_]\w{0,100}$/i.test(name))
      return { reason: "has a name that a GitHub secret cannot have", hint: "rename the variable, then scan again" };
    if (item.kind !== "text" || value.includes("\n"))
      return {
        reason: "has a value of several lines",
        hint: cmd`gh secret set ${name}, and write $\{{ secrets.${name} }} in its place`,
      };
    if (value.includes("${{"))
      return {
        reason: "is assembled by the workflow",
        hint: cmd`make all of it one secret (gh secret set ${name}), then write $\{{ secrets.${name} }} in its place`,
      };
    if (triggers(description).includes("workflow_call"))
      return {
        reason: "is in a workflow that others call, which has only the secrets that they pass to it",
        hint: cmd`name ${name} in on.workflow_call.secrets, pass it in every caller, then write $\{{ secrets.${name} }} in its place`,
      };
    if (triggers(description).includes("pull_request") && !accept.has("forks"))
      return {
        reason: "is in a workflow of pull requests, and those from forks get no secrets",
        hint: "generate the value in a step of the job, if nothing else needs it; or --accept forks",
      };
    return null;
  },
  names(_variable, _description, file) {
    const project = basename(dirname(dirname(dirname(file)))) || "workflows";
    return { subject: "github-actions", project };
  },
  target: () => ({}),
  shown: ({ variable: { name } }) => `${name}: ${secretOf(name)}`,
  edits: ({ text }, moving) =>
    moving.map(({ variable: { name, start, end, environment } }) => {
      // Quoted as the value was; a brace would end a map in braces.
      const quote = /["']/.exec(text.charAt(start))?.[0] ?? (text.charAt(environment.start) === "{" ? '"' : "");
      return { start, end, text: `${quote}${secretOf(name)}${quote}` };
    }),
  changes: (_description, moving) =>
    new Map<Part, (was: PlainPart) => PlainPart>(
      moving.map(({ variable: { item, name } }) => [item, () => secretOf(name)] as const),
    ),
  warnings(moving) {
    const set = new Map(moving.map(({ variable: { name }, move: { reference } }) => [name, reference]));
    const commands = [...set].map(
      ([name, reference]) =>
        cmd`${STORED_VALUE}=${reference} unsprawl run --only ${STORED_VALUE} -- sh -c ${`printf %s "$${STORED_VALUE}" | gh secret set ${name}`}`,
    );
    return [
      cmd`before you push, give the repository the secrets, or the workflow gets empty values: ${bare(commands.join("; "))}`,
      "the repository keeps the values in its history: rotate them",
    ];
  },
};

const secretOf = (name: string): string => `\${{ secrets.${name} }}`;

/** The events that start a workflow: `on: push`, `on: [push]` or a map. YAML 1.1 readers take the key for a truth value. */
function triggers({ parts: [root] }: Description): readonly string[] {
  const on = root === undefined ? null : member(root, "on");
  if (on?.kind === "text") return [on.value];
  if (on?.kind === "list") return on.items.flatMap((item) => (item.kind === "text" ? item.value : []));
  return on?.kind === "map" ? on.entries.map(({ key }) => key) : [];
}
