/*
 * The built-in rules, one table for each vendor or topic: `ai.json` holds the rules as data (table.ts describes a row),
 * `ai.ts` what only code can say about some of them. A rule carries examples and counter-examples, which are its tests;
 * adding one touches its JSON file alone.
 */
import { ACCOUNTS } from "./accounts.ts";
import { AI } from "./ai.ts";
import { AI_TOOLS } from "./ai-tools.ts";
import { AMAZON } from "./aws.ts";
import { APP_KEYS } from "./app-keys.ts";
import { AZURE } from "./azure.ts";
import { CI } from "./ci.ts";
import { CLAIMS } from "./claims.ts";
import { CLUSTERS } from "./clusters.ts";
import { CLOUD } from "./cloud.ts";
import { COMMERCE } from "./commerce.ts";
import { CONTENT } from "./content.ts";
import { CRM } from "./crm.ts";
import { DATABASES } from "./databases.ts";
import { EDGE } from "./edge.ts";
import { FLAGS } from "./flags.ts";
import { GITLAB_RULES } from "./gitlab.ts";
import { GOOGLE } from "./google.ts";
import { HASHES } from "./hashes.ts";
import { HOSTERS } from "./hosters.ts";
import { IDENTITY } from "./identity.ts";
import { INFRA } from "./infra.ts";
import { KEYS } from "./keys.ts";
import { LOGIC } from "./logic.ts";
import { MAIL } from "./mail.ts";
import { MESSAGING } from "./messaging.ts";
import { MONITORING } from "./monitoring.ts";
import { PAYMENTS } from "./payments.ts";
import { PLATFORMS } from "./platforms.ts";
import { PUBLIC } from "./public.ts";
import { QUALITY } from "./quality.ts";
import { REGISTRIES } from "./registries.ts";
import type { Rule } from "./rule.ts";
import { SAAS } from "./saas.ts";
import { SELF_HOSTED } from "./self-hosted.ts";
import { VCS } from "./vcs.ts";
import { WALLETS } from "./wallets.ts";
import { WEBHOOKS } from "./webhooks.ts";
import { WORK } from "./work.ts";

/** Every rule, by vendor family. Order matters where two match the same text: the first counts. */
export const families: { readonly [family: string]: readonly Rule[] } = {
  public: PUBLIC,
  // A token whose claims say whose it is, before any token.
  keys: [...CLAIMS, ...KEYS, ...HASHES, ...APP_KEYS, ...SELF_HOSTED, ...WALLETS],
  webhooks: WEBHOOKS,
  // Amazon's names are the least particular, so that it comes last.
  cloud: [...AZURE, ...GOOGLE, ...CLOUD, ...EDGE, ...HOSTERS, ...AMAZON],
  vcs: [...GITLAB_RULES, ...VCS],
  ci: [...CI, ...QUALITY],
  infra: [...INFRA, ...CLUSTERS],
  registries: REGISTRIES,
  databases: DATABASES,
  ai: [...AI, ...AI_TOOLS, ...PLATFORMS],
  payments: [...PAYMENTS, ...COMMERCE],
  messaging: [...MESSAGING, ...MAIL],
  monitoring: [...MONITORING, ...FLAGS],
  work: [...WORK, ...CRM, ...IDENTITY],
  saas: [...SAAS, ...CONTENT],
  accounts: ACCOUNTS,
  logic: LOGIC,
};

export const rules: readonly Rule[] = Object.values(families).flat();

const byId = new Map(rules.map((rule) => [rule.id, rule]));

/** The rule of this id, or null. */
export function ruleById(id: string): Rule | null {
  return byId.get(id) ?? null;
}

const familyById = new Map(
  Object.entries(families).flatMap(([family, list]) => list.map((rule) => [rule.id, family] as const)),
);

/** The vendor family of a rule; "own" for one that is not built in. */
export function familyOf(id: string): string {
  return familyById.get(id) ?? "own";
}
