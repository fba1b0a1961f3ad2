import type { SecretGroup } from "../../groups.ts";
import type { RunHistory, SecretRun } from "../../history.ts";
import { countText } from "../../widgets/bar.ts";
import { BLANK, line, wrapped, type SpanLine } from "../../widgets/text.ts";
import { fields } from "./fields.ts";

/** Older runs than these are only in the list of runs. */
const MOST = 20;

/** The runs that moved this secret, and those that touched the same subjects. */
export function journal(group: SecretGroup, history: RunHistory): SpanLine[] {
  const { secret, subjects } = history.of(group);
  if (secret.length + subjects.length === 0)
    return [wrapped(0, "no run has touched this secret or what holds it"), BLANK, ...fields("next", ["m migrates it"])];
  return [
    ...runs("This secret", secret),
    ...(secret.length > 0 && subjects.length > 0 ? [BLANK] : []),
    ...runs("Other secrets in the same places", subjects),
    BLANK,
    ...fields("next", ["L lists all runs, and what can be done with each"]),
  ];
}

function runs(title: string, past: readonly SecretRun[]): SpanLine[] {
  if (past.length === 0) return [];
  return [
    line({ text: title, bold: true }),
    ...past
      .slice(0, MOST)
      .flatMap(({ run, state, store, unit, unitState, name, key, next }) => [
        wrapped(2, { text: `${run} `, bold: true }, `${state}  `, `${unit}: ${WORDS[unitState]}`),
        wrapped(4, `    ${name} → ${store}  `, { text: key, dimColor: true }),
        ...(next === null ? [] : [wrapped(4, { text: "    next: ", dimColor: true }, next)]),
      ]),
    ...(past.length > MOST
      ? [line({ text: `and ${countText(past.length - MOST, "older one")}`, dimColor: true })]
      : []),
  ];
}

const WORDS: { readonly [state in SecretRun["unitState"]]: string } = {
  new: "not begun",
  begun: "begun, not ended",
  done: "migrated",
  undone: "put back",
};
