import type { DotenvDialect } from "../../../src/files/dotenv.ts";
import { password } from "../files-world.ts";

/** A file around secrets, each as `‹NAME value›` with the value as it is written there; the reference gets its quotes. */
type EnvFileCase = readonly [title: string, text: () => string, dialect?: DotenvDialect];

export const HIDDEN = /‹(\w+) (["']?)([\s\S]*?)›/g;
const secret = (name: string, written: string): string => `‹${name} ${written}›`;
const p = password;

export const CASES: readonly EnvFileCase[] = [
  ["a plain line", () => `DB_PASSWORD=${secret("DB_PASSWORD", p())}\n`],
  ["double quotes stay", () => `A=1\nDB_PASSWORD=${secret("DB_PASSWORD", `"${p()}"`)}\nB=2\n`],
  ["single quotes stay", () => `DB_PASSWORD=${secret("DB_PASSWORD", `'${p()}'`)}\n`],
  ["export stays", () => `export DB_PASSWORD=${secret("DB_PASSWORD", p())}\nexport  LOG_LEVEL=info\n`],
  ["a comment behind the value stays", () => `DB_PASSWORD=${secret("DB_PASSWORD", p())} # rotate in May\n`],
  ["a comment behind quotes stays", () => `DB_PASSWORD=${secret("DB_PASSWORD", `"${p()}"`)}   # rotate\n`],
  [
    "comments, empty lines and order stay",
    () => `# the shop\n\n\nZ=1\n#A=2\n  # indented\nDB_PASSWORD=${secret("DB_PASSWORD", p())}\n\n# end\nA=1\n\n`,
  ],
  ["CRLF stays", () => `A=1\r\nDB_PASSWORD=${secret("DB_PASSWORD", p())}\r\nB='2'\r\n`],
  ["mixed line ends stay", () => `A=1\r\nDB_PASSWORD=${secret("DB_PASSWORD", p())}\nB=2\r\n`],
  ["a byte order mark stays", () => `\ufeffDB_PASSWORD=${secret("DB_PASSWORD", p())}\nA=1\n`],
  ["no final newline stays none", () => `A=1\nDB_PASSWORD=${secret("DB_PASSWORD", p())}`],
  [
    "several lines in double quotes",
    () => `A=1\nSIGNING_SECRET=${secret("SIGNING_SECRET", `"${p()}${p()}\n${p()}\n"`)}\nB=2\n`,
  ],
  ["several lines in single quotes", () => `SIGNING_SECRET=${secret("SIGNING_SECRET", `'${p()}${p()}\n\n${p()}'`)}\n`],
  ["a dollar sign written twice", () => `DB_PASSWORD=${secret("DB_PASSWORD", `${p()}$$${p()}`)}\n`],
  ["a dollar sign in single quotes", () => `DB_PASSWORD=${secret("DB_PASSWORD", `'${p()}$HOME\${X}$$'`)}\n`],
  ["escapes in double quotes", () => `DB_PASSWORD=${secret("DB_PASSWORD", `"${p()}\\"\\n\\t\\\\\\$${p()}"`)} # x\n`],
  ["an octal escape", () => `DB_PASSWORD=${secret("DB_PASSWORD", `"${p()}\\0101${p()}"`)}\n`],
  ["NAME: VALUE", () => `DB_PASSWORD: ${secret("DB_PASSWORD", p())}\nA: 1\n`],
  ["indentation and blanks around", () => `  DB_PASSWORD =  ${secret("DB_PASSWORD", p())}  \n\tA = 1\n`],
  [
    "two entries on one line",
    () => `DB_PASSWORD=${secret("DB_PASSWORD", `"${p()}"`)} API_TOKEN=${secret("API_TOKEN", `'${p()}'`)}\n`,
  ],
  ["a number sign inside a value", () => `DB_PASSWORD=${secret("DB_PASSWORD", `${p()}#${p()}`)}\n`],
  ["an equals sign inside a value", () => `API_TOKEN=${secret("API_TOKEN", `${p()}==`)}\n`],
  ["letters beyond ASCII around it", () => `# prêt 密码\nA=ä\nDB_PASSWORD=${secret("DB_PASSWORD", p())}\nB=🔑\n`],
  ["a JSON document", () => `APP_CREDENTIALS=${secret("APP_CREDENTIALS", `'{"token":"${p()}${p()}"}'`)}\n`],
  ["empty values, bare names", () => `EMPTY=\nQUOTED=""\nHOME\nDB_PASSWORD=${secret("DB_PASSWORD", p())}\nPATH\n`],
  ["20 KiB", () => `LICENSE_SECRET=${secret("LICENSE_SECRET", Array.from({ length: 1000 }, p).join(""))}\n`],
  ["only docker can read it", () => `x*y=1\nDB_PASSWORD=${secret("DB_PASSWORD", `"${p()}`)}\nB= 2 \n`, "docker"],
];
