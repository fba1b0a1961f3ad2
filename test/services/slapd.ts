import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "ldapts";
import { extracted } from "./extracted.ts";
import { freePort } from "./tls.ts";
import { ownCertificate, ownDir, startOwn } from "./unprivileged.ts";

export type TestSlapd = {
  readonly port: number;
  readonly tlsPort: number;
  readonly suffix: string;
  /** Acts as the root DN. */
  readonly as: <T>(act: (client: Client) => Promise<T>) => Promise<T>;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

const SUFFIX = "dc=example,dc=org";

/** A real OpenLDAP on loopback, plain and with TLS, with these lines about who may do what; `password` is the root DN's. */
export async function startSlapd(password: string, access: readonly string[]): Promise<TestSlapd> {
  const tree = extracted(["slapd", "libltdl7", "libodbc2", "libwrap0"]);
  const dir = ownDir("slapd");
  const [port, tlsPort] = [await freePort(), await freePort()];
  const { cert, key } = await ownCertificate(dir);
  mkdirSync(join(dir, "data"));
  writeFileSync(
    join(dir, "slapd.conf"),
    `include ${join(tree, "etc/ldap/schema/core.schema")}
modulepath ${join(tree, "usr/lib/ldap")}
moduleload back_mdb
TLSCertificateFile ${cert}
TLSCertificateKeyFile ${key}
database mdb
suffix ${SUFFIX}
directory ${join(dir, "data")}
rootdn cn=root,${SUFFIX}
rootpw ${password}
dbnosync
${access.join("\n")}
`,
    { mode: 0o600 },
  );
  const as: TestSlapd["as"] = async (act) => {
    const client = new Client({ url: `ldap://127.0.0.1:${port}` });
    try {
      await client.bind(`cn=root,${SUFFIX}`, password);
      return await act(client);
    } finally {
      await client.unbind();
    }
  };
  const program = join(tree, "usr/sbin/slapd");
  const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`;
  const lib = join(tree, "usr/lib");
  const [arch = ""] = readdirSync(lib).filter((name) => name.endsWith("-linux-gnu"));
  const env = { LD_LIBRARY_PATH: join(lib, arch) };
  const args = ["-h", urls, "-f", join(dir, "slapd.conf"), "-d", "stats,args,config,acl"];
  const { stop } = await startOwn(program, args, dir, () => as(async () => {}), program, { env, asIs: true });
  await as((client) => client.add(SUFFIX, { objectClass: ["dcObject", "organization"], dc: "example", o: "example" }));
  return { port, tlsPort, suffix: SUFFIX, as, log: () => readFileSync(join(dir, "log"), "utf8"), stop };
}
