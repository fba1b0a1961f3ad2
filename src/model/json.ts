/** Values that survive a round trip through JSON. Findings, plans and receipts extend it; `Secret` does not. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
