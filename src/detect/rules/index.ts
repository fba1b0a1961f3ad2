import { AI } from "./ai.ts";
import { CI } from "./ci.ts";
import { CLOUD } from "./cloud.ts";
import { DATABASES } from "./databases.ts";
import { INFRA } from "./infra.ts";
import { KEYS } from "./keys.ts";
import { LOGIC } from "./logic.ts";
import { MESSAGING } from "./messaging.ts";
import { MONITORING } from "./monitoring.ts";
import { PAYMENTS } from "./payments.ts";
import { PUBLIC } from "./public.ts";
import { REGISTRIES } from "./registries.ts";
import type { Rule } from "./rule.ts";
import { SAAS } from "./saas.ts";
import { VCS } from "./vcs.ts";
import { WEBHOOKS } from "./webhooks.ts";
import { WORK } from "./work.ts";

/** Every rule there is: data only, one file a vendor family. */
export const rules: readonly Rule[] = [
  ...PUBLIC,
  ...KEYS,
  ...WEBHOOKS,
  ...CLOUD,
  ...VCS,
  ...CI,
  ...INFRA,
  ...REGISTRIES,
  ...DATABASES,
  ...AI,
  ...PAYMENTS,
  ...MESSAGING,
  ...MONITORING,
  ...WORK,
  ...SAAS,
  ...LOGIC,
];

const byId = new Map(rules.map((rule) => [rule.id, rule]));

/** The rule of this id, or null. */
export function ruleById(id: string): Rule | null {
  return byId.get(id) ?? null;
}
