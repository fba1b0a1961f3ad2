import { configJsonSchema } from "./json-schema.ts";
import { heading } from "./man-pages.ts";
import { paragraphs, roff, section, tagged } from "./roff.ts";

type ConfigNode = {
  readonly description?: string;
  readonly const?: string;
  readonly properties?: { readonly [key: string]: ConfigNode };
  readonly additionalProperties?: ConfigNode | boolean;
  readonly anyOf?: readonly ConfigNode[];
  readonly items?: ConfigNode;
};

/** `unsprawl.yaml(5)`: every setting with its meaning, from the schema that reads them. */
export async function configPage(): Promise<string> {
  const { properties = {} } = (await configJsonSchema()) as ConfigNode;
  return [
    heading("unsprawl.yaml", 5),
    ...section("NAME", ["unsprawl.yaml \\- configuration of unsprawl"]),
    ...section("DESCRIPTION", paragraphs(DESCRIPTION)),
    ...Object.entries(properties).flatMap(([key, node]) => section(key, settings(key, node))),
    ...section(
      "EXAMPLES",
      EXAMPLES.flatMap((text, at) => [...(at > 0 ? [".PP"] : []), ".nf", ...text.split("\n").map(roff), ".fi"]),
    ),
    ...section("FILES", [
      ...tagged("./unsprawl.yaml", "The project's configuration."),
      ...tagged("$XDG_CONFIG_HOME/unsprawl/config.yaml", "Your own; the project's settings take precedence."),
      ...tagged("$XDG_CONFIG_HOME/unsprawl/trusted.json", "The folders whose files you have trusted."),
    ]),
    ...section("SEE ALSO", [
      roff("unsprawl(1), unsprawl-config(1), unsprawl-init(1), unsprawl-trust(1), unsprawl-stores(1)"),
    ]),
    "",
  ].join("\n");
}

const DESCRIPTION = `unsprawl reads unsprawl.yaml in the current folder and your own config.yaml; --config FILE replaces both. Flags take precedence over the environment, the environment over these files. An unknown key is an error.

Settings of unsprawl.yaml that name stores, hosts, channels or files, or that hide findings, apply only once you have trusted the file; see unsprawl-trust(1). No value belongs in it: credentials are in the environment, or in files that it names.`;

/** Made-up names and addresses. The tests read them as a configuration. */
export const EXAMPLES: readonly string[] = [
  `stores:
  prod:
    provider: vault
    address: https://vault.example.org:8200
    auth: { method: approle, roleIdFile: role-id, secretIdFile: secret-id }
failOn: critical
ignore:
  - name: DEMO_*
    reason: values of the demo`,
  `watch:
  sources: ["docker:"]
  every: 15m
  events: true
notify:
  team:
    kind: webhook
    urlFile: webhook-url
    on: [new, back, regressed]`,
];

function settings(key: string, node: ConfigNode): string[] {
  const meaning = node.const ?? node.description ?? "";
  const inside = inner(key, node).flatMap(([name, one]) => settings(name, one));
  return meaning === "" ? inside : [...tagged(key, `${meaning}.`), ...inside];
}

/** What a map, a list or a choice holds, each with its full name. */
function inner(key: string, node: ConfigNode): readonly (readonly [name: string, node: ConfigNode])[] {
  const { properties = {}, additionalProperties, anyOf = [], items } = node;
  return [
    ...Object.entries(properties).map(([name, one]) => [`${key}.${name}`, one] as const),
    ...(typeof additionalProperties === "object" ? [[`${key}.NAME`, additionalProperties] as const] : []),
    ...anyOf.filter((one) => one.properties !== undefined).map((one) => [key, one] as const),
    ...(items?.properties !== undefined || items?.anyOf !== undefined
      ? [[`${key}[]`, { ...items, description: "" }] as const]
      : []),
  ];
}
