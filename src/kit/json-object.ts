/** A JSON object from outside whose members are not validated. */
export type JsonObject = { readonly [key: string]: unknown };
