import { cmd } from "../../../src/kit/shell.ts";
import type { Platform } from "./platform.ts";

/** Source: docs.portainer.io, "Build and host your own app templates". */
export const portainer: Platform = {
  name: "portainer",
  what: "a Portainer template",
  path: /\.json$/,
  signs: [['"env"'], ['"title"'], ['"image"', '"repository"']],
  environments: ["default", "value", "set"].flatMap((value) =>
    ["templates/*/env", "*/env"].map((at) => ({ at, form: { name: "name", value } })),
  ),
  exposure: "anyone who can read the template list",
  stays: ({ name }) => ({
    reason: "is the default of a Portainer template, so every deployment has the same",
    hint: cmd`take "default" out of ${name}: Portainer then asks for it`,
  }),
};

/** Source: caprover.com/docs/one-click-apps. */
export const caprover: Platform = {
  name: "caprover",
  what: "a CapRover one-click app",
  path: /\.(?:ya?ml|json)$/,
  signs: [["caproverOneClickApp"]],
  environments: [
    { at: "services/*/environment", form: "map" },
    { at: "caproverOneClickApp/variables", form: { name: "id", value: "defaultValue" } },
  ],
  exposure: "anyone who can read the app's file",
  stays: ({ name, of }) => ({
    reason: "is written into a CapRover app, so every installation has the same",
    hint: of.startsWith("caprover")
      ? cmd`write defaultValue: $$cap_gen_random_hex(32) for ${name}, or take it out: CapRover then asks for it`
      : cmd`add a variable with defaultValue: $$cap_gen_random_hex(32), and write its id as the value of ${name}`,
  }),
};

/** Source: CasaOS-AppStore, CONTRIBUTING.md: a Compose file with `x-casaos`. */
export const casaos: Platform = {
  name: "casaos",
  what: "a CasaOS app",
  path: /\.ya?ml$/,
  signs: [["x-casaos"]],
  environments: [
    { at: "services/*/environment", form: "map" },
    { at: "services/*/environment", form: "words" },
  ],
  exposure: "anyone who can read the app's file",
  stays: (_, file) => ({
    reason: "is in a CasaOS app, which is a Compose file",
    hint: cmd`unsprawl plan compose:${file} --to STORE`,
  }),
};

/** Source: docs.dokploy.com, "Templates": `[variables]`, and helpers such as `${password:32}`. */
export const dokploy: Platform = {
  name: "dokploy",
  what: "a Dokploy template",
  path: /(?:^|\/)template\.toml$/,
  signs: [["[config", "[variables"]],
  environments: [
    { at: "variables", form: "map" },
    { at: "config/env", form: "map" },
    { at: "config/env", form: "words" },
  ],
  exposure: "anyone who can read the template",
  stays: ({ name }) => ({
    reason: "is written into a Dokploy template, so every deployment has the same",
    hint: cmd`write $\{password:32} as the value of ${name}`,
  }),
};
