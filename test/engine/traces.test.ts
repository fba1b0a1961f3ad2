import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { findAllInContainer, findValue } from "../../src/engine/traces.ts";
import { isPlain, Secret } from "../../src/model/secret.ts";

const findInContainer = (document: unknown, value: Secret, names: readonly string[] = []): string[] => [
  ...(findAllInContainer(document, [value], names)[0] ?? []),
];

describe("a value that stands where a name belongs", () => {
  const password = `${randomBytes(3).toString("hex")}!`;
  const value = Secret.of(password);
  const pasted = ["postgres://api:", password, "@db/api?sslmode=require"].join("");

  it("is found in a variable's name and in a label's key", () => {
    expect(findValue({ Config: { Env: [pasted, "LOG_LEVEL=info"] } }, value)).toEqual(["the names of Config.Env"]);
    expect(findValue({ Config: { Labels: { [password]: "yes" } } }, value)).toHaveLength(1);
  });

  it("is quoted by no place, also where the value beside it is found", () => {
    const document = {
      Config: { Env: [`${pasted}${password}`, `DB_PASSWORD=${password}`], Labels: { [`x.${password}`]: password } },
    };
    const found = findValue(document, value);
    expect(found).toContain("Config.Env.DB_PASSWORD");
    expect(found.join("\n")).not.toContain(password);
  });
});

describe("a plain word", () => {
  const plain = (text: string): boolean => isPlain(Secret.of(text));

  it("is one in quotes too, which a list of variables makes a part of the value", () => {
    expect([`admin`, `"admin"`, `'admin'`, `"1234"`, `""`].map(plain)).toEqual([true, true, true, true, true]);
    const other = randomBytes(6).toString("hex");
    expect([`"${other}x1"`, `"admin`, `admin"`, `"ad"min"`].map(plain)).toEqual([false, false, false, false]);
  });

  it("is a name with dashes too, in what an engine says of a container", () => {
    const Env = ["USER=my_app", "URL=db://my_app@db", "OTHER=my_application"];
    const document = { Config: { Env, Cmd: ["pg_isready -U my-app"] }, Mounts: [{ Name: "x_my_app" }] };
    expect(findInContainer(document, Secret.of("my_app"))).toEqual(["Config.Env.USER"]);
    expect(findValue(document, Secret.of("my_app"))).toContain("Mounts[0].Name");
    const root = { Config: { Env: ["DB_ROOT_PASSWORD=ROOT_PASSWORD"] }, Args: ["DB_ROOT_PASSWORD"] };
    expect(findInContainer(root, Secret.of("ROOT_PASSWORD"))).toEqual(["Config.Env.DB_ROOT_PASSWORD"]);
    // The names that the shim's script is called with are no values.
    const word = "password";
    const shim = (...words: string[]): object => ({ Args: ["/run/unsprawl/entrypoint", ...words] });
    const found = (...words: string[]): string[] => findInContainer(shim(...words), Secret.of(word), [word]);
    expect(found("OTHER", word, "--", "serve")).toEqual([]);
    expect(found(word, "--", "serve", word)).toEqual(["Args[4]"]);
    expect([found(word, "serve"), found("serve me", word, "--")].flat()).toHaveLength(2);
    expect(findInContainer(shim(word, "--"), Secret.of(word), ["OTHER"])).toHaveLength(1);
    expect(findInContainer({ Config: { Labels: { [`unsprawl.ref.${word}`]: "x" } } }, Secret.of(word))).toEqual([]);
    const template = { Config: { Env: ["API_SECRET=ChangeMe", "API_ID=ChangeMe", "NOTE=ChangeMeNot"] } };
    expect(findInContainer(template, Secret.of("ChangeMe"))).toEqual(["Config.Env.API_SECRET", "Config.Env.API_ID"]);
    const other = randomBytes(8).toString("hex");
    expect(findInContainer({ Mounts: [{ Name: `x_${other}` }] }, Secret.of(other))).toHaveLength(1);
  });

  it("is found where the whole text is the same, and the place stays", () => {
    const document = { Config: { Env: [`USERNAME="admin"`, `PASSWORD="admin"`, `TITLE=the "admin" page`, `X=admin`] } };
    expect(findValue(document, Secret.of(`"admin"`))).toEqual(["Config.Env.USERNAME", "Config.Env.PASSWORD"]);
  });
});
