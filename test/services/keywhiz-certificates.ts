import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { need } from "./apt.ts";

/** What a caller shows to be someone: as two PEM files and as one PKCS#12. */
export type KeywhizClient = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly p12File: string;
  readonly p12Password: string;
  readonly cn: string;
};

export type Authority = {
  readonly caFile: string;
  /** A certificate of this CA; the first with a SAN becomes the server's. */
  issue(file: string, cn: string, san?: string): Promise<KeywhizClient>;
};

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-sha256", "-nodes"];
const DAYS = ["-days", "2"];

/** A CA in the folder, under the name that its files then begin with. */
export async function makeAuthority(dir: string, name: string): Promise<Authority> {
  const openssl = await need("openssl", ["openssl"]);
  const run = async (...args: string[]): Promise<void> => void (await promisify(execFile)(openssl, args, { cwd: dir }));
  await run("req", "-x509", ...KEY, "-keyout", `${name}.key`, "-out", `${name}.crt`, ...DAYS, "-subj", `/CN=${name}`);
  const ca = ["-CA", `${name}.crt`, "-CAkey", `${name}.key`];
  return {
    caFile: join(dir, `${name}.crt`),
    async issue(file, cn, san) {
      const [certFile, keyFile, p12File] = [`${file}.crt`, `${file}.key`, `${file}.p12`];
      const p12Password = randomUUID();
      writeFileSync(join(dir, `${file}.ext`), san === undefined ? "" : `subjectAltName=${san}\n`);
      await run("req", ...KEY, "-keyout", keyFile, "-out", `${file}.csr`, "-subj", `/CN=${cn}`);
      const signed = ["-req", "-sha256", "-in", `${file}.csr`, ...ca, "-set_serial", serial(), ...DAYS];
      await run("x509", ...signed, "-extfile", `${file}.ext`, "-out", certFile);
      const packed = ["-export", "-in", certFile, "-inkey", keyFile, "-certfile", `${name}.crt`];
      await run("pkcs12", ...packed, "-out", p12File, "-passout", `pass:${p12Password}`);
      const at = (made: string): string => join(dir, made);
      return { certFile: at(certFile), keyFile: at(keyFile), p12File: at(p12File), p12Password, cn };
    },
  };
}

/** Given, because a serial file would be shared by certificates that are made at the same time. */
function serial(): string {
  return `0x${randomUUID().replaceAll("-", "")}`;
}
