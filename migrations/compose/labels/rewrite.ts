import type { JsonObject } from "../../../src/kit/json-object.ts";
import { isSeq } from "../../../src/kit/text/yaml-nodes.ts";
import { scalar } from "../../../src/kit/text/yaml-edit.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import type { ComposeChange } from "../delivery/change.ts";
import { Blocked } from "../rewrite/blocked.ts";
import type { ProjectDraft } from "../rewrite/draft.ts";
import type { ServiceChange } from "../rewrite/change.ts";
import { usersFileKey, type UsersLabel } from "./users.ts";

/** Writes the labels of a service that name a file from now on. */
export function relabel(draft: ProjectDraft, { service, change, words }: ServiceChange): void {
  for (const label of words?.labels ?? []) {
    const { file, owner, member, rawKey, isOwn } = label.place;
    const path = pathOf(change, label);
    const suffix = label.fileKey.slice(label.key.length);
    if (!isOwn || path === null)
      throw new Blocked(
        isOwn
          ? `the label ${label.key} needs a file, which this delivery has not`
          : `the label ${label.key} is shared with other services, or comes from a base`,
        isOwn ? "--deliver auto chooses one that has" : `write it under labels of ${service} itself, then plan again`,
        (its, name) => its === service && name === label.name,
      );
    if (isSeq(owner)) {
      const text = asWritten(`${rawKey}${suffix}=${path}`, member);
      draft.put(file, owner, member, text, `${label.key}=${HIDDEN}`, `${label.fileKey}=${path}`);
    } else {
      const { key, value } = member as { readonly key: unknown; readonly value: unknown };
      const text = `${asWritten(`${rawKey}${suffix}`, key)}: ${scalar(path, value)}`;
      draft.put(file, owner, member, text, `${label.key}: ${HIDDEN}`, `${label.fileKey}: ${path}`);
    }
  }
}

/** A text of a file, in which `${…}` is still filled in: `scalar` doubles each `$`. */
const asWritten = (text: string, like: unknown): string => scalar(text, like).replaceAll("$$", () => "$");

const HIDDEN = "••••••••";

/** Where the container has the value as a file; null if it has none. */
function pathOf({ secrets = [] }: ComposeChange, { name }: UsersLabel): string | null {
  const target = secrets.find((one) => one.name === name)?.target ?? null;
  return target === null || target.startsWith("/") ? target : `/run/secrets/${target}`;
}

/** A service as Compose resolves it, with the labels that it had before; others that differ stay as they are. */
export function withFormerLabels(before: JsonObject, after: JsonObject, wish: ServiceChange): JsonObject {
  if ((wish.words?.labels ?? []).length === 0) return after;
  const [was, is] = [before, after].map((one) => (one["deploy"] ?? {}) as JsonObject);
  const own = relabelled(before["labels"], after["labels"], wish, false);
  const deployed = relabelled(was?.["labels"], is?.["labels"], wish, true);
  const deploy = after["deploy"] === undefined ? {} : { deploy: { ...is, labels: deployed } };
  return { ...after, labels: own, ...deploy };
}

function relabelled(before: unknown, after: unknown, { change, words }: ServiceChange, isDeployed: boolean): unknown {
  const labels = (words?.labels ?? []).filter(({ place }) => place.isDeployed === isDeployed);
  if (labels.length === 0 || typeof after !== "object" || after === null) return after;
  const made: { [key: string]: unknown } = { ...(after as JsonObject) };
  for (const label of labels) {
    if (label.key in made || made[label.fileKey] !== pathOf(change, label)) continue;
    delete made[label.fileKey];
    made[label.key] = (before as JsonObject | undefined)?.[label.key];
  }
  return made;
}

/** A container as it will be: without the labels that are replaced. */
export function dropLabels(doc: ContainerDoc, labels: readonly UsersLabel[]): ContainerDoc {
  return withoutRelabelled(
    doc,
    labels.map(({ key }) => key),
  );
}

/** A container without these labels, and without those that name a file in their place. */
export function withoutRelabelled(doc: ContainerDoc, keys: readonly string[] = []): ContainerDoc {
  if (keys.length === 0) return doc;
  const gone = new Set(keys.flatMap((key) => [key, usersFileKey(key) ?? key]));
  const Labels = Object.fromEntries(Object.entries(doc.Config.Labels ?? {}).filter(([key]) => !gone.has(key)));
  return { ...doc, Config: { ...doc.Config, Labels } };
}
