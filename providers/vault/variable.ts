/** A variable of the ecosystem: `VAULT_ADDR`, else OpenBao's `BAO_ADDR`; null if neither is set. */
export function variable(
  env: NodeJS.ProcessEnv,
  what: string,
): { readonly name: string; readonly value: string } | null {
  for (const name of [`VAULT_${what}`, `BAO_${what}`]) {
    const value = env[name];
    if (value) return { name, value };
  }
  return null;
}
