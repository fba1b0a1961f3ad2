import { createHmac } from "node:crypto";
import type { ChannelKind } from "../contract/channel.ts";
import { batchId, batchJson } from "./batch.ts";
import { headersOf } from "./headers.ts";
import { addressOf, hostOf, post, tryConnection, secretsInAddress, warnIfPlain } from "./post.ts";
import { line, ChannelSettingsReader } from "./settings.ts";

const SETTINGS = {
  url: line("where to POST: https://…, or a ref+… reference"),
  urlFile: line("a file with the address, when that is a secret"),
  secret: line("the key of the signature, as a ref+… reference"),
  secretFile: line("a file with the key of the signature"),
  headersFile: line("a file with more headers, one a line: Name: value"),
  caFile: line("your certificate authority, PEM"),
};

/**
 * POST of `{"version":1,"batch":ID,"changes":[…]}`. With a key, `X-Unsprawl-Signature: sha256=HEX` is the HMAC-SHA256
 * of `TIMESTAMP.BODY`, where `X-Unsprawl-Timestamp` is in seconds: a receiver recomputes it and refuses old requests.
 * `Idempotency-Key` is the batch's id.
 */
export const webhook: ChannelKind = {
  settings: SETTINGS,
  open(given, tools) {
    const settings = new ChannelSettingsReader(SETTINGS, given, tools);
    const plain = settings.text("url");
    const open = plain !== null && !plain.startsWith("ref+") && settings.file("urlFile") === null;
    const address = open ? async () => plain : settings.held("url", secretsInAddress);
    if (address === null) throw settings.wrong("url", "is missing", "add url: https://…, or urlFile");
    const secretive = !open || settings.file("headersFile") !== null;
    const urlOf = async (): Promise<URL> => {
      const url = addressOf(await address(), settings, "url");
      return secretive ? warnIfPlain(url, given.name, tools.warn) : url;
    };
    const known = open ? hostOf(addressOf(plain, settings, "url")) : "a webhook";
    const [key, ca, more] = [settings.held("secret"), settings.authority(), headersOf(settings)];
    const line = () => ({ env: tools.env, ca: ca(), name: given.name });
    return {
      name: given.name,
      goesTo: known,
      most: 100,
      async send(batch, signal) {
        const body = batchJson(batch);
        const stamp = String(Math.floor(tools.now().getTime() / 1000));
        const headers = {
          ...(await more()),
          "Idempotency-Key": batchId(batch),
          "X-Unsprawl-Timestamp": stamp,
          ...(key !== null && { "X-Unsprawl-Signature": `sha256=${signed(await key(), `${stamp}.${body}`)}` }),
        };
        await post({ url: await urlOf(), headers, body }, line(), signal);
      },
      async probe(signal) {
        await Promise.all([key?.(), more()]);
        return tryConnection(await urlOf(), line(), signal);
      },
    };
  },
};

function signed(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}
