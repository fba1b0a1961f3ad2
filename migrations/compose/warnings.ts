import { bare, cmd } from "../../src/kit/shell.ts";
import type { AlongOf } from "./along.ts";
import type { PassedEnvironment } from "./engine/child.ts";
import type { SharingPart } from "./engine/sharing.ts";
import type { Rewording } from "./words/rewording.ts";
import type { Rewritten } from "./rewrite/index.ts";
import type { ServicePart } from "./service-part.ts";

/** What a person should know before a project is moved. */
export function warningsOf(
  parts: readonly ServicePart[],
  { notes }: Rewritten,
  { withheld, deploy }: PassedEnvironment & { readonly deploy: string | null },
  sharing: readonly SharingPart[],
): string[] {
  const all = [...parts, ...sharing];
  return [
    ...all.flatMap(({ service, warnings }) => warnings.map((text) => `${service}: ${text}`)),
    ...all.flatMap(({ service, drift }) =>
      drift
        ? [`${service}: settings changed in its files since then take effect too; a rollback does not undo them`]
        : [],
    ),
    ...notes,
    ...storeFiles(parts),
    ...withheld.map(
      (name) => `${name} of your environment is withheld from Compose: the files mention it, and no container has it`,
    ),
    ...(deploy === null
      ? []
      : [
          cmd`${bare(deploy)} hands the values to the stack, which shows the old ones until then; the file in memory is needed at each deploy, not at a reboot`,
        ]),
    ...parts.flatMap(({ service, docs }) =>
      docs.length > 0
        ? []
        : [
            `${service} has no container: its values are stored, read back and put in place; nothing is started or verified`,
          ],
    ),
    ...(parts.some(({ docs }) => docs.length > 0)
      ? ["Compose removes each old container and its logs when it creates the new one"]
      : []),
  ];
}

/** What moves although it was not found to be a secret. */
export function alongNotes(name: string, like: AlongOf | null): readonly string[] {
  if (like === null) return [];
  const filled = `the value of ${like.name} is filled into it, from the same line of .env`;
  return [`${name} moves along: ${like.isPart ? filled : `it has the same value as ${like.name}`}`];
}

/** What changes for a service whose file repeats its image. */
export function repeatedNote(what: readonly string[]): string {
  return `the Compose file repeats its image's ${what.join(", ")}: if a later image changes them, change them there too (unsprawl doctor reports it)`;
}

/** What is different for a person about a service whose command a shell fills in, or whose labels name files. */
export function rewordedNotes(
  rewording: Rewording | null,
  service: string,
  had: (name: string) => boolean,
): readonly string[] {
  const labels = rewording?.labels ?? [];
  const ofLabels = new Set(labels.map(({ name }) => name));
  const fresh = [...(rewording?.names ?? [])].filter((name) => !had(name) && !ofLabels.has(name));
  return [
    ...labels.map(({ fileKey, name }) => `the label ${fileKey} names the file of ${name}, which Traefik reads`),
    ...(fresh.length === 1 ? [`it gets ${fresh.join()} as a new variable: a shell fills its command from it`] : []),
    ...(fresh.length > 1
      ? [`it gets ${fresh.toSorted().join(", ")} as new variables: a shell fills its command from them`]
      : []),
    ...((rewording?.entrypoint ?? null) === null
      ? []
      : [
          cmd`docker compose run ${service} COMMAND starts the service's command instead: its entrypoint now contains it`,
        ]),
  ];
}

/** The store's files that go along with the project, and one that no clone of it has. */
function storeFiles(parts: readonly ServicePart[]): string[] {
  const all = parts.flatMap(({ wish }) => wish.change.secrets ?? []).map(({ reference }) => reference);
  const within = new Set(
    all.flatMap((one) => (/^ref\+sops:\/\/[^/]/.test(one) ? (one.slice(11).split("#")[0] ?? "") : [])),
  );
  const committed =
    within.size === 0
      ? []
      : [
          `the values go into ${[...within].toSorted().join(", ")}, encrypted: commit ${within.size === 1 ? "it" : "them"} with the Compose file`,
        ];
  const [first] = all.filter((reference) => reference.startsWith("ref+sops:///"));
  if (first === undefined) return committed;
  return [
    `the Compose file names ${first.split("#")[0] ?? ""}, a file of this machine alone: for a project that others clone, set the store's file to one in its folder or git work tree (unsprawl.yaml: stores, file)`,
  ];
}
