import { describe, expect, it } from "vitest";
import { literalIn, withoutLiterals } from "../../src/files/words/literal-places.ts";
import { literal, type Word } from "../../src/files/words/shell-text.ts";
import { Secret } from "../../src/model/secret.ts";

const VALUE = "Zk39xQ0aBv";

describe("the variable for a secret in words is named by the option before it", () => {
  const nameOf = (command: string | readonly string[], part = VALUE): string | null => {
    const text = typeof command === "string" ? command : JSON.stringify(command);
    return literalIn(Secret.of(text), Secret.of(part))?.name ?? null;
  };

  it.each<[string | readonly string[], string | null]>([
    [["redis-server", "--requirepass", VALUE], "REQUIREPASS"],
    [["redis-server", `--requirepass=${VALUE}`], "REQUIREPASS"],
    [["/usr/bin/redis-cli", "-a", VALUE, "ping"], "REDIS_CLI_PASSWORD"],
    [["CMD", "mysqladmin", "ping", `-p${VALUE}`], "MYSQLADMIN_PASSWORD"],
    [["CMD-SHELL", `mysqladmin ping -u root -p${VALUE} || exit 1`], "MYSQLADMIN_PASSWORD"],
    [["sh", "-c", `exec redis-server --requirepass '${VALUE}' --port 1`], "REQUIREPASS"],
    [`start --masterkey "${VALUE}" --tls`, "MASTERKEY"],
    [["env", `DB_PASS=${VALUE}`, "app"], "DB_PASS"],
    [["code", "--password", VALUE], "CODE_PASSWORD"],
    [["--token", VALUE], "COMMAND_TOKEN"],
    [["sh", "-c", `mc alias set s http://s:9000 minio ${VALUE}; mc mb s/x`], "MC_PASSWORD"],
    // No variable of the system: a name that says secret.
    [["app", "--path", VALUE], "PATH_SECRET"],
    [["app", `--db.uri=postgres://u:${VALUE}@db/x`], "DB_URI_PASSWORD"],
    [["polipo", `authCredentials=u:${VALUE}`], "AUTHCREDENTIALS_PASSWORD"],
    // Only a piece of what stands there.
    [["app", "--id", `x${VALUE}y`], null],
    [["app", "other"], null],
  ])("%j", (command, name) => {
    expect(nameOf(command)).toBe(name);
  });

  it("and is all that the option takes, although detection saw the beginning", () => {
    const found = literalIn(Secret.of(JSON.stringify(["x", "--requirepass", `${VALUE}$x "y`])), Secret.of(VALUE));
    expect(found?.value.equals(Secret.of(`${VALUE}$x "y`))).toBe(true);
  });
});

describe("a value's places in words", () => {
  const split = (texts: readonly string[], value: string, isOfWords = true): readonly string[] => {
    const words: readonly Word[] = texts.map((text) => [text]);
    const made = withoutLiterals(words, [{ name: "X", value, isOfWords }]);
    expect(made.map((word) => word.map(literal).join(""))).toEqual(texts);
    return made.map((word) =>
      word.map((part) => (typeof part === "object" && "name" in part ? "$X" : literal(part))).join(""),
    );
  };

  it("are all of them, for one that cannot be there by coincidence", () => {
    const texts = ["a", `--pass=${VALUE}`, `http://u:${VALUE}@h/${VALUE}`];
    expect(split(texts, VALUE)).toEqual(["a", "--pass=$X", "http://u:$X@h/$X"]);
    expect(split(texts, VALUE, false)).toEqual(split(texts, VALUE));
  });

  it("is the one that an option takes, for a plain word", () => {
    expect(split(["mysqladmin", "-uadmin", "-padmin"], "admin")).toEqual(["mysqladmin", "-uadmin", "-p$X"]);
    expect(split(["CMD-SHELL", "mysqladmin -u admin -padmin || exit 1"], "admin").at(-1)).toBe(
      "mysqladmin -u admin -p$X || exit 1",
    );
    expect(split(["polipo", "authCredentials=admin:admin"], "admin")).toEqual(["polipo", "authCredentials=admin:$X"]);
    expect(split(["x", "--pass", "admin", "--old-pass", "admin"], "admin")).toContain("admin");
    expect(split(["sh", "-c", "sleep 1; mc alias set s http://s:9000 admin admin; exit"], "admin").at(-1)).toBe(
      "sleep 1; mc alias set s http://s:9000 admin $X; exit",
    );
    expect(split(["mc", "alias", "set", "s", "http://s:9000", "admin", "admin"], "admin").slice(-2)).toEqual([
      "admin",
      "$X",
    ]);
    expect(split(["sh", "-c", "rabbitmqctl add_user admin admin"], "admin").at(-1)).toBe(
      "rabbitmqctl add_user admin $X",
    );
    expect(split(["CMD-SHELL", "sqlplus -S admin/admin@localhost/admin"], "admin").at(-1)).toBe(
      "sqlplus -S admin/$X@localhost/admin",
    );
    // A variable that has it is another matter.
    expect(split(["x", "--pass", "admin"], "admin", false)).toEqual(["x", "--pass", "admin"]);
  });
});
