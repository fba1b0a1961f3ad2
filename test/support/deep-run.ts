import { it } from "vitest";
import { DEEP } from "./deep.ts";

/** A test of `npm run test:deep` alone: what it shows has a quicker test beside it, or takes long for what it can find. */
export const inDeepRun: typeof it | (() => void) = DEEP ? it : () => undefined;
