/**
 * `keywhiz`: Square's Keywhiz, through its automation API over mutual TLS. `wire` and `client` talk, `api` knows the
 * paths, `secrets` stores, `delivery` reads as an application does, `errors` reduces what went wrong.
 */
import type { Provider, ProviderModule, SubjectNames } from "../../src/contract/provider.ts";
import { countText } from "../../src/kit/text/count.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";
import { templateFor, unfillTemplate } from "../../src/stores-kit/names.ts";
import { automation } from "./api.ts";
import { keywhizClient } from "./client.ts";
import { deliveredNames, deliveredSecrets } from "./delivery.ts";
import { fixedPrefix, keyMaker, keywhizReference, parseKeywhizReference, subjectPrefix } from "./names.ts";
import { operatorCommands } from "./policy.ts";
import { issueReader } from "./reader.ts";
import { automationSecrets, HOLDS, type KeywhizSecrets } from "./secrets.ts";
import { KEYWHIZ, publicSettings, readSettings } from "./settings.ts";

const RETIRED =
  "Keywhiz has been retired upstream since September 2023; plan to leave it: unsprawl migrate keywhiz: --to STORE";

/** Whom it was reported to: each hears it once, and only when secrets are moved. */
const heard = new WeakSet<(text: string) => void>();

export const provider: ProviderModule = {
  provider: "keywhiz",
  settings: KEYWHIZ,
  template: "name",
  async open(name, config, context): Promise<Provider> {
    const settings = readSettings(config, context);
    const { url, name: template, delivery } = settings;
    const client = keywhizClient(settings, context.env);
    const api = automation(client, url);
    const open = (groups: readonly string[]): KeywhizSecrets =>
      delivery === "client" ? deliveredSecrets(client, url) : automationSecrets(client, api, { groups, url });
    const secrets = open(settings.groups);
    const tell = (): void => {
      if (context.say === undefined || heard.has(context.say)) return;
      heard.add(context.say);
      context.say(RETIRED);
    };
    const key = keyMaker(template);
    return {
      target: { name, provider: "keywhiz", settings: publicSettings(settings) },
      key,
      names: ({ path }) => unfillTemplate(template, path),
      reference: (of) => keywhizReference(of, url),
      parse: (reference) => parseKeywhizReference(reference, url),
      get: (of) => secrets.get(of),
      version: (of) => secrets.version(of),
      put: (...what) => {
        tell();
        return secrets.put(...what);
      },
      holds: async () => (delivery === "client" ? null : HOLDS),
      remove: (of, matches) => secrets.remove(of, matches),
      list: (what, omits) => {
        tell();
        return secrets.list(what === "" ? fixedPrefix(template) : what, omits);
      },
      policy: async (names) => operatorCommands(settings, names, await pathsOf(names, template, secrets)),
      // The probe is granted to no group, so no application ever sees it, and no group is created for it.
      check: () =>
        probeStore(
          { key, ...open([]) },
          {
            async reach() {
              await client.reach();
              return `${url}. ${RETIRED}`;
            },
            async authenticate() {
              if (delivery === "client")
                return `${countText((await deliveredNames(client, url)).length, "secret")} delivered to this client`;
              await api.listGroups();
              return "an automation client";
            },
            checkAndSet:
              "a second creation is refused; Keywhiz has no check-and-set, so a replacement is checked afterwards",
          },
        ),
      issueReader: () => issueReader(settings),
    };
  },
};

/** The secrets of a subject; commands that name none are correct too. */
async function pathsOf(names: SubjectNames, template: string, secrets: KeywhizSecrets): Promise<string[]> {
  const listed = await secrets.list(subjectPrefix(template, names)).catch((error: unknown) => {
    if (error instanceof UnsprawlError) return [];
    throw error;
  });
  // With a project in its name or without: `shop..db.A` and `db.A` are of two applications.
  const form = templateFor(template, names);
  return listed.flatMap(({ path }) => {
    const of = unfillTemplate(template, path);
    return of.subject === names.subject && templateFor(template, of) === form ? path : [];
  });
}
