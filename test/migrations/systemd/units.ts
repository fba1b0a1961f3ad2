import { password } from "../files-world.ts";

/** A secret as it is written there. */
export const s = (name: string, written: string): string => `‹${name} ${written}›`;
export const SECRET = /‹(\w+) ([\s\S]*?)›/g;

export type Files = { readonly [file: string]: string };

/** Files around secrets (`‹NAME value›`); `¦` is where `unsprawl run` goes, and DIR the folder they are in. */
export const UNITS: readonly (readonly [title: string, files: () => Files])[] = [
  ["one assignment", () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", password())}`) })],
  [
    "several on a line",
    () => ({ "a.service": unit(`Environment=LOG=info DB_PASSWORD=${s("DB_PASSWORD", password())} TZ=UTC`) }),
  ],
  [
    "quotes around all",
    () => ({ "a.service": unit(`Environment="A=b c" "DB_PASSWORD=${s("DB_PASSWORD", password())}"`) }),
  ],
  ["single quotes", () => ({ "a.service": unit(`Environment='DB_PASSWORD=${s("DB_PASSWORD", password())}' B=1`) })],
  [
    "quotes behind the name",
    () => ({ "a.service": unit(`Environment=DB_PASSWORD="${s("DB_PASSWORD", password())}" B=1`) }),
  ],
  [
    "a percent sign",
    () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", `${password()}%%${password()}`)} N=%n`) }),
  ],
  [
    "a dollar sign",
    () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", `${password()}$HOME$$`)}`) }),
  ],
  [
    "escapes",
    () => ({
      "a.service": unit(`Environment="DB_PASSWORD=${s("DB_PASSWORD", `${password()}\\x41\\"\\s\\\\${password()}`)}"`),
    }),
  ],
  [
    "an octal escape",
    () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", `${password()}\\101`)}`) }),
  ],
  [
    "continued lines with comments between",
    () => ({
      "a.service": unit(
        `Environment=A=1 \\\n  # why\n  DB_PASSWORD=${s("DB_PASSWORD", password())} \\\n; not this\n\tB=2`,
      ),
    }),
  ],
  [
    "comments, blanks and order stay",
    () => ({
      "a.service": `# head\n;x\n\n${unit(`# one\nEnvironment = DB_PASSWORD=${s("DB_PASSWORD", password())}  \n\n# two\nEnvironment=B=1`)}# end`,
    }),
  ],
  [
    "CRLF",
    () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", password())}`).replaceAll("\n", "\r\n") }),
  ],
  [
    "several settings",
    () => ({
      "a.service": unit(
        `Environment=DB_PASSWORD=${s("DB_PASSWORD", password())}\nEnvironment=A=1\nEnvironment=API_TOKEN=${s("API_TOKEN", password())}`,
      ),
    }),
  ],
  [
    "a drop-in",
    () => ({
      "a.service": unit("Environment=A=1"),
      "a.service.d/10-db.conf": `[Service]\nEnvironment=DB_PASSWORD=${s("DB_PASSWORD", password())}\n`,
    }),
  ],
  [
    "a command that a drop-in replaces",
    () => ({
      "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", password())}`, "ExecStart=/usr/bin/old"),
      "a.service.d/x.conf": "[Service]\nExecStart=\nExecStart=¦/bin/true new\n",
    }),
  ],
  [
    "a file of variables",
    () => ({
      "a.service": unit("EnvironmentFile=DIR/a.env"),
      "a.env": `# x\n;y\nLOG = info \nDB_PASSWORD="${s("DB_PASSWORD", password())}"\nB='2'\n`,
    }),
  ],
  [
    "a file of variables without quotes, and one that may be missing",
    () => ({
      "a.service": unit("EnvironmentFile=-DIR/none.env\nEnvironmentFile=-DIR/a.env"),
      "a.env": `DB_PASSWORD=${s("DB_PASSWORD", password())}`,
    }),
  ],
  [
    "several lines in a file's quotes",
    () => ({
      "a.service": unit("EnvironmentFile=DIR/a.env"),
      "a.env": `A=1\nSIGNING_SECRET='${s("SIGNING_SECRET", `${password()}\n${password()}`)}'\nB=2\n`,
    }),
  ],
  [
    "commands before, after and to stop, but not a mere signal",
    () => ({
      "a.service": unit(
        `Environment=DB_PASSWORD=${s("DB_PASSWORD", password())}`,
        "ExecStartPre=-¦/bin/true pre\nExecStart=!¦/bin/true main \\\n  --port 80\nExecReload=/bin/kill -HUP $MAINPID\nExecStop=+¦/bin/true stop",
      ),
    }),
  ],
  [
    "an assignment that is taken back",
    () => ({
      "a.service": unit(`Environment=OLD=1\nEnvironment=\nEnvironment=DB_PASSWORD=${s("DB_PASSWORD", password())}`),
    }),
  ],
  ["a template", () => ({ "a@.service": unit(`Environment=I=%i DB_PASSWORD=${s("DB_PASSWORD", password())}`) })],
  [
    "letters beyond ASCII",
    () => ({ "a.service": unit(`# prêt 🔑\nEnvironment=A=ä🔑 DB_PASSWORD=${s("DB_PASSWORD", password())} B=密`) }),
  ],
  [
    "no final newline, and other sections with the same words",
    () => ({ "a.service": `[Service]\nExecStart=¦/bin/true\nEnvironment=DB_PASSWORD=${s("DB_PASSWORD", password())}` }),
  ],
];

export function unit(environment: string, commands = "ExecStart=¦/bin/true --port 80"): string {
  return `[Unit]\nDescription=An application\n\n[Service]\n${environment}\n${commands}\n\n[Install]\nWantedBy=multi-user.target\n`;
}
