import { password } from "../files-world.ts";
import { unit, type Files } from "./units.ts";

export type RefusedUnit = readonly [
  title: string,
  files: (one: string) => Files,
  reason: string,
  more?: readonly string[],
];

export const plain = "ExecStart=/bin/true";

export const REFUSED: readonly RefusedUnit[] = [
  [
    "a specifier in the value",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}%i`, plain) }),
    "has a specifier",
  ],
  [
    "a value that goes on over lines",
    (one) => ({ "a.service": unit(`Environment="DB_PASSWORD=${one}\\\n${password()}"`, plain) }),
    "continues on another line",
  ],
  [
    "an assignment that a later one overrides",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}\nEnvironment=DB_PASSWORD=`, plain) }),
    "has no effect",
  ],
  [
    "an assignment that is taken back",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}\nEnvironment=`, plain) }),
    "has no effect",
  ],
  [
    "an argument",
    (one) => ({ "a.service": unit("", `ExecStart=/usr/bin/mysql --password=${one}`) }),
    "is in ExecStart, an argument that every user of the host can list",
  ],
  [
    "a docker run",
    (one) => ({ "a.service": unit("", `ExecStart=/usr/bin/docker run -e DB_PASSWORD=${one} busybox`) }),
    "is in ExecStart",
  ],
  [
    "a variable that is an argument",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}`, "ExecStart=/bin/true $DB_PASSWORD") }),
    "takes $DB_PASSWORD as an argument",
  ],
  [
    "the same, as a credential",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}`, "ExecStart=/bin/true ${DB_PASSWORD}") }),
    "takes $DB_PASSWORD as an argument",
    ["--deliver", "file"],
  ],
  [
    "no command in these files",
    (one) => ({ "a.service.d/x.conf": `[Service]\nEnvironment=DB_PASSWORD=${one}\n` }),
    "its ExecStart is not in these files",
  ],
  [
    "memory that may not be executed",
    (one) => ({ "a.service": unit(`MemoryDenyWriteExecute=yes\nEnvironment=DB_PASSWORD=${one}`, plain) }),
    "MemoryDenyWriteExecute= keeps",
  ],
  [
    "a root of its own",
    (one) => ({ "a.service": unit(`RootDirectory=/srv/root\nEnvironment=DB_PASSWORD=${one}`, plain) }),
    "RootDirectory= has no unsprawl in it",
  ],
  [
    "another name for the process",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}`, "ExecStart=@/bin/true other") }),
    "prefix @",
  ],
  [
    "several commands in one line",
    (one) => ({ "a.service": unit(`Type=oneshot\nEnvironment=DB_PASSWORD=${one}`, "ExecStart=/bin/true ; /bin/true") }),
    "one line has several commands",
  ],
  [
    "a file that another unit reads",
    (one) => ({
      "a.service": unit("EnvironmentFile=DIR/a.env", plain),
      "b.service": unit("EnvironmentFile=DIR/a.env", plain),
      "a.env": `DB_PASSWORD=${one}\n`,
    }),
    "is read by b.service too",
  ],
  [
    "NAME_FILE that is set already",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one} DB_PASSWORD_FILE=/x`, plain) }),
    "already sets DB_PASSWORD_FILE",
    ["--deliver", "file"],
  ],
  [
    "a comment with the value",
    (one) => ({ "a.service": unit(`# ${one}\nEnvironment=DB_PASSWORD=${one}`, plain) }),
    "also stands at",
  ],
];
