import rows from "./cloud.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Cloud platforms beside the three largest: Cloudflare, DigitalOcean, Heroku, Fly, Alibaba, Tencent, Yandex, … */
export const CLOUD: readonly Rule[] = table(rows);
