import { isLoopback } from "../kit/net/outgoing.ts";
import { UnsprawlError } from "../model/error.ts";

/**
 * Throws `config` for a database on another machine whose URL does not say whether the connection is encrypted: pg
 * would send the password in clear text. Host and TLS are what pg makes of the URL and its PG* variables.
 */
export async function mustSayTls(url: string): Promise<void> {
  const { default: pg } = await import("pg");
  let client: { readonly host: string; readonly ssl: unknown };
  let parameters: URLSearchParams;
  try {
    client = new pg.Client({ connectionString: url });
    parameters = new URL(url, "postgres://nowhere").searchParams;
  } catch {
    throw new UnsprawlError("config", "the database's URL cannot be read", "postgres://user:password@host:5432/name");
  }
  const { host } = client;
  if ((client.ssl !== undefined && client.ssl !== false) || host.startsWith("/") || isLoopback(host)) return;
  const said = parameters.get("sslmode") ?? process.env["PGSSLMODE"];
  if (said === "disable") return;
  throw new UnsprawlError(
    "config",
    `the database's URL does not say how the connection to ${host} is encrypted: its password would be sent in the clear`,
    "add ?sslmode=verify-full to it; ?sslmode=disable sends the password in the clear",
  );
}
