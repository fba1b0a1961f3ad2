import { writeFileSync } from "node:fs";
import { configJsonSchema } from "./json-schema.ts";

// Written at build time.
writeFileSync(process.argv[2] ?? "unsprawl.schema.json", `${JSON.stringify(await configJsonSchema(), null, 2)}\n`);
