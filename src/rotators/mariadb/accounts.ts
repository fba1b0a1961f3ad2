import { createHash } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";
import type { MysqlLine } from "../../verify/mysql.ts";

/** One of the ways in which an account logs in. */
export type MariaMethod = { readonly plugin: string; readonly string: string };

/** An account: the user from one host. Whichever of its methods accepts lets it in. */
export type MariaAccount = { readonly user: string; readonly host: string; readonly methods: readonly MariaMethod[] };

export const NATIVE = "mysql_native_password";

/** The accounts of a user. A user has one for each host that it may come from. */
export async function accountsOf({ query }: MysqlLine, user: string): Promise<readonly MariaAccount[]> {
  // In hex, as no quoting depends on a setting of the server then.
  const named = `CONVERT(X'${Buffer.from(user).toString("hex")}' USING utf8mb4)`;
  const rows = await query(`SELECT Host, Priv FROM mysql.global_priv WHERE User = ${named}`);
  return rows.map(({ Host: host, Priv: priv }) => ({ user, host: String(host), methods: methodsOf(priv) }));
}

type Priv = { readonly plugin?: string; readonly authentication_string?: string };

/** https://mariadb.com/docs/server/reference/system-tables/the-mysql-database-tables/mysql-global_priv-table */
function methodsOf(priv: unknown): readonly MariaMethod[] {
  const read = typeof priv === "string" ? (JSON.parse(priv) as unknown) : priv;
  const { auth_or: several, ...first } = read as Priv & { readonly auth_or?: readonly Priv[] };
  // An empty one stands for the account's first.
  const all = several?.map((one) => (one.plugin === undefined ? first : one)) ?? [first];
  return all.map(({ plugin = "", authentication_string: string = "" }) => ({ plugin: plugin || NATIVE, string }));
}

/** The statement that gives an account these methods. Its other settings stay. */
export function alteration({ user, host, methods }: MariaAccount): string {
  const words = methods.map(({ plugin, string }) => {
    if (!/^\w+$/.test(plugin) || string.includes("\\"))
      throw new UnsprawlError("refused", "MariaDB: the account also logs in by a method that cannot be kept as it is");
    return string === "" ? plugin : `${plugin} USING '${string.replaceAll("'", "''")}'`;
  });
  return `ALTER USER ${quoted(user)}@${quoted(host)} IDENTIFIED VIA ${words.join(" OR ")}`;
}

const quoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

/** What `mysql_native_password` keeps of a password. */
export function nativeHash(password: string): string {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}
