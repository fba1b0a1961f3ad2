/** The fields of a master key as a SOPS file has them: text, and for AWS's encryption context text by name. */
export type KeyFields = { readonly [field: string]: unknown };

/**
 * Master keys of one kind, which wrap the data keys of SOPS files, with the login of the environment. What the fields name was
 * written by others: no address in them gets a credential that the environment does not give to that address.
 *
 * Throws UnsprawlError: `denied` naming the missing login or right, `unreachable`, `throttled`, `config` and `malformed` for
 * fields that name no key.
 */
export interface KeyService {
  /** The fields with `enc`, the wrapped key, in SOPS's order. */
  wrap(fields: KeyFields, dataKey: Buffer): Promise<KeyFields>;
  /** The bytes that were wrapped. `file` names the SOPS file in errors. */
  unwrap(fields: KeyFields, file: string): Promise<Buffer>;
}
