/** A JSON object from outside, whose fields nobody has checked yet. */
export type JsonObject = { readonly [key: string]: unknown };
