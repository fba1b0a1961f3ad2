import { describe, expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// Code writes files of settings: strings of several lines hold names and values without quotes.

const V = `${makeKit(12).base62(14)}9aZ`;
const WEAK = ["hunter", "2x"].join("");
const WORD = ["choco", "late"].join("");
const YAML = `server:\n  port: 80\n  password: ${V}\n`;
const DOTENV = `DB_HOST=db\nDB_PASSWORD=${V}\n`;

/** Sources by path, in each of which V is the secret. */
const FOUND: readonly (readonly [path: string, text: string])[] = [
  ["main.go", `// don't\nconst c = \`\n${YAML}\``],
  ["main.go", `\tos.WriteFile(path, []byte(\`${DOTENV}\`), 0o600)`],
  ["app.py", `"""A module."""\nCONFIG = """\n[db]\npassword = ${V}\nhost = db\n"""`],
  ["app.py", `write(\n    '''\n${DOTENV}''')`],
  ["app.ts", `const c = \`\n\${head({ a: "}" })}\n${YAML}\`;`],
  ["app.js", `export default \`\nservices:\n  db:\n    environment:\n      - DB_PASSWORD=${V}\n\``],
  ["App.java", `String c = """\n    spring.datasource.username=sa\n    spring.datasource.password=${V}\n    """;`],
  ["App.kt", `val c = """\n${DOTENV}""".trimIndent()`],
  ["App.cs", `var c = @"\nsay ""hello""\n${YAML}";`],
  ["App.cs", `var c = """\n${DOTENV}""";`],
  ["app.rb", `conf = <<~YAML\n  production:\n    password: ${V}\nYAML\n`],
  ["app.php", `<?php\nfile_put_contents($file, <<<'EOT'\n${DOTENV}EOT);`],
  ["app.rs", `let c = r#"\n${DOTENV}"#;`],
  ["app.groovy", `def c = '''\n${YAML}'''`],
  ["main.tf", `  user_data = <<-EOF\n    #!/bin/bash\n    export DB_PASSWORD=${V}\n  EOF\n`],
];

/** Sources in which the same lines are a comment, a manual, a type, a template's, or no string at all. */
const SILENT: readonly (readonly [path: string, text: string])[] = [
  ["app.py", `def f():\n    """Reads.\n\n    password: ${WEAK}\n    """`],
  ["plugin.py", `EXAMPLES = r"""\n- hosts: all\n  password: ${WEAK}\n"""`],
  ["main.go", `var c = &cobra.Command{Long: \`Reads settings:\n  password: ${WEAK}\n\`}`],
  ["main.go", `var c = fmt.Sprintf(\`\npassword: %s\nuser: %s\n\`, p, u)`],
  ["app.ts", `const c = \`\n\${name}\npassword: \${password}\nuser: root\n\``],
  ["app.ts", `const q = gql\`\n  type User {\n    password: String\n    token: ID!\n  }\n\``],
  ["app.ts", `interface A {\n  password: string\n  token = token\n}\nconst s = \`\na\n\``],
  ["app.rb", `conf = <<~YAML\n  password: #{password}\nYAML\n`],
  ["app.py", `CONFIG = """\n{'password': {password}}\npassword: {password}\n"""`],
];

describe("Strings of several lines", () => {
  test.each(FOUND)("%s: %j", (path, text) => {
    expect(partsIn(path, text)).toEqual([V]);
    // The same as the only line of its string, and behind Windows' line ends.
    expect(partsIn(path, text.replaceAll("\n", "\r\n"))).toEqual([V]);
  });

  test("a weak password in a file of settings counts as it does in that file", () => {
    expect(partsIn("main.go", `const c = \`\nserver:\n  port: 80\n  password: ${WORD}\n\``)).toEqual([WORD]);
    expect(partsIn("main.go", `const c = \`Words of\nother kinds, and then\npassword: ${WORD}\n\``)).toEqual([]);
  });

  test.each(SILENT)("nothing in %s: %j", (path, text) => {
    expect(alarmsIn(path, text)).toEqual([]);
  });

  test("what only looks like a here-document hides no line behind it", () => {
    expect(partsIn("app.rb", `all << item\nfirst\nconf = <<~YAML\n${YAML}YAML\nitem\n`)).toEqual([V]);
  });

  test.each([
    ["a.ts", "const a = `\npassword: string\n`\n"],
    ["a.ts", "`${"],
    ["a.ts", '""'],
    ["a.ts", "'\\'"],
    ["a.rb", "x = <<A\n"],
    ["a.rb", "x=<<A"],
    ["a.rs", 'r########"'],
    ["a.py", '"""\n'],
  ])("%s with many of %j takes time that grows with its length", (path, piece) => {
    const begins = `password: ${WEAK}\n\`\nr"\n"`;
    expect(alarmsIn(path, begins + piece.repeat(900_000 / piece.length))).toEqual([]);
  });
});
