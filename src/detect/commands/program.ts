/** What is said of one program. */

export type FlagKind =
  | "password" // the value is a password
  | "pair" // `user:password`
  | "percent" // `user%password`
  | "comma" // `user,password`
  | "semicolon" // `user;password`
  | "file" // `certificate:password`
  | "key" // the value is a key
  | "slash" // `user/password@place`
  | "name" // the value names a secret
  | "login" // `user:password@place`
  | "token" // the value is a token
  | "openssl" // `pass:…`, `env:…`, `file:…`
  | "community" // SNMP's, of which `public` and `private` are everyone's
  | "header" // `Name: value`
  | "cookie" // `name=value; name=value`
  | "assign"; // `NAME=value`

export type Program = {
  /** The flags mean this only when this word stands on the line: `docker login -p`, not `docker run -p`. */
  readonly when?: string;
  /** Flags whose value is the next word or stands behind `=`. */
  readonly flags?: { readonly [flag: string]: FlagKind };
  /** Flags that mean this only beside that word: `--value X --type SecureString`. */
  readonly beside?: { readonly [word: string]: { readonly [flag: string]: FlagKind } };
  /** Flags whose value is glued on: `-pSECRET`. */
  readonly glued?: { readonly [flag: string]: FlagKind };
  /** Short flags mean other things here: nothing is guessed from them. */
  readonly plain?: true;
  /** Its flags end at the command that it starts: `sshpass -p X ssh -p 22 …`. */
  readonly wraps?: true;
  /** Words that are secrets by their shape, wherever they stand. */
  readonly words?: readonly (readonly [RegExp, FlagKind])[];
  /** After these words, or pairs of words, the word at this distance holds a secret: `rabbitmqctl add_user NAME PASSWORD`. */
  readonly after?: { readonly [word: string]: readonly [distance: number, kind: FlagKind] };
};

export const flags = (list: { readonly [names: string]: FlagKind }): { readonly [flag: string]: FlagKind } =>
  Object.fromEntries(Object.entries(list).flatMap(([names, kind]) => names.split(" ").map((name) => [name, kind])));
