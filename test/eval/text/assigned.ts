import type { Random } from "../tools/random.ts";

/** Writes a variable as lines of a file; null where the value cannot stand there. */
export type Writer = (random: Random, name: string, value: string) => string | null;

const oneLine = (value: string): boolean => !/[\n\r]/.test(value);
const double = (value: string): string => `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
const single = (value: string): string => `'${value.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;
const shell = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
const plainWord = (value: string): boolean => /^[\w@%+=:,./~^-]+$/.test(value);
const xml = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** `DB_PASSWORD` as `dbPassword`. */
const camel = (name: string): string =>
  name.toLowerCase().replace(/[_.-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const upperCamel = (name: string): string => camel(name).replace(/^[a-z]/, (letter) => letter.toUpperCase());
const lower = (name: string): string => name.toLowerCase();
const dotted = (name: string): string => name.toLowerCase().replaceAll("_", ".");
const dashed = (name: string): string => name.toLowerCase().replaceAll("_", "-");
/** YAML's plain scalars, and quotes for the rest. */
const yaml = (random: Random, value: string): string =>
  /^[A-Za-z0-9/+][\w./+@-]*$/.test(value) && !/^[\d.eE+-]+$|^(?:yes|no|on|off|true|false|null)$/i.test(value)
    ? random.pick([value, double(value), value])
    : random.pick([double(value), value.includes("\n") ? double(value) : `'${value.replaceAll("'", "''")}'`]);

const one =
  (forms: (random: Random, name: string, value: string) => readonly string[]): Writer =>
  (random, name, value) => {
    const written = oneLine(value) ? forms(random, name, value) : [];
    return written.length === 0 ? null : random.pick(written);
  };

/** What a column of a table is called: nobody keeps the options of a program there. */
const COLUMN = /(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|TOKEN|(?:API|ACCESS|SECRET|PRIVATE)_?KEY|MNEMONIC|PIN)$/;

export const ASSIGNED: { readonly [kind: string]: Writer } = {
  dotenv: (random, name, value) => {
    if (plainWord(value)) return random.pick([`${name}=${value}`, `${name}="${value}"`, `export ${name}=${value}`]);
    return value.includes("$") ? (oneLine(value) ? `${name}='${value}'` : null) : `${name}=${double(value)}`;
  },
  environment: one((_, name, value) =>
    plainWord(value) ? [`${name}=${value}`, `${name}="${value}"`] : [`${name}=${shell(value)}`],
  ),
  shell: one((_, name, value) => [
    `export ${name}=${plainWord(value) ? value : shell(value)}`,
    `${name}=${shell(value)}`,
    `  ${name}=${shell(value)} ./run.sh --once`,
    `readonly ${name}=${shell(value)}`,
    `cat > /etc/app.env <<EOF\n${name}=${value}\nEOF`,
    `declare -x ${name}=${plainWord(value) ? `"${value}"` : shell(value)}`,
  ]),
  history: one((_, name, value) => [`export ${name}=${shell(value)}`, `${name}=${shell(value)} docker compose up -d`]),
  makefile: one((_, name, value) =>
    /[#$\\]/.test(value)
      ? [`\t${name}=${shell(value.replaceAll("$", "$$$$"))} ./deploy.sh`]
      : [
          `${name} := ${value}`,
          `${name} ?= ${value}`,
          `export ${name} = ${value}`,
          `\t${name}=${shell(value)} ./deploy.sh`,
        ],
  ),
  dockerfile: one((_, name, value) => {
    const text = double(value).replaceAll("$", "\\$");
    return [
      `ENV ${name}=${text}`,
      `ARG ${name}=${text}`,
      `ENV TZ=UTC \\\n    ${name}=${text}`,
      `ENV ${name} ${value.replaceAll("$", "\\$")}`,
    ];
  }),
  php: (random, name, value) =>
    random.pick([
      `define('${name}', ${single(value)});`,
      `define( '${name}', ${single(value)} );`,
      `    '${lower(name)}' => ${single(value)},`,
      `$${camel(name)} = ${single(value)};`,
      `    const ${name} = ${single(value)};`,
      `$config['${lower(name)}'] = ${single(value)};`,
      `putenv(${single(`${name}=${value}`)});`,
    ]),
  python: (random, name, value) =>
    random.pick([
      `${name} = ${double(value)}`,
      `os.environ["${name}"] = ${double(value)}`,
      `    "${lower(name)}": ${double(value)},`,
      `    ${lower(name)}=${single(value)},`,
      `app.config["${name}"] = ${single(value)}`,
      `${name}: str = ${double(value)}`,
      `os.environ.setdefault("${name}", ${double(value)})`,
    ]),
  javascript: (random, name, value) =>
    random.pick([
      `const ${camel(name)} = ${single(value)};`,
      `  ${camel(name)}: ${single(value)},`,
      `process.env.${name} = ${double(value)};`,
      `export const ${name} = ${double(value)};`,
      `  "${lower(name)}": ${double(value)},`,
      `const ${name} = process.env.${name} || ${single(value)};`,
      `  ${name}: ${single(value)},`,
    ]),
  properties: one((_, name, value) => {
    const text = value.replaceAll("\\", "\\\\");
    return [
      `${dotted(name)}=${text}`,
      `${dotted(name)} = ${text}`,
      `${dotted(name)}: ${text}`,
      `${camel(name)}=${text}`,
    ];
  }),
  ini: one((_, name, value) => [
    ...(/[#;"]|^['\s]/.test(value) ? [] : [`${lower(name)} = ${value}`, `${lower(name)}=${value}`]),
    `${lower(name)} = ${double(value)}`,
  ]),
  xml: one((_, name, value) => [
    `    <${camel(name)}>${xml(value)}</${camel(name)}>`,
    `    <property name="${dotted(name)}" value="${xml(value)}"/>`,
    `    <add key="${upperCamel(name)}" value="${xml(value)}" />`,
    `    <entry key="${dotted(name)}">${xml(value)}</entry>`,
    `    <env name="${name}" value="${xml(value)}"/>`,
    `    <Environment value="${xml(value)}" name="${name}" type="java.lang.String"/>`,
  ]),
  yaml: (random, name, value) =>
    random.pick([
      `  ${camel(name)}: ${yaml(random, value)}`,
      `  ${lower(name)}: ${yaml(random, value)}`,
      `${dashed(name)}: ${yaml(random, value)}`,
      `  ${name}: ${yaml(random, value)}`,
    ]),
  compose: (random, name, value) => {
    const text = value.replaceAll("$", "$$$$");
    return random.pick([
      `      ${name}: ${yaml(random, text)}`,
      oneLine(value)
        ? `      - ${plainWord(text) ? `${name}=${text}` : double(`${name}=${text}`)}`
        : `      ${name}: ${double(text)}`,
    ]);
  },
  go: (random, name, value) =>
    random.pick([
      `\t${camel(name)} = ${double(value)}`,
      `const ${camel(name)} = ${double(value)}`,
      `\t\t${upperCamel(name)}: ${double(value)},`,
      `\tos.Setenv("${name}", ${double(value)})`,
      `\t${camel(name)} := ${double(value)}`,
      value.includes("`") ? `var ${camel(name)} = ${double(value)}` : `var ${camel(name)} = \`${value}\``,
    ]),
  ruby: (random, name, value) =>
    random.pick([
      `ENV['${name}'] = ${single(value)}`,
      `ENV["${name}"] ||= ${double(value)}`,
      `  ${lower(name)}: ${single(value)},`,
      `  :${lower(name)} => ${single(value)},`,
      `config.${lower(name)} = ${single(value)}`,
      `${name} = ${single(value)}.freeze`,
    ]),
  terraform: (random, name, value) =>
    random.pick([
      `${lower(name)} = ${double(value)}`,
      `  ${lower(name)}    = ${double(value)}`,
      `variable "${lower(name)}" {\n  type    = string\n  default = ${double(value)}\n}`,
      `    { name = "${name}", value = ${double(value)} },`,
      `    ${name} = ${double(value)}`,
    ]),
  kubernetes: (random, name, value) =>
    random.pick([
      `            - name: ${name}\n              value: ${yaml(random, value)}`,
      `            - name: "${name}"\n              value: ${double(value)}`,
      `            - { name: ${name}, value: ${double(value)} }`,
      `            - value: ${double(value)}\n              name: ${name}`,
    ]),
  ecs: (random, name, value) =>
    random.pick([
      `        { "name": "${name}", "value": ${JSON.stringify(value)} },`,
      `        {\n          "name": "${name}",\n          "value": ${JSON.stringify(value)}\n        },`,
      `        { "value": ${JSON.stringify(value)}, "name": "${name}" },`,
    ]),
  json: (random, name, value) =>
    random.pick([
      `    "${name}": ${JSON.stringify(value)},`,
      `    "${camel(name)}": ${JSON.stringify(value)},`,
      `    "${upperCamel(name)}": ${JSON.stringify(value)},`,
      `    "${dashed(name)}":${JSON.stringify(value)},`,
    ]),
  jenkinsfile: (random, name, value) =>
    random.pick([
      `        ${name} = ${single(value)}`,
      `    environment { ${name} = ${double(value)} }`,
      `                withEnv([${single(`${name}=${value}`)}]) {\n                }`,
      `def ${camel(name)} = ${single(value)}`,
      `        env.${name} = ${double(value)}`,
    ]),
  java: (random, name, value) =>
    random.pick([
      `    private static final String ${name} = ${double(value)};`,
      `    String ${camel(name)} = ${double(value)};`,
      `        config.set${upperCamel(name)}(${double(value)});`,
      `        props.setProperty("${dotted(name)}", ${double(value)});`,
      `        env.put("${name}", ${double(value)});`,
      `    const val ${name} = ${double(value)}`,
      `        .${camel(name)}(${double(value)})`,
    ]),
  rust: (random, name, value) =>
    random.pick([
      `const ${name}: &str = ${double(value)};`,
      `static ${name}: &'static str = ${double(value)};`,
      `    let ${lower(name)} = ${double(value)};`,
      `        ${lower(name)}: ${double(value)}.to_string(),`,
      `    let ${lower(name)} = String::from(${double(value)});`,
      `    let value = env::var("${name}").unwrap_or(${double(value)}.to_string());`,
    ]),
  kotlin: (random, name, value) =>
    value.includes("$")
      ? null
      : random.pick([
          `val ${camel(name)} = ${double(value)}`,
          `    private val ${camel(name)}: String = ${double(value)}`,
          `    "${lower(name)}" to ${double(value)},`,
          `val ${camel(name)} = System.getenv("${name}") ?: ${double(value)}`,
        ]),
  list: (random, name, value) =>
    /[#;"\n\r]|^['\s]/.test(value)
      ? null
      : random.pick([`${lower(name)}: ${value}`, `${lower(name)}=${value}`, `${name} = ${value}`]),
  notebook: (random, name, value) => {
    const line = random.pick([
      `${name} = ${double(value)}`,
      `os.environ["${name}"] = ${double(value)}`,
      `client = connect(${lower(name)}=${single(value)})`,
    ]);
    return `    ${JSON.stringify(`${line}\n`)},`;
  },
  table: one((random, name, value) => {
    if (!COLUMN.test(name)) return [];
    const mark = random.pick([",", ";", "\t"]);
    const cell = /[",;\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    return [`host${mark}${lower(name)}\ndb1${mark}${cell}`];
  }),
  directives: one((_, name, value) =>
    /["\\$]/.test(value) ? [] : [`SetEnv ${name} "${value}"`, `    fastcgi_param ${name} "${value}";`],
  ),
  rows: one((_, name, value) => {
    if (!COLUMN.test(name)) return [];
    const text = value.replaceAll("\\", "\\\\").replaceAll("'", "''");
    return [
      `INSERT INTO app (id, ${lower(name)}) VALUES (1, '${text}');`,
      `INSERT INTO app (${lower(name)}, created) VALUES\n('${text}', '2024-05-01');`,
    ];
  }),
  workflow: (random, name, value) => `          ${name}: ${yaml(random, value)}`,
  markdown: one((_, name, value) => [
    `export ${name}=${shell(value)}`,
    `${name}=${plainWord(value) ? value : double(value)}`,
  ]),
};
