import { writeFileSync } from "node:fs";
import { providers } from "../providers/index.ts";
import { CONFIG_KEYS } from "./core/config.ts";

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
  const level = ["low", "medium", "high"];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "unsprawl.yaml",
    type: "object",
    additionalProperties: false,
    properties: {
      stores: { description: CONFIG_KEYS.stores, type: "object", additionalProperties: { oneOf: stores } },
      minConfidence: { description: CONFIG_KEYS.minConfidence, enum: level },
      failOn: { description: CONFIG_KEYS.failOn, enum: [...level, "never"] },
    },
  };
}

writeFileSync(process.argv[2] ?? "unsprawl.schema.json", `${JSON.stringify(await schema(), null, 2)}\n`);
