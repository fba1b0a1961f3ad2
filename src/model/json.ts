/** What JSON.stringify gives back whole. Findings, plans and receipts extend it; a Secret does not. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
