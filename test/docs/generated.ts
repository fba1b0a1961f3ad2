import { formats } from "../../migrations/index.ts";
import { stores } from "../../providers/index.ts";
import { ACCEPTS, SOURCES } from "../../src/assembly/plug-ins.ts";
import { configJsonSchema } from "../../src/build/json-schema.ts";
import { EXITS } from "../../src/cli/reference.ts";
import { channels } from "../../src/notify/index.ts";
import { rotatorAbouts } from "../../src/rotators/index.ts";
import { keysAsMarkdown } from "../../src/tui/keymap.ts";
import { commandsReference, environmentTables } from "./commands-page.ts";
import { POLICIES, MIGRATORS } from "./policies.ts";
import { formOf, settingsTable, type SchemaNode } from "./schema-tables.ts";
import { claimTables } from "./store-claims.ts";
import { table } from "./tables.ts";

const REGION = /(<!-- generated: (\S+) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

/** The page with its generated regions as the code has them now. Throws for a region that nothing generates. */
export function withRegions(page: string, regions: ReadonlyMap<string, string>): string {
  return page.replace(REGION, (_, start: string, name: string, end: string) => {
    const text = regions.get(name);
    if (text === undefined) throw new Error(`nothing generates ${name}`);
    return `${start}\n${text}\n\n${end}`;
  });
}

/** The names of a page's generated regions. */
export function regionsOf(page: string): readonly string[] {
  return [...page.matchAll(REGION)].map(([, , name = ""]) => name);
}

/** Every generated region by its name. */
export async function generatedRegions(): Promise<ReadonlyMap<string, string>> {
  const { properties = {} } = (await configJsonSchema()) as SchemaNode;
  return new Map([
    ["keys", keysAsMarkdown()],
    [
      "exits",
      table(
        ["exit", "meaning"],
        EXITS.map(([code, meaning]) => [`${code}`, meaning]),
      ),
    ],
    ["commands", commandsReference()],
    ["environment", environmentTables()],
    ["sources", sourcesTable()],
    [
      "accept",
      table(
        ["word", "what it accepts"],
        [...ACCEPTS].map(([word, meaning]) => [`\`${word}\``, meaning]),
      ),
    ],
    ["configuration", configuration(properties)],
    ["channels", channelTables(properties)],
    ["rotators", rotatorsTable()],
    ["rotator-images", imagesTable()],
    ["store-claims", claimTables()],
    ...MIGRATORS.map(([store, language, policy]): [string, string] => [`${store}-migrator`, fenced(language, policy)]),
    ...(await storeRegions(properties)),
  ]);
}

function sourcesTable(): string {
  const rows = SOURCES.map(({ kind, usage, summary, layers }) => {
    const isRewritten = formats.some(({ source }) => source?.kind === kind);
    // What platforms start programs from is found by `dir:`, and some of it is rewritten.
    const moves = isRewritten ? "yes" : kind === "dir" ? "some files" : "";
    return [`[\`${usage}\`](${kind}.md)`, summary, layers === true ? "yes" : "", moves];
  });
  return table(
    ["source", "what it reads", "`--layers`", "`migrate`"],
    [...rows, ["[`STORE:[PATH]`](store.md)", "what a store holds", "", "yes"]],
  );
}

function rotatorsTable(): string {
  const both = { both: "yes", none: "no", application: "if its framework knows a list of old keys" } as const;
  const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ");
  return table(
    ["", "found by", "both accepted", "who may change it"],
    rotatorAbouts.map(({ title, schemes, names, overlap, needs, page }) => [
      `[${title}](${page})`,
      code([...schemes.map((one) => `${one}://`), ...names]),
      both[overlap],
      needs,
    ]),
  );
}

function imagesTable(): string {
  const rows = rotatorAbouts.flatMap(({ images }) =>
    images.flatMap(({ repositories, firstInit, read }) =>
      firstInit.map(({ variable, login }) => [
        repositories.map((one) => `\`${one}\``).join(", "),
        `\`${variable}\``,
        login.variable === null ? login.otherwise : `\`${login.variable}\``,
        read === "once" ? "at the first start" : "at each start",
      ]),
    ),
  );
  return table(["image", "variable", "whose", "read"], rows);
}

function configuration(properties: { readonly [key: string]: SchemaNode }): string {
  const elsewhere = ["stores", "notify"];
  const single = Object.entries(properties).filter(([, node]) => isPlain(node));
  const maps = Object.entries(properties).filter(([key, node]) => !isPlain(node) && !elsewhere.includes(key));
  return [
    settingsTable(Object.fromEntries(single)),
    ...maps.map(([key, node]) => `## \`${key}\`\n\n${settingsTable({ [key]: node })}`),
  ].join("\n\n");
}

const isPlain = ({ properties, additionalProperties, items }: SchemaNode): boolean =>
  properties === undefined && typeof additionalProperties !== "object" && items?.properties === undefined;

function channelTables(properties: { readonly [key: string]: SchemaNode }): string {
  return Object.keys(channels)
    .map((kind) => `### \`${kind}\`\n\n${settingsTable(formOf(properties["notify"], "kind", kind))}`)
    .join("\n\n");
}

async function storeRegions(properties: { readonly [key: string]: SchemaNode }): Promise<[string, string][]> {
  const all = stores.map(async ({ name, scheme }): Promise<[string, string][]> => {
    const policy = (await POLICIES[name]?.()) ?? never(name);
    return [
      [`${name}-settings`, settingsTable(formOf(properties["stores"], "provider", name))],
      [`${name}-policy`, fenced("", policy)],
      [`${name}-scheme`, `References begin with \`${scheme}://\`.`],
    ];
  });
  return (await Promise.all(all)).flat();
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

function never(name: string): never {
  throw new Error(`policies.ts has nothing for the store ${name}`);
}
