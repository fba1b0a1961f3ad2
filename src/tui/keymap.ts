import { ALL, type KeyAction, type KeyBinding, type KeyScope } from "./bindings.ts";
import { KEYMAP } from "./keytable.ts";

export type { KeyAction, KeyBinding, KeyScope } from "./bindings.ts";
export { KEYMAP } from "./keytable.ts";

export function actionOf(where: KeyScope, key: string): KeyAction | null {
  return KEYMAP.find((one) => one.where.includes(where) && one.keys.includes(key))?.action ?? null;
}

export function bindings(where: KeyScope): readonly KeyBinding[] {
  return KEYMAP.filter((one) => one.where.includes(where));
}

export const WHERE_TITLES: { readonly [where in KeyScope]: string } = {
  browse: "the list",
  detail: "the details",
  facets: "the facets",
  stores: "choosing a store",
  form: "the form",
  plan: "the plan",
  run: "a run at work",
  proof: "the proof",
  runs: "the runs",
  receipts: "a run's receipts",
  overview: "the overview",
};

/** The keys as a Markdown table, for docs/tui.md. */
export function keysAsMarkdown(): string {
  const rows = KEYMAP.map(({ show, long, where }) => {
    const at = where.length === ALL.length ? "everywhere" : where.map((one) => WHERE_TITLES[one]).join(", ");
    return `| \`${show}\` | ${long} | ${at} |`;
  });
  return ["| key | does | where |", "| --- | --- | --- |", ...rows].join("\n");
}
