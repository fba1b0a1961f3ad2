import { writeFileSync } from "node:fs";
import { providers } from "../../providers/index.ts";
import { CONFIG_KEYS } from "../core/config/config.ts";
import { FLEET_KEYS } from "../core/config/fleet.ts";
import { ADDRESS_KEYS, CONTEXT_KEYS } from "../core/config/hosts.ts";
import { NOTIFY_KEYS } from "../core/config/notify.ts";
import { IGNORE_KEYS } from "../core/config/ignore.ts";
import { METRICS_KEYS } from "../core/config/metrics.ts";
import { RULES_KEYS } from "../core/config/tuning.ts";
import { WATCH_KEYS } from "../core/config/watch.ts";
import { ALLOW_KEYS, OWN_KEYS } from "../detect/own/index.ts";
import { CHANGE_KINDS } from "../model/change.ts";
import { CONFIDENCES, SEVERITIES } from "../model/finding.ts";
import { channels } from "../notify/index.ts";

/** An object of exactly these keys, each with its description. */
function keyed(keys: { readonly [key: string]: string }): {
  properties: { [key: string]: object };
  [key: string]: unknown;
} {
  const properties = Object.fromEntries(Object.entries(keys).map(([key, description]) => [key, { description }]));
  return { type: "object", properties, additionalProperties: false };
}

function watchSchema(): object {
  const made = keyed(WATCH_KEYS);
  const { sources, metrics } = made.properties;
  made.properties["sources"] = { ...sources, type: "array", items: { type: "string" } };
  made.properties["metrics"] = { ...metrics, ...keyed(METRICS_KEYS) };
  return { description: CONFIG_KEYS.watch, ...made };
}

/** The JSON Schema of unsprawl.yaml, made from the same tables that read it. Written at build time. */
async function schema(): Promise<object> {
  const stores = await Promise.all(
    Object.entries(providers).map(async ([name, load]) => {
      const { provider } = await load();
      const keys = Object.entries(provider.keys).map(([key, description]) => [key, { description }]);
      return {
        type: "object",
        properties: { provider: { const: name }, ...Object.fromEntries(keys) },
        required: ["provider"],
        additionalProperties: false,
      };
    }),
  );
  const notify = await Promise.all(
    Object.entries(channels).map(async ([name, load]) => {
      const entry = keyed({ ...NOTIFY_KEYS, ...(await load()).keys });
      entry.properties["kind"] = { const: name };
      entry.properties["on"] = { description: NOTIFY_KEYS.on, type: "array", items: { enum: CHANGE_KINDS } };
      entry.properties["minSeverity"] = { description: NOTIFY_KEYS.minSeverity, enum: SEVERITIES };
      entry.properties["minConfidence"] = { description: NOTIFY_KEYS.minConfidence, enum: CONFIDENCES };
      return { ...entry, required: ["kind"] };
    }),
  );
  const texts = { type: "array", items: { type: "string" } };
  const allow = keyed(ALLOW_KEYS);
  const ownRule = { ...keyed(OWN_KEYS), required: ["id"] };
  ownRule.properties["allow"] = allow;
  const level = ["low", "medium", "high"];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "unsprawl.yaml",
    type: "object",
    additionalProperties: false,
    properties: {
      stores: { description: CONFIG_KEYS.stores, type: "object", additionalProperties: { oneOf: stores } },
      minConfidence: { description: CONFIG_KEYS.minConfidence, enum: level },
      rules: {
        description: CONFIG_KEYS.rules,
        type: "object",
        additionalProperties: false,
        properties: {
          files: { description: RULES_KEYS.files, ...texts },
          own: { description: RULES_KEYS.own, type: "array", items: ownRule },
          off: { description: RULES_KEYS.off, ...texts },
          severity: { description: RULES_KEYS.severity, type: "object", additionalProperties: { enum: SEVERITIES } },
        },
      },
      stopWords: { description: CONFIG_KEYS.stopWords, ...texts },
      ignore: { description: CONFIG_KEYS.ignore, type: "array", items: keyed(IGNORE_KEYS) },
      verify: {
        description: CONFIG_KEYS.verify,
        type: "object",
        additionalProperties: false,
        properties: { endpoints: { type: "object", additionalProperties: { type: "string", format: "uri" } } },
      },
      hosts: {
        description: CONFIG_KEYS.hosts,
        type: "object",
        additionalProperties: { oneOf: [keyed(ADDRESS_KEYS), keyed(CONTEXT_KEYS)] },
      },
      notify: { description: CONFIG_KEYS.notify, type: "object", additionalProperties: { oneOf: notify } },
      watch: watchSchema(),
      fleet: { description: CONFIG_KEYS.fleet, ...keyed(FLEET_KEYS) },
      failOn: { description: CONFIG_KEYS.failOn, enum: [...level, "never"] },
    },
  };
}

writeFileSync(process.argv[2] ?? "unsprawl.schema.json", `${JSON.stringify(await schema(), null, 2)}\n`);
