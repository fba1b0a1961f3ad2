import { Secret } from "../../../src/model/secret.ts";
import type { ComposeProject } from "../syntax/project.ts";
import type { Rewording } from "../words/rewording.ts";
import type { FilledVariable } from "../../../src/files/words/literal-places.ts";
import { usersLabels, type UsersLabel } from "./users.ts";

/** By service: its labels whose whole value it is given as a variable. */
export function labelsGiven(
  { services }: ComposeProject,
  given: ReadonlyMap<string, readonly FilledVariable[]>,
): ReadonlyMap<string, readonly UsersLabel[]> {
  return new Map(
    [...given].map(([name, variables]) => {
      const service = services.get(name);
      const all = service === undefined ? [] : usersLabels(service);
      const isGiven = (label: UsersLabel): boolean =>
        variables.some((one) => one.name === label.name && one.value.equals(Secret.of(label.value)));
      return [name, all.filter(isGiven)];
    }),
  );
}

/** A service's new words and labels; null if it has neither. */
export function withLabels(words: Rewording | null, labels: readonly UsersLabel[] = []): Rewording | null {
  if (labels.length === 0) return words;
  const { sources, names } = words ?? NO_WORDS;
  return {
    ...(words ?? NO_WORDS),
    labels,
    sources: [...sources, ...labels.flatMap((label) => label.sources.map((source) => ({ source, name: label.name })))],
    names: new Set([...names, ...labels.map(({ name }) => name)]),
  };
}

const NONE = { entrypoint: null, command: null, health: null };
const NO_WORDS: Rewording = {
  ...NONE,
  ...{ sources: [], literals: [], names: new Set(), byOption: new Set(), written: NONE, kept: new Set(), shown: NONE },
  labels: [],
};
