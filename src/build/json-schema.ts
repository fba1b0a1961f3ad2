import { toJsonSchema, type JsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { providers } from "../../providers/index.ts";
import { configOf } from "../core/config/file.ts";
import { OUTLET_ENTRIES } from "../core/config/notify.ts";
import { OWN_RULES } from "../detect/own/index.ts";
import { map } from "../kit/schema/index.ts";
import { channels } from "../notify/index.ts";

/** The JSON Schema of unsprawl.yaml, from the schemas that read it. What a `check` demands is beyond it. */
export async function configJsonSchema(): Promise<object> {
  const stores = await Promise.all(
    Object.entries(providers).map(async ([name, load]) => {
      const { settings } = (await load()).provider;
      return map({ provider: v.literal(name), ...settings });
    }),
  );
  const outlets = await Promise.all(
    Object.entries(channels).map(async ([kind, load]) =>
      map({ kind: v.literal(kind), ...OUTLET_ENTRIES, ...(await load()).settings }),
    ),
  );
  const schema = configOf({ store: v.union(stores), outlet: v.union(outlets), ownRules: OWN_RULES });
  const { $schema, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    // The schema behind a pipe's first is the one that says what a map holds.
    typeMode: "output",
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === "nullish" ? orNull(jsonSchema.anyOf?.[0] as JsonSchema) : undefined,
    overrideAction: ({ valibotAction, jsonSchema }) =>
      ["check", "transform"].includes(valibotAction.type) ? jsonSchema : undefined,
  });
  return { $schema, title: "unsprawl.yaml", ...rest };
}

/** The same, or null, without a wrapper that an editor would have to look into. */
function orNull(schema: JsonSchema): JsonSchema {
  if (schema.anyOf !== undefined) return { ...schema, anyOf: [...schema.anyOf, { type: "null" }] };
  if (schema.type === undefined) return schema;
  return {
    ...schema,
    type: [schema.type, "null"].flat() as NonNullable<JsonSchema["type"]>,
    ...(schema.enum !== undefined && { enum: [...schema.enum, null] }),
  };
}
