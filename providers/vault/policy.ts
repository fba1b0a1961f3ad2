/** One rule of a policy: what is needed where. */
export type Right = { readonly path: string; readonly capabilities: readonly string[] };

/** The line to add to a policy, in HCL. */
export function policyLine({ path, capabilities }: Right): string {
  return `path ${JSON.stringify(path)} { capabilities = [${capabilities.map((one) => JSON.stringify(one)).join(", ")}] }`;
}

/** What an application's reader needs: to read below the store's prefix, and nothing else. */
export function readerRights(mount: string, prefix: string, kvVersion: 1 | 2, wholeTree: boolean): readonly Right[] {
  const base = kvVersion === 2 ? `${mount}/data/${prefix}` : `${mount}/${prefix}`;
  return [{ path: wholeTree ? `${base}*` : base, capabilities: ["read"] }];
}

/** What moving and taking back one secret needs. */
export function writerRights(mount: string, path: string, kvVersion: 1 | 2): readonly Right[] {
  if (kvVersion === 1) return [{ path: `${mount}/${path}`, capabilities: ["create", "read", "update", "delete"] }];
  return [
    { path: `${mount}/data/${path}`, capabilities: ["create", "read", "update", "patch"] },
    { path: `${mount}/metadata/${path}`, capabilities: ["read", "patch", "delete"] },
  ];
}
